using System.Globalization;
using System.Text;
using TcpShell.Wire;

namespace TcpShell.Scripting;

/// <summary>What a packet of a script says of its IP header. What is null is not compared, and is 0 (or the default) in an inbound packet.</summary>
public sealed record ScriptIpFields
{
    /// <summary>The two ECN bits; null if not stated.</summary>
    public Ecn? Ecn { get; init; }

    /// <summary>Either of ECT(0) and ECT(1) will do; for outbound packets.</summary>
    public bool AnyEct { get; init; }

    /// <summary>The whole octet of DSCP and ECN; null if not stated.</summary>
    public byte? TrafficClass { get; init; }

    /// <summary>IPv6's flow label, 20 bits; null if not stated.</summary>
    public int? FlowLabel { get; init; }

    /// <summary>Time to live, or hop limit; null if not stated.</summary>
    public byte? TimeToLive { get; init; }

    /// <summary>As it is written in a script: <c>[ect0]</c>, <c>[tos 0x4]</c>.</summary>
    public override string ToString()
    {
        var parts = new List<string>(2);
        if (AnyEct || Ecn is not null)
        {
            parts.Add(AnyEct ? "ect01" : ScriptNotation.Ecn(Ecn!.Value));
        }

        if (TrafficClass is { } trafficClass)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"tos 0x{trafficClass:x}"));
        }

        if (FlowLabel is { } label)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"flowlabel 0x{label:x}"));
        }

        if (TimeToLive is { } timeToLive)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"ttl {timeToLive}"));
        }

        return $"[{string.Join(", ", parts)}]";
    }
}

/// <summary>A header around the packet's own: <c>ipv4 10.0.0.1 &gt; 10.0.0.2:</c>, <c>gre:</c>, <c>mpls ...:</c>.</summary>
/// <param name="Protocol">ipv4, ipv6, gre or mpls.</param>
/// <param name="Fields">What stands between the protocol and the colon.</param>
public sealed record ScriptTunnelHeader(string Protocol, string Fields)
{
    /// <summary>As it is written in a script.</summary>
    public override string ToString() => Fields == "" ? $"{Protocol}:" : $"{Protocol} {Fields} :";
}

/// <summary>A packet that comes from the other end, or that must leave the TCP under test.</summary>
public abstract record PacketEvent : ScriptEvent
{
    /// <inheritdoc/>
    public override ScriptEventKind Kind => IsInbound ? ScriptEventKind.InboundPacket : ScriptEventKind.OutboundPacket;

    /// <summary>Whether it comes from the other end.</summary>
    public required bool IsInbound { get; init; }

    /// <summary>Headers around it, the outermost first.</summary>
    public IReadOnlyList<ScriptTunnelHeader> Tunnels { get; init; } = [];

    /// <summary>What is said of its IP header; null for nothing.</summary>
    public ScriptIpFields? Ip { get; init; }

    internal override void AppendTo(StringBuilder text)
    {
        text.Append(IsInbound ? '<' : '>').Append(' ');
        foreach (ScriptTunnelHeader tunnel in Tunnels)
        {
            text.Append(tunnel).Append(' ');
        }

        if (Ip is not null)
        {
            text.Append(Ip).Append(' ');
        }

        AppendPayloadTo(text);
    }

    private protected abstract void AppendPayloadTo(StringBuilder text);
}

/// <summary>A TCP segment.</summary>
public sealed record TcpPacketEvent : PacketEvent
{
    /// <summary>The security parameter index of a PSP header around it; null for none.</summary>
    public uint? PspIndex { get; init; }

    /// <summary>Both ports where they are stated, the sender's first; else null.</summary>
    public (ushort Source, ushort Destination)? Ports { get; init; }

    /// <summary>The control bits.</summary>
    public TcpFlags Flags { get; init; }

    /// <summary>Whether AE, CWR and ECE were written as one number of three bits (RFC 9768's ACE field).</summary>
    public bool HasAce { get; init; }

    /// <summary>The sequence number: relative to the initial one, except in a SYN.</summary>
    public uint Sequence { get; init; }

    /// <summary>Octets of data.</summary>
    public int PayloadLength { get; init; }

    /// <summary>The acknowledgment number; null where none is written, which counts as 0.</summary>
    public uint? Acknowledgment { get; init; }

    /// <summary>The window field, not scaled; null where any will do.</summary>
    public ushort? Window { get; init; }

    /// <summary>The urgent pointer.</summary>
    public ushort UrgentPointer { get; init; }

    /// <summary>The options in their order; null where any will do.</summary>
    public IReadOnlyList<TcpOption>? Options { get; init; } = [];

    private protected override void AppendPayloadTo(StringBuilder text)
    {
        if (PspIndex is { } index)
        {
            text.Append(CultureInfo.InvariantCulture, $"encap psp spi {index} ");
        }

        if (Ports is { } ports)
        {
            text.Append(CultureInfo.InvariantCulture, $"{ports.Source} > {ports.Destination} ");
        }

        text.Append(ScriptNotation.Flags(Flags, HasAce)).Append(' ').Append(ScriptNotation.Range(Sequence, PayloadLength));
        if (Acknowledgment is { } acknowledgment)
        {
            text.Append(CultureInfo.InvariantCulture, $" ack {acknowledgment}");
        }

        if (Window is { } window)
        {
            text.Append(CultureInfo.InvariantCulture, $" win {window}");
        }

        if (UrgentPointer != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" urg {UrgentPointer}");
        }

        if (Options is null)
        {
            text.Append(" <...>");
        }
        else if (Options.Count > 0)
        {
            text.Append(" <").AppendJoin(',', Options.Select(ScriptNotation.Option)).Append('>');
        }
    }
}

/// <summary>A UDP datagram.</summary>
public sealed record UdpPacketEvent : PacketEvent
{
    /// <summary>Both ports where they are stated, the sender's first; else null.</summary>
    public (ushort Source, ushort Destination)? Ports { get; init; }

    /// <summary>Octets of data.</summary>
    public int PayloadLength { get; init; }

    private protected override void AppendPayloadTo(StringBuilder text)
    {
        text.Append("udp ");
        if (Ports is { } ports)
        {
            text.Append(CultureInfo.InvariantCulture, $"{ports.Source} > {ports.Destination} ");
        }

        text.Append(CultureInfo.InvariantCulture, $"({PayloadLength})");
    }
}

/// <summary>What an ICMP message says of the packet that it is about.</summary>
public enum IcmpQuote
{
    /// <summary>Nothing: the connection's last segment will do.</summary>
    None,

    /// <summary>A TCP segment with this sequence number and so much data.</summary>
    Tcp,

    /// <summary>A UDP datagram with so much data.</summary>
    Udp,

    /// <summary>So many octets.</summary>
    Raw,
}

/// <summary>An ICMP message about a packet.</summary>
public sealed record IcmpPacketEvent : PacketEvent
{
    /// <summary>The type's name: <c>unreachable</c>, <c>time_exceeded</c>, <c>packet_too_big</c>, <c>type_3</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The code's name: <c>frag_needed</c>, <c>code_4</c>; null for code 0.</summary>
    public string? Code { get; init; }

    /// <summary>The largest packet of the next hop, in octets; null where none is stated.</summary>
    public uint? NextHopMtu { get; init; }

    /// <summary>The identifier of an echo; null where none is stated.</summary>
    public ushort? Identifier { get; init; }

    /// <summary>What packet is quoted.</summary>
    public IcmpQuote Quote { get; init; }

    /// <summary>The sequence number in the quoted TCP header.</summary>
    public uint QuotedSequence { get; init; }

    /// <summary>Octets of data of the quoted packet.</summary>
    public int QuotedLength { get; init; }

    private protected override void AppendPayloadTo(StringBuilder text)
    {
        text.Append("icmp ").Append(Type);
        if (Code is not null)
        {
            text.Append(' ').Append(Code);
        }

        if (NextHopMtu is { } mtu)
        {
            text.Append(CultureInfo.InvariantCulture, $" mtu {mtu}");
        }

        if (Identifier is { } identifier)
        {
            text.Append(CultureInfo.InvariantCulture, $" id {identifier}");
        }

        switch (Quote)
        {
            case IcmpQuote.Tcp:
                text.Append(" [").Append(ScriptNotation.Range(QuotedSequence, QuotedLength)).Append(']');
                break;
            case IcmpQuote.Udp:
                text.Append(CultureInfo.InvariantCulture, $" [udp ({QuotedLength})]");
                break;
            case IcmpQuote.Raw:
                text.Append(CultureInfo.InvariantCulture, $" [raw ({QuotedLength})]");
                break;
        }
    }
}
