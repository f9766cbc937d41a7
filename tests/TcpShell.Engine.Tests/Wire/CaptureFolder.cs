using System.Buffers.Binary;
using System.IO.Compression;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

/// <summary>A frame of a capture file.</summary>
internal readonly record struct CapturedFrame(ReadOnlyMemory<byte> Octets, int OriginalLength);

/// <summary>
/// Captures of other projects with what TShark says about them, where they are at hand: a folder shared/captures beside the repository.
/// </summary>
internal static class CaptureFolder
{
    /// <summary>The folder; null where there is none.</summary>
    public static string? Path { get; } = Find();

    /// <summary>The rows of index.csv as name to value.</summary>
    public static IEnumerable<IReadOnlyDictionary<string, string>> ReadIndex()
    {
        // The columns that may hold commas within quotes are the last ones; nothing here needs them.
        string[] lines = File.ReadAllLines(System.IO.Path.Combine(Path!, "index.csv"));
        string[] names = lines[0].Split(',');
        foreach (string line in lines.Skip(1))
        {
            string[] values = line.Split(',');
            yield return names.Zip(values).ToDictionary(pair => pair.First, pair => pair.Second);
        }
    }

    /// <summary>Reads a classic pcap file with microseconds, in either byte order, gzipped or not.</summary>
    public static (LinkType LinkType, List<CapturedFrame> Frames) ReadPcap(string path)
    {
        byte[] octets = File.ReadAllBytes(path);
        if (octets is [0x1f, 0x8b, ..])
        {
            using var unzipped = new MemoryStream();
            using var zipped = new GZipStream(new MemoryStream(octets), CompressionMode.Decompress);
            zipped.CopyTo(unzipped);
            octets = unzipped.ToArray();
        }

        const uint Magic = 0xa1b2c3d4;
        bool isBigEndian = BinaryPrimitives.ReadUInt32BigEndian(octets) == Magic;
        Assert.True(isBigEndian || BinaryPrimitives.ReadUInt32LittleEndian(octets) == Magic, $"{path} is no classic pcap.");
        var frames = new List<CapturedFrame>();
        int position = 24;
        while (position + 16 <= octets.Length)
        {
            // Some files lie about their last frame, on purpose; what is there counts.
            int captured = (int)Math.Min((uint)ReadInt32(position + 8), octets.Length - position - 16);
            int original = (int)Math.Min((uint)ReadInt32(position + 12), int.MaxValue);
            frames.Add(new(octets.AsMemory(position + 16, captured), original));
            position += 16 + captured;
        }

        return ((LinkType)ReadInt32(20), frames);

        int ReadInt32(int offset) => isBigEndian
            ? BinaryPrimitives.ReadInt32BigEndian(octets.AsSpan(offset))
            : BinaryPrimitives.ReadInt32LittleEndian(octets.AsSpan(offset));
    }

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
        {
            string captures = System.IO.Path.Combine(folder.FullName, "shared", "captures");
            if (File.Exists(System.IO.Path.Combine(captures, "index.csv")))
            {
                return captures;
            }
        }

        return null;
    }
}
