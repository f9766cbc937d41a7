using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Scripting;

// The options of a TCP packet, straight to what stands on the wire.
internal sealed partial class ScriptParser
{
    private List<TcpOption>? ParseTcpOptions()
    {
        var options = new List<TcpOption>();
        ScriptToken start = _current;
        if (!TryTake('<'))
        {
            return options;
        }

        if (TryTake(ScriptTokenKind.Ellipsis, out _))
        {
            Take('>');
            return null;
        }

        int size = 0;
        do
        {
            TcpOption option = ParseTcpOption();
            options.Add(option);
            size += option.Kind is TcpOptionKind.EndOfList or TcpOptionKind.NoOperation ? 1 : 2 + option.Data.Length;
            if (size > TcpOptions.MaximumSize)
            {
                throw Wrong(start, $"a TCP header has room for {TcpOptions.MaximumSize} octets of options; these are more.");
            }
        }
        while (TryTake(','));
        Take('>');
        return size % 4 == 0
            ? options
            : throw Wrong(start, $"the options take {size} octets, which is no multiple of 4: pad them with nop or eol.");
    }

    private TcpOption ParseTcpOption()
    {
        ScriptToken name = TakeKind(ScriptTokenKind.Word, "a TCP option");
        switch (name.Text)
        {
            case "nop":
                return new(TcpOptionKind.NoOperation, default);
            case "eol":
                return new(TcpOptionKind.EndOfList, default);
            case "mss":
                return new(TcpOptionKind.MaximumSegmentSize, Octets(TakeNumber("an MSS", ushort.MaxValue), 2));
            case "wscale":
                return new(TcpOptionKind.WindowScale, Octets(TakeNumber("a shift count", byte.MaxValue), 1));
            case "sackOK":
                return new(TcpOptionKind.SackPermitted, default);
            case "sack":
                return new(TcpOptionKind.Sack, ParseSackBlocks());
            case "TS":
                TakeWord("val");
                byte[] value = Octets(TakeNumber("a timestamp"), 4);
                TakeWord("ecr");
                return new(TcpOptionKind.Timestamps, (byte[])[.. value, .. Octets(TakeNumber("a timestamp"), 4)]);
            case "md5":
                return new(TcpOptionKind.Md5Signature, TakeHexOctets() ?? throw Expected("the digest as hexadecimal digits"));
            case "FO":
                return new(TcpOptionKind.FastOpenCookie, TakeHexOctets() ?? []);
            case "FOEXP":
                return new(ScriptNotation.Experiment, (byte[])[.. Octets(ScriptNotation.FastOpenExperiment, 2), .. TakeHexOctets() ?? []]);
            case "ECN":
                return ParseAccurateEcn();
            default:
                throw Wrong(name, $"expected a TCP option (mss, sackOK, TS, nop, wscale, sack, eol, md5, FO, FOEXP, ECN), but found {name}.");
        }
    }

    private byte[] ParseSackBlocks()
    {
        var blocks = new List<byte>();
        do
        {
            blocks.AddRange(Octets(TakeNumber("the first sequence number of a block"), 4));
            Take(':');
            blocks.AddRange(Octets(TakeNumber("the sequence number after a block"), 4));
        }
        while (_current.Kind == ScriptTokenKind.Integer && blocks.Count < TcpOptions.MaximumSize);
        return [.. blocks];
    }

    private TcpOption ParseAccurateEcn()
    {
        bool startsWithEct0 = TryTakeWord("e0b");
        if (!startsWithEct0)
        {
            TakeWord("e1b");
        }

        var counters = new List<byte>(TakeCounter());
        if (TryTakeWord("ceb"))
        {
            counters.AddRange(TakeCounter());
            if (TryTakeWord(startsWithEct0 ? "e1b" : "e0b"))
            {
                counters.AddRange(TakeCounter());
            }
        }

        return new(startsWithEct0 ? ScriptNotation.AccurateEcn0 : ScriptNotation.AccurateEcn1, counters.ToArray());
    }

    private byte[] TakeCounter() => Octets(TakeNumber("a counter of octets", 0xffffff), 3);

    /// <summary>Hexadecimal digits: a cookie or a digest.</summary>
    /// <returns>The octets; null where the option ends here.</returns>
    private byte[]? TakeHexOctets()
    {
        ScriptToken digits = _current;
        if (digits.Kind is not (ScriptTokenKind.Word or ScriptTokenKind.Integer))
        {
            return null;
        }

        if (digits.Text.Length % 2 != 0 || digits.Text.Length > 2 * TcpOptions.MaximumSize || !digits.Text.All(char.IsAsciiHexDigit))
        {
            throw Expected("an even number of hexadecimal digits, at most 80, or a word that is defined to be that");
        }

        Advance();
        return Convert.FromHexString(digits.Text);
    }

    /// <summary>The low octets of a number in network order.</summary>
    private static byte[] Octets(uint value, int count)
    {
        Span<byte> octets = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, value);
        return octets[(4 - count)..].ToArray();
    }
}
