using System.Runtime.CompilerServices;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>What one end of a conversation sent, and the state that it is in as far as that can be told.</summary>
public sealed class TcpConversationSide
{
    private static readonly FlaggedSegment[] s_none = [];

    // What the analysis works with, packed together.
    internal DirectionState Wireshark = new();
    internal ReplayState Replay;
    internal ZeekEndpoint Zeek;
    private SequenceRanges _octets;
    private long _highestOffset;
    private uint _fin;
    private uint _base;
    private uint _highest;
    private uint _acknowledged;
    private bool _hasBase;
    private bool _hasAcknowledged;
    private bool _hasFin;
    private bool _expectsNewStart;
    private readonly TcpConversation _conversation;
    private List<FlaggedSegment>? _flagged;
    private AnalysisCounts? _analysis;
    private RoundTripMeter _roundTrips;
    private ToldWindows _windows = new();

    internal TcpConversationSide(TcpConversation conversation) => _conversation = conversation;

    /// <summary>Its address and port.</summary>
    public Endpoint Endpoint => this == _conversation.Client ? _conversation.Key.Client : _conversation.Key.Server;

    /// <summary>Segments that it sent.</summary>
    public long Packets { get; private set; }

    /// <summary>Octets of data that it sent by the lengths in the IP headers, repeated ones included, captured or not.</summary>
    public long Bytes { get; private set; }

    /// <summary>Octets of its stream, each counted once.</summary>
    public long UniqueBytes { get; private set; }

    /// <summary>Segments with data.</summary>
    public long DataPackets { get; private set; }

    /// <summary>Retransmissions of all kinds as Wireshark counts them (tcp.analysis.retransmission).</summary>
    public int Retransmissions => _analysis?.Retransmissions ?? 0;

    /// <summary>
    /// Segments with a SYN, a FIN or data that bring nothing new: all of it was seen before, also where Wireshark calls them out of order. Keep-alive
    /// probes are none.
    /// </summary>
    public int RepeatedSegments { get; private set; }

    /// <summary>
    /// Octets that the peer told to have received twice (D-SACK, RFC 2883) after they had been sent again: those retransmissions were needless,
    /// whatever the order of segments made Wireshark's rules believe. Counted by blocks.
    /// </summary>
    public int ProvenSpuriousRetransmissions { get; private set; }

    /// <summary>What was remarkable about its segments, as Wireshark sees it.</summary>
    public AnalysisCounts Analysis => _analysis ??= new();

    /// <summary>
    /// Its segments with a remark, in their order: the first <see cref="AnalysisOptions.MaximumListedSegments"/> of them, fewer where all conversations
    /// have <see cref="AnalysisOptions.MaximumListedTotal"/>. All are counted in <see cref="Analysis"/>. Those of which a network card was to put the checksum in, with which nothing is wrong, take half of the list at most.
    /// </summary>
    public IReadOnlyList<FlaggedSegment> FlaggedSegments => _flagged ?? (IReadOnlyList<FlaggedSegment>)s_none;

    /// <summary>How many more segments with a remark there were than <see cref="FlaggedSegments"/> lists.</summary>
    public int UnlistedSegments { get; private set; }

    /// <summary>
    /// Round trips between the capturing point and the peer: from a segment with something new to the ACK of just that, as Wireshark's
    /// tcp.analysis.ack_rtt, but without what was sent again. Null if none was measured.
    /// </summary>
    public RttStatistics? Rtt => _roundTrips.Rtt.Statistics;

    /// <summary>The same from the timestamps option, about once in a round trip: it tells which of two transmissions was answered. Null if none was measured.</summary>
    public RttStatistics? TimestampRtt => _roundTrips.TimestampRtt.Statistics;

    /// <summary>Segments with SYN, with or without ACK.</summary>
    public int Syns { get; private set; }

    /// <summary>Segments with FIN.</summary>
    public int Fins { get; private set; }

    /// <summary>Segments with RST.</summary>
    public int Resets { get; private set; }

    /// <summary>
    /// Segments with a wrong TCP checksum; null if nobody asked. They count in everything else: mostly the network card puts the checksum in after
    /// the capture.
    /// </summary>
    public int? BadChecksums => VerifiesChecksums ? CountOf(TcpAnalysisFlags.BadChecksum) + CountOf(TcpAnalysisFlags.OffloadedChecksum) : null;

    /// <summary>
    /// Those of <see cref="BadChecksums"/> that hold the pseudo-header's sum alone: the network card was to put in the rest, and nothing is wrong.
    /// Null if nobody asked.
    /// </summary>
    public int? OffloadedChecksums => VerifiesChecksums ? CountOf(TcpAnalysisFlags.OffloadedChecksum) : null;

    /// <summary>The sequence number of its SYN; null if no SYN was seen.</summary>
    public SeqNumber? InitialSequenceNumber { get; private set; }

    /// <summary>The MSS option of its SYN in octets; null if there was none.</summary>
    public ushort? MaximumSegmentSize { get; private set; }

    /// <summary>The window scale option of its SYN, a shift count; null if there was none.</summary>
    public byte? WindowScale { get; private set; }

    /// <summary>The shift count by which its windows are multiplied: its own option, if both SYNs had one; 0 if one had none; null if they were not seen.</summary>
    public int? WindowShift => _windows.Shift >= 0 ? _windows.Shift : null;

    /// <summary>Whether its SYN had SACK permitted.</summary>
    public bool SackPermitted { get; private set; }

    /// <summary>Whether its SYN had timestamps.</summary>
    public bool Timestamps { get; private set; }

    /// <summary>The window that it told last, in octets; scaled if both SYNs were seen and allow it.</summary>
    public long Window => _windows.Last;

    /// <summary>The largest window that it told, in octets, SYNs and resets left aside; null if it told none.</summary>
    public long? MaximumWindow => _windows.AreAny ? _windows.Maximum : null;

    /// <summary>The smallest window that it told, in octets, SYNs and resets left aside; null if it told none.</summary>
    public long? MinimumWindow => _windows.AreAny ? _windows.Minimum : null;

    /// <summary>Its state; null while nothing shows it, as that of a host that never answered.</summary>
    public TcpState? State { get; internal set; }

    /// <summary>Whether the state was inferred from the middle of a connection, so that <see cref="TcpConversation.StateChanges"/> does not show its way from the start.</summary>
    public bool IsStateInferred { get; internal set; }

    /// <summary>The number from which its sequence numbers count: its SYN's, or the one before the first that was seen.</summary>
    internal SeqNumber? Base => _hasBase ? _base : null;

    /// <summary>The sequence number after the highest that it sent.</summary>
    internal SeqNumber Highest => _highest;

    /// <summary>The highest acknowledgment that it sent; null if it sent none.</summary>
    internal SeqNumber? Acknowledged => _hasAcknowledged ? _acknowledged : null;

    /// <summary>The segments with one remark, in their order.</summary>
    /// <param name="flag">The remark.</param>
    public IEnumerable<FlaggedSegment> Listed(TcpAnalysisFlags flag) => FlaggedSegments.Where(segment => (segment.Flags & flag) != 0);

    /// <summary>The endpoint: <c>10.0.0.1:49152</c>.</summary>
    public override string ToString() => Endpoint.ToString();

    /// <summary>
    /// Whether a segment of this end is what nearly all are, while both ends are open: the next one in its order, acknowledging what was seen, with
    /// nothing remarkable about it. <see cref="Count"/>, <see cref="SequenceAnalysis"/> and <see cref="ZeekSummary"/> have only numbers to carry forward
    /// then, which <see cref="AddUsual"/> does in a third of the time. Where in doubt the answer is no.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsUsual(in SegmentSummary segment, in DirectionState receiver)
    {
        const TcpFlags Telling = TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST | TcpFlags.ACK;
        uint number = segment.SequenceNumber;
        if ((segment.Flags & Telling) != TcpFlags.ACK || segment.Window == 0 || segment.Checksum >= ChecksumVerdict.Bad
            || !Wireshark.HasMaximum || number != Wireshark.Next || number != _highest
            || !receiver.HasMaximum || unchecked((int)(segment.AcknowledgmentNumber - receiver.MaximumToBeAcked)) > 0
            || Zeek.State < ZeekState.Partial)
        {
            return false;
        }

        if (segment.Length == 0)
        {
            const TcpAnalysisFlags Probes = TcpAnalysisFlags.KeepAlive | TcpAnalysisFlags.ZeroWindowProbe;
            return segment.AcknowledgmentNumber != Wireshark.LastAck && (receiver.LastFlags & Probes) == 0 && (Zeek.Letters & ZeekLetters.Ack) != 0;
        }

        uint beyondAck = unchecked(number + (uint)segment.Length - receiver.LastAck);
        return receiver.Window != 0 && !receiver.IsSynWindow && (int)beyondAck > 0 && beyondAck != (uint)receiver.Window << receiver.Shift && (Zeek.Letters & ZeekLetters.Data) != 0;
    }

    /// <summary>Carries forward what a segment changes that <see cref="IsUsual"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AddUsual(in SegmentSummary segment)
    {
        Packets++;
        if (segment.Length > 0)
        {
            DataPackets++;
            Bytes += segment.Length;
            _highest = segment.SequenceNumber + (uint)segment.Length;
            UniqueBytes += _octets.Add(_highestOffset, _highestOffset + segment.Length);
            _highestOffset += segment.Length;
        }

        NoteAcknowledgment(segment);
        _windows.Note(segment);
        SequenceAnalysis.AddUsual(ref Wireshark, segment);
    }

    /// <summary>Counts a segment that this end sent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Count(in SegmentSummary segment)
    {
        Packets++;
        Bytes += segment.Length;
        DataPackets += segment.Length > 0 ? 1 : 0;
        NoteStart(segment);

        if (segment.Has(TcpFlags.RST))
        {
            // What a reset carries is a text about the reason, not a part of the stream (RFC 9293 3.10.7.4).
            Resets++;
            Syns += segment.Has(TcpFlags.SYN) ? 1 : 0;
            Fins += segment.Has(TcpFlags.FIN) ? 1 : 0;
            return;
        }

        if (segment.Has(TcpFlags.ACK))
        {
            NoteAcknowledgment(segment);
        }

        CountSequenceSpace(segment);
        _windows.Note(segment);
    }

    /// <summary>Notes where its sequence numbers start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void NoteStart(in SegmentSummary segment)
    {
        if (_expectsNewStart && segment.Has(TcpFlags.SYN))
        {
            ForgetOldConnection();
        }

        if (!_hasBase)
        {
            _hasBase = true;
            _base = segment.Has(TcpFlags.SYN) ? segment.SequenceNumber : unchecked(segment.SequenceNumber - 1);
            _highest = unchecked(_base + 1);
            _highestOffset = 1;
        }
    }

    /// <summary>What this end sent so far was of a connection of before, which the peer has reset: with its next SYN its numbers and states begin anew.</summary>
    internal void ExpectNewStart() => _expectsNewStart = true;

    private void ForgetOldConnection()
    {
        _expectsNewStart = false;
        (_hasBase, _hasAcknowledged, State, IsStateInferred) = (false, false, null, false);
        (Replay, _octets) = (default, default);
        _roundTrips.ForgetSent();
    }

    /// <summary>Notes what was remarkable about a segment of this end.</summary>
    internal void Note(in SegmentSummary segment, TcpAnalysisFlags flags, int limit)
    {
        Analysis.Add(flags);

        // Where a network card puts checksums in, all that was sent there has this remark: it leaves room for others.
        limit = flags == TcpAnalysisFlags.OffloadedChecksum ? limit / 2 : limit;
        IsLastListed = FlaggedSegments.Count < limit;
        if (IsLastListed)
        {
            (_flagged ??= []).Add(new(segment.Frame, new(segment.Time), flags, DuplicateAckNumber(flags)));
        }
        else
        {
            UnlistedSegments++;
        }
    }

    /// <summary>Whether the last segment with a remark is listed.</summary>
    internal bool IsLastListed { get; private set; }

    /// <summary>The last segment with a remark shall be counted only.</summary>
    internal void UnlistLast()
    {
        if (IsLastListed)
        {
            _flagged!.RemoveAt(_flagged.Count - 1);
            UnlistedSegments++;
            IsLastListed = false;
        }
    }

    /// <summary>How many duplicates of the same ACK there were with the segment of these flags, this end's last; 0 for no duplicate ACK.</summary>
    internal int DuplicateAckNumber(TcpAnalysisFlags flags) => (flags & TcpAnalysisFlags.DuplicateAck) != 0 ? Wireshark.DuplicateAcks : 0;

    /// <summary>Remembers when something was sent, for the ACK of it.</summary>
    /// <param name="segment">A segment of this end.</param>
    /// <param name="isRepeated">Whether it begins with something that was sent before.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void NoteSent(in SegmentSummary segment, bool isRepeated) => _roundTrips.NoteSent(segment, isRepeated);

    /// <summary>The peer acknowledges something.</summary>
    /// <param name="segment">The peer's segment.</param>
    /// <returns>The round trip in nanoseconds; -1 if it tells none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal long NoteAcknowledged(in SegmentSummary segment)
    {
        if (segment.Has(SegmentOptions.DuplicateSack) && RepeatedSegments > ProvenSpuriousRetransmissions)
        {
            ProvenSpuriousRetransmissions++;
        }

        return _roundTrips.NoteAcknowledged(segment);
    }

    private bool VerifiesChecksums => _conversation.Options.VerifyChecksums;

    private int CountOf(TcpAnalysisFlags flag) => _analysis?[flag] ?? 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void NoteAcknowledgment(in SegmentSummary segment)
    {
        uint ack = segment.AcknowledgmentNumber;
        if (!_hasAcknowledged || unchecked((int)(ack - _acknowledged)) > 0)
        {
            _hasAcknowledged = true;
            _acknowledged = ack;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CountSequenceSpace(in SegmentSummary segment)
    {
        uint controls = (uint)segment.Flags & (uint)(TcpFlags.SYN | TcpFlags.FIN);
        if (segment.Length == 0 && controls == 0)
        {
            if (new SeqNumber(segment.SequenceNumber) > Highest)
            {
                // The capture lacks what it sent before.
                _highestOffset += new SeqNumber(segment.SequenceNumber) - Highest;
                _highest = segment.SequenceNumber;
            }

            return;
        }

        bool isKeepAlive = Packets > 1 && segment.Length <= 1 && controls == 0 && segment.SequenceNumber == (Highest - 1).Value;
        bool isNew = controls != 0 && (CountSyn(segment) | CountFin(segment));
        isNew |= CountData(segment);
        RepeatedSegments += !isNew && !isKeepAlive ? 1 : 0;
    }

    private bool CountSyn(in SegmentSummary segment)
    {
        if (!segment.Has(TcpFlags.SYN))
        {
            return false;
        }

        Syns++;
        MaximumSegmentSize ??= segment.Has(SegmentOptions.MaximumSegmentSize) ? segment.MaximumSegmentSize : null;
        WindowScale ??= segment.Has(SegmentOptions.WindowScale) ? segment.WindowScale : null;
        SackPermitted |= segment.Has(SegmentOptions.SackPermitted);
        Timestamps |= segment.Has(SegmentOptions.Timestamps);
        bool isNew = InitialSequenceNumber is null;
        InitialSequenceNumber ??= segment.SequenceNumber;
        return isNew;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool CountData(in SegmentSummary segment)
    {
        SeqNumber end = segment.End;
        long endOffset = _highestOffset + (end - Highest);
        if (end > Highest)
        {
            _highest = end.Value;
            _highestOffset = endOffset;
        }

        long dataEnd = endOffset - (segment.Has(TcpFlags.FIN) ? 1 : 0);
        long added = _octets.Add(dataEnd - segment.Length, dataEnd);
        UniqueBytes += added;
        return added > 0;
    }

    private bool CountFin(in SegmentSummary segment)
    {
        if (!segment.Has(TcpFlags.FIN))
        {
            return false;
        }

        Fins++;
        bool isNew = !_hasFin || _fin != segment.End;
        _hasFin = true;
        _fin = segment.End;
        return isNew;
    }

    /// <summary>Both SYNs were seen, or one of them without the option: now it is known how windows are scaled.</summary>
    internal static void AgreeOnScale(TcpConversationSide one, TcpConversationSide other)
    {
        bool isScaled = one.WindowScale is not null && other.WindowScale is not null;
        bool isKnown = isScaled || (one.Syns > 0 && other.Syns > 0);
        one._windows.NoteShift(isKnown, isScaled ? one.WindowScale : null);
        other._windows.NoteShift(isKnown, isScaled ? other.WindowScale : null);
    }
}
