using System.Diagnostics.CodeAnalysis;
using TcpShell.Wire;

namespace TcpShell.Tracing;

/// <summary>What a segment needs to know of its conversation to be shown.</summary>
/// <param name="Stream">The conversation's number, from 0.</param>
/// <param name="SequenceBase">What counts as 0 of the sender's sequence numbers.</param>
/// <param name="AcknowledgmentBase">What counts as 0 of the receiver's.</param>
/// <param name="WindowShift">By how much the segment's window is to be shifted.</param>
internal readonly record struct ConversationView(int Stream, uint SequenceBase, uint AcknowledgmentBase, int WindowShift);

/// <summary>The conversations that an observer has seen, numbered as Wireshark does.</summary>
/// <param name="limit">How many conversations are remembered at least; up to twice as many are, and then those go that were silent for longest.</param>
internal sealed class ConversationTable(int limit = int.MaxValue)
{
    private Dictionary<(Endpoint One, Endpoint Other), Conversation> _conversations = [];

    // What was seen before the last change of generations, and not since. It costs one look more, and no clock or list in the order of use.
    private Dictionary<(Endpoint One, Endpoint Other), Conversation> _older = [];
    private int _count;

    /// <summary>Takes note of a segment and says how it is to be shown.</summary>
    /// <param name="packet">The segment with its addresses.</param>
    /// <param name="isCrafted">
    /// Whether it was made by hand. Such a segment is a guest in a conversation that is there: it shows where its numbers lie in it and
    /// moves nothing.
    /// </param>
    public ConversationView Note(in DecodedPacket packet, bool isCrafted)
    {
        TcpSegment segment = packet.Segment;
        Endpoint source = packet.SourceEndpoint;
        Endpoint destination = packet.DestinationEndpoint;
        bool isSyn = segment.Flags.Has(TcpFlags.SYN);
        bool isAck = segment.Flags.Has(TcpFlags.ACK);
        uint sequenceNumber = segment.SequenceNumber.Value;
        uint acknowledgmentNumber = segment.AcknowledgmentNumber.Value;

        (Direction sender, Direction receiver, int stream) = Find(source, destination);
        bool isOther = isSyn && !isCrafted && sender.Base is { } known && known != sequenceNumber;
        if (isOther && !isAck)
        {
            (sender, receiver, stream) = Begin(source, destination);
        }
        else if (isOther && receiver.Base == acknowledgmentNumber - 1)
        {
            // The same request is answered with another number: the host has forgotten its first answer.
            sender.Base = sequenceNumber;
        }

        // Without a SYN the first number seen counts as 1, as if the SYN stood before it.
        sender.Base ??= isSyn ? sequenceNumber : sequenceNumber - 1;
        if (isAck)
        {
            receiver.Base ??= acknowledgmentNumber - 1;
        }

        if (isSyn && (!isCrafted || sender.WindowScale is null))
        {
            // RFC 7323 2.3: a shift count above 14 counts as 14.
            sender.WindowScale = Math.Min(segment.Options.WindowScale ?? Direction.NoScale, 14);
        }

        return new(stream, sender.Base.Value, receiver.Base ?? 0, isSyn ? 0 : Shift(sender, receiver));
    }

    /// <summary>How something about a segment is to be shown that is none itself.</summary>
    /// <param name="source">The segment's sender.</param>
    /// <param name="destination">The segment's receiver.</param>
    public ConversationView View(Endpoint source, Endpoint destination)
    {
        (Direction sender, Direction receiver, int stream) = Find(source, destination);
        return new(stream, sender.Base ?? 0, receiver.Base ?? 0, 0);
    }

    // RFC 7323 2.2: windows are scaled if both SYNs have the option. If only the sender's was seen it is taken at its word.
    private static int Shift(Direction sender, Direction receiver) =>
        receiver.WindowScale == Direction.NoScale ? 0 : Math.Max(0, sender.WindowScale ?? 0);

    private (Direction Sender, Direction Receiver, int Stream) Find(Endpoint source, Endpoint destination)
    {
        if (TryFind((source, destination), out Conversation? conversation))
        {
            return (conversation.Forward, conversation.Backward, conversation.Stream);
        }

        return TryFind((destination, source), out conversation)
            ? (conversation.Backward, conversation.Forward, conversation.Stream)
            : Begin(source, destination);
    }

    private bool TryFind((Endpoint One, Endpoint Other) key, [NotNullWhen(true)] out Conversation? conversation)
    {
        if (_conversations.TryGetValue(key, out conversation))
        {
            return true;
        }

        if (!_older.Remove(key, out conversation))
        {
            return false;
        }

        Keep(key, conversation);
        return true;
    }

    private void Keep((Endpoint One, Endpoint Other) key, Conversation conversation)
    {
        if (_conversations.Count >= limit)
        {
            (_older, _conversations) = (_conversations, []);
        }

        _conversations[key] = conversation;
    }

    private (Direction Sender, Direction Receiver, int Stream) Begin(Endpoint source, Endpoint destination)
    {
        // The four numbers of an earlier conversation may stand there in either order.
        _conversations.Remove((destination, source));
        _older.Remove((destination, source));
        _older.Remove((source, destination));
        var conversation = new Conversation(_count++);
        Keep((source, destination), conversation);
        return (conversation.Forward, conversation.Backward, conversation.Stream);
    }

    private sealed class Conversation(int stream)
    {
        public int Stream { get; } = stream;

        public Direction Forward { get; } = new();

        public Direction Backward { get; } = new();
    }

    private sealed class Direction
    {
        public const int NoScale = -1;

        public uint? Base { get; set; }

        /// <summary>The shift of the SYN's option, <see cref="NoScale"/> if it had none; null before a SYN was seen.</summary>
        public int? WindowScale { get; set; }
    }
}
