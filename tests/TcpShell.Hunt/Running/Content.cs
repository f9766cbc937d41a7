using TcpShell.Simulation;

namespace TcpShell.Hunt.Running;

/// <summary>What users send: each octet follows from its stream and its place in it, so that whoever sees it can judge it.</summary>
internal static class Content
{
    // A prime, so that no shift by a buffer size or a window goes unseen.
    private const int Period = 65_521;

    // Where each stream begins, so that no two begin alike.
    private const int StreamStep = 9973;

    private static readonly byte[] s_octets = Make();

    /// <summary>Writes the octets of a stream from an offset on.</summary>
    public static void Fill(int stream, long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<byte> octets = From(stream, offset);
            int count = Math.Min(octets.Length, destination.Length);
            octets[..count].CopyTo(destination);
            destination = destination[count..];
            offset += count;
        }
    }

    /// <summary>Whether these are the octets of a stream from an offset on.</summary>
    public static bool Matches(int stream, long offset, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            ReadOnlySpan<byte> octets = From(stream, offset);
            int count = Math.Min(octets.Length, data.Length);
            if (!octets[..count].SequenceEqual(data[..count]))
            {
                return false;
            }

            data = data[count..];
            offset += count;
        }

        return true;
    }

    private static ReadOnlySpan<byte> From(int stream, long offset) => s_octets.AsSpan((int)(((long)stream * StreamStep + offset) % Period));

    private static byte[] Make()
    {
        byte[] octets = new byte[Period];
        new SeededRandom(1, "content").Fill(octets);
        return octets;
    }
}
