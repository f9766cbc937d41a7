using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using TcpShell.Pcap.Tables;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>Letters of the history that are written once for each end, a bit each.</summary>
[Flags]
internal enum ZeekLetters : byte
{
    None = 0,
    Syn = 1,
    SynAck = 2,
    Ack = 4,
    Data = 8,
    Fin = 16,
    Reset = 32,
    Inconsistent = 64,
    MultipleFlags = 128,
}

/// <summary>States of an end as Zeek counts them.</summary>
internal enum ZeekState : byte
{
    Inactive,
    SynSent,
    SynAckSent,
    Partial,
    Established,
    Closed,
    Reset,
}

/// <summary>What is remembered of one end for Zeek's words.</summary>
internal struct ZeekEndpoint
{
    public ZeekState State;

    /// <summary>Letters that were written already.</summary>
    public ZeekLetters Letters;

    /// <summary>It had closed before it sent a reset.</summary>
    public bool WasClosed;

    public int Retransmissions;
    public int ZeroWindows;
    public int Gaps;
    public int BadChecksums;
}

/// <summary>
/// A conversation in the words of Zeek's conn.log: the history (https://docs.zeek.org, base/protocols/conn), a letter for the first of each
/// kind of packet, upper case for the originator, and conn_state.
/// </summary>
internal struct ZeekSummary
{
    private const int MaximumLetters = 40;
    private const int UsualLetters = 10;
    private const string OnceLetters = "SHADFRIQ";

    private Letters _letters;
    private long[]? _times;
    private byte _count;

    /// <summary>The letters.</summary>
    public readonly string History => string.Create(_count, this, static (text, history) =>
    {
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (char)history._letters[i];
        }
    });

    /// <summary>When the segment of each letter was captured: nanoseconds since a start, divided by semicolons.</summary>
    public readonly string TimesSince(long start) => string.Join(';', (_times ?? []).Take(_count).Select(time => (time - start).ToString(CultureInfo.InvariantCulture)));

    /// <summary>Zeek had to turn the ends round: the first packet was the responder's SYN,ACK.</summary>
    public void NoteFlip(long time) => Write('^', time);

    /// <summary>Takes the next segment.</summary>
    /// <param name="own">Its sender.</param>
    /// <param name="peer">The other end.</param>
    /// <param name="isOriginator">Whether the sender is the originator.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="isRepeated">Whether all of its data was seen before.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Note(ref ZeekEndpoint own, ref ZeekEndpoint peer, bool isOriginator, in SegmentSummary segment, bool isRepeated)
    {
        TcpFlags flags = segment.Flags & (TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST | TcpFlags.ACK);
        bool isPlain = (flags & ~TcpFlags.ACK) == 0;
        ZeekLetters letter = segment.Length > 0 ? ZeekLetters.Data : ZeekLetters.Ack;
        bool tellsNothingNew = flags == TcpFlags.ACK && (own.Letters & letter) != 0 && own.State == ZeekState.Established;
        if (!tellsNothingNew || segment.Window == 0 || isRepeated || segment.Checksum == ChecksumVerdict.Bad)
        {
            Tell(ref own, ref peer, isOriginator, segment, flags, isPlain, isRepeated);
        }
    }

    /// <summary>Something of an end is missing for good: the other acknowledged it.</summary>
    public void NoteGap(ref ZeekEndpoint end, bool isOriginator, long time) => Scaled(ref end.Gaps, 'G', isOriginator, time);

    /// <summary>conn_state, by the table in Zeek's base/protocols/conn/main.zeek.</summary>
    public static string ConnectionState(TcpConversation conversation) => ConnectionState(
        conversation.Client.Zeek.State,
        conversation.Server.Zeek.State,
        isEmpty: conversation.Client.UniqueBytes == 0 && conversation.Server.UniqueBytes == 0);

    /// <summary>conn_state of a conversation of which several captures had pieces: from what both ends sent in all of them.</summary>
    /// <param name="client">The originator.</param>
    /// <param name="server">The responder.</param>
    /// <param name="completeness">What was seen of the conversation.</param>
    /// <param name="beganWithSynAck">Whether the first packet was the responder's SYN,ACK: then the originator had asked for it, unseen.</param>
    public static string ConnectionState(ConversationSideData client, ConversationSideData server, ConversationCompleteness completeness, bool beganWithSynAck)
    {
        // A client that goes on after its SYN has got an answer, seen or not.
        bool isAnswered = completeness.HasFlag(ConversationCompleteness.SynAck) || client.Packets > client.Syns;
        bool areBothClosed = client.Fins > 0 && server.Fins > 0;
        return ConnectionState(
            StateOf(client, areBothClosed, isAnswered ? ZeekState.Established : ZeekState.SynSent, beganWithSynAck ? ZeekState.Established : ZeekState.Partial),
            StateOf(server, areBothClosed, ZeekState.Established, ZeekState.Partial),
            isEmpty: client.UniqueBytes == 0 && server.UniqueBytes == 0);
    }

    /// <summary>Whether a letter is written once for each end, and so only once.</summary>
    public static bool IsWrittenOnce(char letter) => OnceLetters.Contains(char.ToUpperInvariant(letter), StringComparison.Ordinal);

    private static ZeekState StateOf(ConversationSideData end, bool areBothClosed, ZeekState opened, ZeekState unopened) =>
        areBothClosed ? ZeekState.Closed
        : end.Resets > 0 ? ZeekState.Reset
        : end.Fins > 0 ? ZeekState.Closed
        : end.Syns > 0 ? opened
        : end.Packets > 0 ? unopened
        : ZeekState.Inactive;

    private static string ConnectionState(ZeekState originator, ZeekState responder, bool isEmpty)
    {
        bool isOriginatorInactive = originator is ZeekState.Inactive or ZeekState.Partial;
        bool isResponderInactive = responder is ZeekState.Inactive or ZeekState.Partial;
        return (originator, responder) switch
        {
            (ZeekState.SynSent or ZeekState.SynAckSent, ZeekState.Reset) => "REJ",
            (ZeekState.Reset, ZeekState.Reset) when isEmpty => "REJ",
            (_, ZeekState.Reset) => isOriginatorInactive ? "RSTRH" : "RSTR",
            (ZeekState.Reset, _) => isResponderInactive ? "RSTOS0" : "RSTO",
            (ZeekState.Closed, ZeekState.Closed) => "SF",
            (ZeekState.Closed, _) => isResponderInactive ? "SH" : "S2",
            (_, ZeekState.Closed) => isOriginatorInactive ? "SHR" : "S3",
            (ZeekState.SynSent, ZeekState.Inactive) => "S0",
            (ZeekState.Established, ZeekState.Established) => "S1",
            _ => "OTH",
        };
    }

    private void Tell(ref ZeekEndpoint own, ref ZeekEndpoint peer, bool isOriginator, in SegmentSummary segment, TcpFlags flags, bool isPlain, bool isRepeated)
    {
        if (!isPlain)
        {
            NoteControls(ref own, flags, isOriginator, segment.Time);
        }

        if (segment.Length > 0)
        {
            Once(ref own, ZeekLetters.Data, isOriginator, segment.Time);
            if (isRepeated && isPlain)
            {
                Scaled(ref own.Retransmissions, 'T', isOriginator, segment.Time);
            }
        }
        else if (flags == TcpFlags.ACK)
        {
            Once(ref own, ZeekLetters.Ack, isOriginator, segment.Time);
        }

        if (segment.Window == 0 && isPlain)
        {
            Scaled(ref own.ZeroWindows, 'W', isOriginator, segment.Time);
        }

        if (segment.Checksum == ChecksumVerdict.Bad)
        {
            Scaled(ref own.BadChecksums, 'C', isOriginator, segment.Time);
        }

        if (own.State != ZeekState.Established || !isPlain)
        {
            Advance(ref own, ref peer, flags);
        }
    }

    private static void Advance(ref ZeekEndpoint own, ref ZeekEndpoint peer, TcpFlags flags)
    {
        if ((flags & TcpFlags.RST) != 0)
        {
            // Once both have closed a reset changes nothing more.
            own.WasClosed |= own.State == ZeekState.Closed;
            own.State = own.WasClosed && peer.State == ZeekState.Closed ? ZeekState.Closed : ZeekState.Reset;
        }
        else if ((flags & TcpFlags.FIN) != 0)
        {
            own.State = own.State == ZeekState.Reset ? own.State : ZeekState.Closed;
            if (peer.WasClosed)
            {
                // Both have closed after all; the reset between does not count.
                peer.State = ZeekState.Closed;
            }
        }
        else if ((flags & TcpFlags.SYN) != 0)
        {
            if (own.State is ZeekState.Inactive or ZeekState.SynSent)
            {
                bool isAnswer = (flags & TcpFlags.ACK) != 0 && peer.State is ZeekState.SynSent or ZeekState.Established;
                own.State = isAnswer ? ZeekState.Established : (flags & TcpFlags.ACK) != 0 ? ZeekState.SynAckSent : ZeekState.SynSent;
                if (isAnswer && peer.State == ZeekState.SynSent)
                {
                    peer.State = ZeekState.Established;
                }
            }
        }
        else if (own.State == ZeekState.Inactive)
        {
            own.State = peer.State == ZeekState.SynAckSent ? ZeekState.Established : ZeekState.Partial;
            if (peer.State == ZeekState.SynAckSent)
            {
                peer.State = ZeekState.Established;
            }
        }
        else if (own.State == ZeekState.SynSent)
        {
            own.State = ZeekState.Established;
        }
    }

    private void NoteControls(ref ZeekEndpoint own, TcpFlags flags, bool isOriginator, long time)
    {
        bool hasSyn = (flags & TcpFlags.SYN) != 0;
        bool hasFin = (flags & TcpFlags.FIN) != 0;
        bool hasRst = (flags & TcpFlags.RST) != 0;
        if (hasSyn)
        {
            Once(ref own, hasFin || hasRst ? ZeekLetters.MultipleFlags : (flags & TcpFlags.ACK) != 0 ? ZeekLetters.SynAck : ZeekLetters.Syn, isOriginator, time);
        }

        if (hasFin && hasRst)
        {
            Once(ref own, ZeekLetters.Inconsistent, isOriginator, time);
        }
        else if (hasFin && !hasSyn)
        {
            Once(ref own, ZeekLetters.Fin, isOriginator, time);
        }
        else if (hasRst && !hasSyn)
        {
            Once(ref own, ZeekLetters.Reset, isOriginator, time);
        }
    }

    private void Once(ref ZeekEndpoint own, ZeekLetters letter, bool isOriginator, long time)
    {
        if ((own.Letters & letter) == 0)
        {
            own.Letters |= letter;
            char text = OnceLetters[BitOperations.Log2((uint)letter)];
            Write(isOriginator ? text : char.ToLowerInvariant(text), time);
        }
    }

    // The first, the tenth, the hundredth ...
    private void Scaled(ref int count, char letter, bool isOriginator, long time)
    {
        count++;
        int power = 1;
        while (power < count && power < 1_000_000_000)
        {
            power *= 10;
        }

        if (power == count)
        {
            Write(isOriginator ? letter : char.ToLowerInvariant(letter), time);
        }
    }

    private void Write(char letter, long time)
    {
        if (_count < MaximumLetters)
        {
            _times ??= new long[UsualLetters];
            if (_count == _times.Length)
            {
                Array.Resize(ref _times, MaximumLetters);
            }

            _times[_count] = time;
            _letters[_count++] = (byte)letter;
        }
    }

    [InlineArray(MaximumLetters)]
    private struct Letters
    {
        private byte _first;
    }
}
