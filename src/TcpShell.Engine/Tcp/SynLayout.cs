using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>The options of a SYN in an order of one's own: see <see cref="TcpSettings.SynOptionLayout"/>.</summary>
internal static class SynLayout
{
    private static readonly string[] s_options = ["mss", "sackOK", "TS", "wscale"];

    /// <summary>Whether a layout names each option once, nothing unknown, and fits in a header.</summary>
    public static bool IsComplete(string layout)
    {
        string[] words = Words(layout);
        string[] options = [.. words.Where(word => word != "nop")];
        return options.Length == s_options.Length && s_options.All(options.Contains) && words.Sum(Size) <= TcpOptions.MaximumSize;
    }

    /// <summary>The octets of the options, those that are not offered left out.</summary>
    public static byte[] Write(string layout, in TcpOptions options)
    {
        var octets = new List<byte>(TcpOptions.MaximumSize);
        foreach (string word in Words(layout))
        {
            switch (word)
            {
                case "nop":
                    octets.Add((byte)TcpOptionKind.NoOperation);
                    break;
                case "mss" when options.MaximumSegmentSize is { } mss:
                    octets.AddRange([(byte)TcpOptionKind.MaximumSegmentSize, 4, (byte)(mss >> 8), (byte)mss]);
                    break;
                case "sackOK" when options.SackPermitted:
                    octets.AddRange([(byte)TcpOptionKind.SackPermitted, 2]);
                    break;
                case "wscale" when options.WindowScale is { } shift:
                    octets.AddRange([(byte)TcpOptionKind.WindowScale, 3, shift]);
                    break;
                case "TS" when options.Timestamps is { } timestamps:
                    octets.AddRange([(byte)TcpOptionKind.Timestamps, 10, .. Octets(timestamps.Value), .. Octets(timestamps.EchoReply)]);
                    break;
            }
        }

        if (options.UserTimeout is { } timeout && octets.Count + 4 <= TcpOptions.MaximumSize)
        {
            octets.AddRange([(byte)TcpOptionKind.UserTimeout, 4, (byte)(timeout >> 8), (byte)timeout]);
        }

        while (octets.Count % 4 != 0)
        {
            octets.Add((byte)TcpOptionKind.EndOfList);
        }

        return [.. octets];
    }

    private static string[] Words(string layout) => layout.Split(',', StringSplitOptions.TrimEntries);

    private static int Size(string word) => word switch
    {
        "mss" => 4,
        "sackOK" => 2,
        "wscale" => 3,
        "TS" => 10,
        _ => 1,
    };

    private static byte[] Octets(uint value)
    {
        var octets = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, value);
        return octets;
    }
}
