using System.Globalization;
using TcpShell.Pcap.Analysis;
using TcpShell.Tcp;

namespace TcpShell.Pcap.Tables;

/// <summary>
/// A conversation as plain data, without anything that only its own process can know: what another process, another machine or a database makes
/// of a <see cref="TcpConversation"/>. Its properties are those of the conversation; in a table each is a column.
/// </summary>
public sealed record ConversationData
{
    /// <summary>The machines on which its captures were read, divided by semicolons.</summary>
    [From("ComputerName")]
    public string Host { get; init; } = "";

    /// <summary>The captures that it is in, divided by semicolons.</summary>
    [From("Files")]
    public string File { get; init; } = "";

    /// <summary>Its number in its capture, as Wireshark's tcp.stream; of several captures, in the first.</summary>
    public int Stream { get; init; }

    /// <summary>From how many pieces it was merged; 1 for one that is as it was captured.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>When its first segment was captured.</summary>
    public Timestamp Start { get; init; }

    /// <summary>When its last segment was captured.</summary>
    public Timestamp End { get; init; }

    /// <summary>From the first segment to the last.</summary>
    public TimeSpan Duration => End - Start;

    /// <summary>The number of its first frame in its capture, from 1.</summary>
    public long FirstFrame { get; init; }

    /// <summary>The number of its last frame.</summary>
    public long LastFrame { get; init; }

    /// <summary>What tells which end is the client.</summary>
    public RoleEvidence RolesFrom { get; init; }

    /// <summary>What of a whole connection was seen, with Wireshark's bits.</summary>
    public ConversationCompleteness Completeness { get; init; }

    /// <summary>How it ended.</summary>
    public ConversationEnding Ended { get; init; }

    /// <summary>The client's state at the end; null if nothing showed it.</summary>
    public TcpState? ClientState { get; init; }

    /// <summary>The server's state at the end; null if nothing showed it.</summary>
    public TcpState? ServerState { get; init; }

    /// <summary>The round trip of the handshake; null if it was not seen whole.</summary>
    public TimeSpan? HandshakeRtt { get; init; }

    /// <summary>The server's part of it: from the client's last SYN to the server's answer.</summary>
    public TimeSpan? ServerRtt { get; init; }

    /// <summary>conn_state as Zeek's conn.log has it.</summary>
    public string ZeekState { get; init; } = "";

    /// <summary>The history as Zeek's conn.log has it.</summary>
    public string ZeekHistory { get; init; } = "";

    /// <summary>Segments of both ends.</summary>
    public long Packets => Client.Packets + Server.Packets;

    /// <summary>Octets of data of both ends, repeated ones included.</summary>
    public long Bytes => Client.Bytes + Server.Bytes;

    /// <summary>Retransmissions of both ends, of all kinds, as Wireshark counts them.</summary>
    public int Retransmissions => Client.Retransmissions + Server.Retransmissions;

    /// <summary>Segments of both ends that bring nothing new.</summary>
    public int RepeatedSegments => Client.RepeatedSegments + Server.RepeatedSegments;

    /// <summary>First fragments of IP packets that belong to it.</summary>
    public int Fragments { get; init; }

    /// <summary>Segments whose header lies about its own length.</summary>
    public int Malformed { get; init; }

    /// <summary>ICMP errors about its segments.</summary>
    public int IcmpErrors { get; init; }

    /// <summary>The end that opened the connection.</summary>
    public ConversationSideData Client { get; init; } = new();

    /// <summary>The end that was called.</summary>
    public ConversationSideData Server { get; init; } = new();

    /// <summary>When the segment of each letter of <see cref="ZeekHistory"/> was captured: nanoseconds since <see cref="Start"/>, divided by semicolons; empty if that is not known.</summary>
    public string ZeekHistoryTimes { get; init; } = "";

    /// <summary>The same as plain data.</summary>
    /// <param name="conversation">A conversation of an analysis.</param>
    public static ConversationData From(TcpConversation conversation) => PlainCopy<TcpConversation, ConversationData>.Of(conversation);

    /// <summary><c>3: 10.0.0.1:49152 -&gt; 10.0.0.2:80, 12 packets, 3400 bytes, ClosedByClient</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Stream}: {Client} -> {Server}, {Packets} packets, {Bytes} bytes, {Ended}");
}
