using TcpShell.Wire;

namespace TcpShell.Scripting;

// Packets: TCP, UDP and ICMP, with what is said of the headers around them.
internal sealed partial class ScriptParser
{
    private PacketEvent ParsePacket()
    {
        ScriptToken direction = _current;
        bool isInbound = direction.IsSymbol('<');
        Advance();
        var tunnels = new List<ScriptTunnelHeader>();
        while (_current.Kind == ScriptTokenKind.Word && _current.Text is "ipv4" or "ipv6" or "gre" or "GREv0" or "mpls")
        {
            tunnels.Add(ParseTunnel());
        }

        ScriptIpFields? ip = ParseIpFields(isInbound);
        if (TryTakeWord("icmp"))
        {
            return ParseIcmp() with { IsInbound = isInbound, Tunnels = tunnels, Ip = ip };
        }

        if (TryTakeWord("udp"))
        {
            return ParseUdp() with { IsInbound = isInbound, Tunnels = tunnels, Ip = ip };
        }

        TcpPacketEvent packet = ParseTcp() with { IsInbound = isInbound, Tunnels = tunnels, Ip = ip };
        if (isInbound && packet.Window is null)
        {
            throw Wrong(direction, "an inbound TCP packet needs its window: win N.");
        }

        if (isInbound && packet.Options is null)
        {
            throw Wrong(direction, "an inbound TCP packet needs its options; <...> is only for outbound packets.");
        }

        return packet;
    }

    /// <summary>A header around the packet. It is kept as its words: what it says matters only to who sends or compares it.</summary>
    private ScriptTunnelHeader ParseTunnel()
    {
        string protocol = _current.Text;
        var words = new List<string>();
        Advance();
        while (!_current.IsSymbol(':'))
        {
            if (_current.Kind is not (ScriptTokenKind.Word or ScriptTokenKind.Integer or ScriptTokenKind.HexInteger or ScriptTokenKind.Address)
                && !(_current.Kind == ScriptTokenKind.Symbol && "()[]<>,=".Contains(_current.Text)))
            {
                throw Expected($"':' at the end of the {protocol} header");
            }

            words.Add(_current.Text);
            Advance();
        }

        Advance();
        return new ScriptTunnelHeader(protocol, string.Join(' ', words));
    }

    private ScriptIpFields? ParseIpFields(bool isInbound)
    {
        char close;
        if (TryTake('['))
        {
            close = ']';
        }
        else if (TryTake('('))
        {
            close = ')';
        }
        else
        {
            return null;
        }

        var fields = new ScriptIpFields();
        do
        {
            fields = ParseIpField(fields, isInbound);
        }
        while (TryTake(','));
        Take(close);
        return fields;
    }

    private ScriptIpFields ParseIpField(ScriptIpFields fields, bool isInbound)
    {
        ScriptToken name = TakeKind(ScriptTokenKind.Word, "noecn, ect0, ect1, ect01, ce, tos, flowlabel or ttl");
        switch (name.Text)
        {
            case "noecn":
                return fields with { Ecn = Ecn.NotEct };
            case "ect0":
                return fields with { Ecn = Ecn.Ect0 };
            case "ect1":
                return fields with { Ecn = Ecn.Ect1 };
            case "ce":
                return fields with { Ecn = Ecn.Ce };
            case "ect01":
                return isInbound ? throw Wrong(name, "ect01 is only for outbound packets.") : fields with { AnyEct = true };
            case "tos":
                return fields with { TrafficClass = (byte)TakeHexNumber("the octet of DSCP and ECN", byte.MaxValue) };
            case "flowlabel":
                return fields with { FlowLabel = (int)TakeHexNumber("a flow label", 0xfffff) };
            case "ttl":
                return fields with { TimeToLive = (byte)TakeNumber("a time to live", byte.MaxValue) };
            default:
                throw Wrong(name, $"expected noecn, ect0, ect1, ect01, ce, tos, flowlabel or ttl, but found {name}.");
        }
    }

    private TcpPacketEvent ParseTcp()
    {
        uint? index = null;
        if (TryTakeWord("encap"))
        {
            TakeWord("psp");
            TakeWord("spi");
            index = _current.Kind == ScriptTokenKind.HexInteger
                ? TakeHexNumber("a security parameter index", uint.MaxValue)
                : TakeNumber("a security parameter index");
        }

        (ushort, ushort)? ports = ParsePorts();
        (TcpFlags flags, bool hasAce) = ParseFlags();
        (uint sequence, int length) = ParseRange();
        return new TcpPacketEvent
        {
            Time = default,
            IsInbound = false,
            PspIndex = index,
            Ports = ports,
            Flags = flags,
            HasAce = hasAce,
            Sequence = sequence,
            PayloadLength = length,
            Acknowledgment = TryTakeWord("ack") ? TakeNumber("an acknowledgment number") : null,
            Window = TryTakeWord("win") ? (ushort)TakeNumber("a window", ushort.MaxValue) : null,
            UrgentPointer = TryTakeWord("urg") ? (ushort)TakeNumber("an urgent pointer", ushort.MaxValue) : default,
            Options = ParseTcpOptions(),
        };
    }

    private (ushort Source, ushort Destination)? ParsePorts()
    {
        if (_current.Kind != ScriptTokenKind.Integer)
        {
            return null;
        }

        var source = (ushort)TakeNumber("a port", ushort.MaxValue);
        Take('>');
        return (source, (ushort)TakeNumber("a port", ushort.MaxValue));
    }

    private (TcpFlags Flags, bool HasAce) ParseFlags()
    {
        const string What = "control bits (letters of FSRPUEWA, then a dot for ACK; - for none)";
        if (TryTake('-'))
        {
            return (TcpFlags.None, false);
        }

        ScriptToken start = _current;
        var flags = TcpFlags.None;
        if (TryTake(ScriptTokenKind.Word, out ScriptToken letters))
        {
            foreach (char letter in letters.Text)
            {
                TcpFlags flag = ScriptNotation.Letters.FirstOrDefault(entry => entry.Letter == letter).Flag;
                flags |= flag != TcpFlags.None ? flag : throw Wrong(letters, $"expected {What}, but found {letters}.");
            }
        }

        if (TryTake('.'))
        {
            return (flags | TcpFlags.ACK, false);
        }

        // The dot and the digit of an ACE field look like a decimal number.
        if (_current is { Kind: ScriptTokenKind.Decimal, Text: ['.', >= '0' and <= '7' and var digit] })
        {
            if (flags.HasAny(TcpFlags.AE | TcpFlags.CWR | TcpFlags.ECE))
            {
                throw Wrong(start, "an ACE number and the letters E, W and A say the same bits; use one of them.");
            }

            Advance();
            return (flags | TcpFlags.ACK | ScriptNotation.FromAce(digit - '0'), true);
        }

        return flags != TcpFlags.None ? (flags, false) : throw Expected(What);
    }

    private (uint Sequence, int Length) ParseRange()
    {
        ScriptToken first = _current;
        uint start = TakeNumber("a sequence number");
        Take(':');
        uint end = TakeNumber("a sequence number");
        Take('(');
        int length = (int)TakeNumber("a number of octets", ushort.MaxValue);
        Take(')');
        return end == unchecked(start + (uint)length)
            ? (start, length)
            : throw Wrong(first, $"{start}:{end}({length}) does not add up: {start} and {length} octets make {unchecked(start + (uint)length)}.");
    }

    private UdpPacketEvent ParseUdp()
    {
        (ushort, ushort)? ports = ParsePorts();
        Take('(');
        int length = (int)TakeNumber("a number of octets", ushort.MaxValue);
        Take(')');
        return new UdpPacketEvent { Time = default, IsInbound = false, Ports = ports, PayloadLength = length };
    }

    private IcmpPacketEvent ParseIcmp()
    {
        ScriptToken type = TakeKind(ScriptTokenKind.Word, "an ICMP type such as unreachable");
        if (!IcmpWords.IsType(type.Text))
        {
            throw Wrong(type, $"expected an ICMP type such as unreachable or type_3, but found {type}.");
        }

        string? code = null;
        if (_current.Kind == ScriptTokenKind.Word && _current.Text is not ("mtu" or "id"))
        {
            if (!IcmpWords.IsCode(type.Text, _current.Text))
            {
                throw Expected($"a code of ICMP {type.Text} such as code_4, mtu, id or [");
            }

            code = _current.Text;
            Advance();
        }

        uint? mtu = TryTakeWord("mtu") ? TakeNumber("an MTU") : null;
        ushort? identifier = TryTakeWord("id") ? (ushort)TakeNumber("an identifier", ushort.MaxValue) : null;
        var packet = new IcmpPacketEvent
        {
            Time = default,
            IsInbound = false,
            Type = type.Text,
            Code = code,
            NextHopMtu = mtu,
            Identifier = identifier,
        };
        return TryTake('[') ? ParseQuote(packet) : packet;
    }

    private IcmpPacketEvent ParseQuote(IcmpPacketEvent packet)
    {
        IcmpQuote quote = TryTakeWord("udp") ? IcmpQuote.Udp : TryTakeWord("raw") ? IcmpQuote.Raw : IcmpQuote.Tcp;
        uint sequence = 0;
        int length;
        if (quote == IcmpQuote.Tcp)
        {
            (sequence, length) = ParseRange();
        }
        else
        {
            Take('(');
            length = (int)TakeNumber("a number of octets", ushort.MaxValue);
            Take(')');
        }

        Take(']');
        return packet with { Quote = quote, QuotedSequence = sequence, QuotedLength = length };
    }
}
