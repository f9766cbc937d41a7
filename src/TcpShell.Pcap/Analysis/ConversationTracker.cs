using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>Sorts the frames of a capture into TCP conversations, as they come. No data is kept, only what is known of each conversation.</summary>
/// <remarks>
/// <para>Conversations are told apart by addresses and ports; a SYN with another initial sequence number than the end used before
/// starts a new one (Wireshark's "port numbers reused"). VLANs are not told apart.</para>
/// <para>The states of both ends are replayed through the transition table of the engine. A change is noted when a segment shows it:
/// a user's call with the segment that it makes the end send, the arrival of a SYN or a FIN with the end's acknowledgment, the arrival
/// of an ACK or a reset when it passes. So an end whose peer's FIN got lost is not taken for closed.</para>
/// </remarks>
public sealed class ConversationTracker
{
    private const int WellKnownPorts = 1024;

    private readonly Dictionary<(Endpoint, Endpoint), TcpConversation> _latest = [];
    private readonly List<TcpConversation> _conversations = [];

    /// <summary>All conversations so far, by <see cref="TcpConversation.Stream"/>.</summary>
    public IReadOnlyList<TcpConversation> Conversations => _conversations;

    /// <summary>Frames added.</summary>
    public long Frames { get; private set; }

    /// <summary>Frames with a TCP segment, each of them in a conversation.</summary>
    public long Segments { get; private set; }

    /// <summary>Frames with a fragment of an IP packet with TCP. Fragments are not put together: their segments are missing in the conversations.</summary>
    public long Fragments { get; private set; }

    /// <summary>Frames that are cut or have lengths that cannot be.</summary>
    public long Malformed { get; private set; }

    /// <summary>Frames with a link type that is not known.</summary>
    public long Unsupported { get; private set; }

    /// <summary>Adds a frame of a capture.</summary>
    /// <param name="frame">The frame; its data is not kept.</param>
    /// <returns>The conversation that it belongs to; null if it is no TCP segment.</returns>
    public TcpConversation? Add(in CapturedFrame frame) => Add(frame, out _);

    /// <summary>Adds a frame of a capture.</summary>
    /// <param name="frame">The frame; its data is not kept.</param>
    /// <param name="packet">What is in it; valid as long as the frame's data.</param>
    /// <returns>The conversation that it belongs to; null if it is no TCP segment.</returns>
    public TcpConversation? Add(in CapturedFrame frame, out DecodedPacket packet)
    {
        packet = PacketDecoder.Decode(frame.Data, frame.LinkType, (int)Math.Min(frame.OriginalLength, int.MaxValue));
        return Add(frame.Timestamp, packet);
    }

    /// <summary>Adds a packet that was decoded already.</summary>
    /// <param name="time">When it was seen.</param>
    /// <param name="packet">The packet; nothing of it is kept.</param>
    /// <returns>The conversation that it belongs to; null if it is no TCP segment.</returns>
    public TcpConversation? Add(Timestamp time, in DecodedPacket packet)
    {
        Frames++;
        switch (packet.Status)
        {
            case PacketStatus.Tcp:
                Segments++;
                TcpConversation conversation = FindOrStart(time, packet);
                conversation.Add(time, packet);
                return conversation;
            case PacketStatus.Fragment:
                Fragments++;
                break;
            case PacketStatus.Malformed:
                Malformed++;
                break;
            case PacketStatus.NotTcp when packet.Problem == DecodeProblem.LinkTypeUnsupported:
                Unsupported++;
                break;
        }

        return NoteBeside(packet);
    }

    /// <summary>What is not a segment of a conversation may still be about one.</summary>
    private TcpConversation? NoteBeside(in DecodedPacket packet)
    {
        bool hasPorts = packet.Status is PacketStatus.Fragment or PacketStatus.Malformed or PacketStatus.IcmpError && packet.Segment.SourcePort != 0;
        if (!hasPorts || !_latest.TryGetValue(KeyOf(packet), out TcpConversation? conversation))
        {
            return null;
        }

        conversation.Fragments += packet.Status == PacketStatus.Fragment ? 1 : 0;
        conversation.Malformed += packet.Status == PacketStatus.Malformed ? 1 : 0;
        conversation.IcmpErrors += packet.Status == PacketStatus.IcmpError ? 1 : 0;
        return conversation;
    }

    private TcpConversation FindOrStart(Timestamp time, in DecodedPacket packet)
    {
        (Endpoint, Endpoint) key = KeyOf(packet);
        if (_latest.TryGetValue(key, out TcpConversation? former) && !IsReused(former, packet))
        {
            return former;
        }

        TcpConversation conversation = Start(time, packet);
        if (former is not null)
        {
            conversation.Client.Analysis.Add(TcpAnalysisFlags.PortReuse);
        }

        _latest[key] = conversation;
        _conversations.Add(conversation);
        return conversation;
    }

    private static bool IsReused(TcpConversation conversation, in DecodedPacket packet)
    {
        TcpConversationSide sender = packet.SourceEndpoint == conversation.Client.Endpoint ? conversation.Client : conversation.Server;
        TcpSegment segment = packet.Segment;
        return segment.Flags.Has(TcpFlags.SYN) && !segment.Flags.Has(TcpFlags.ACK) && sender.Base is { } known && known != segment.SequenceNumber;
    }

    private TcpConversation Start(Timestamp time, in DecodedPacket packet)
    {
        Endpoint sender = packet.SourceEndpoint;
        Endpoint receiver = packet.DestinationEndpoint;
        TcpFlags flags = packet.Segment.Flags;
        bool isWellKnown = sender.Port < WellKnownPorts != receiver.Port < WellKnownPorts;
        RoleEvidence rolesFrom = flags.Has(TcpFlags.SYN) ? (flags.Has(TcpFlags.ACK) ? RoleEvidence.SynAck : RoleEvidence.Syn)
            : isWellKnown ? RoleEvidence.WellKnownPort
            : RoleEvidence.FirstSender;
        bool isFromClient = rolesFrom switch
        {
            RoleEvidence.SynAck => false,
            RoleEvidence.WellKnownPort => receiver.Port < WellKnownPorts,
            _ => true,
        };
        return isFromClient
            ? new(_conversations.Count, new(sender), new(receiver), rolesFrom, time)
            : new(_conversations.Count, new(receiver), new(sender), rolesFrom, time);
    }

    /// <summary>Both directions have one key: the end with the lower port first, or the one with the lower address.</summary>
    private static (Endpoint, Endpoint) KeyOf(in DecodedPacket packet)
    {
        Endpoint source = packet.SourceEndpoint;
        Endpoint destination = packet.DestinationEndpoint;
        bool isInOrder = source.Port != destination.Port ? source.Port < destination.Port : IsLower(source.Address, destination.Address);
        return isInOrder ? (source, destination) : (destination, source);
    }

    private static bool IsLower(IpAddress left, IpAddress right)
    {
        Span<byte> octets = stackalloc byte[32];
        left.WriteTo(octets);
        right.WriteTo(octets[16..]);
        return octets[..16].SequenceCompareTo(octets[16..]) <= 0;
    }
}
