using TcpShell.Hunt.Running;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;
using static TcpShell.Hunt.Invariants.Requirement;

namespace TcpShell.Hunt.Invariants;

/// <summary>What must be so for every packet that a connection sends, judged by the packet, by what it sent before, and by its peer.</summary>
internal static class PacketChecker
{
    /// <summary>Judges a packet.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="decoded">The same, read.</param>
    /// <param name="end">The end that sent it.</param>
    /// <param name="peer">The other end of the same connection; null if there is none, or not yet.</param>
    public static void Check(TracedPacket packet, in DecodedPacket decoded, End end, End? peer)
    {
        TcpSegment segment = decoded.Segment;
        CheckForm(decoded, segment, end);
        if (segment.Flags.Has(TcpFlags.RST))
        {
            CheckReset(packet, end);
            return;
        }

        CheckAck(segment, end, peer);
        CheckWindow(segment, end, peer);
        CheckText(packet, segment, end, peer);
        CheckTimestamp(segment, end);
        CheckSack(segment, end);
        CheckEcn(packet, decoded, end);
    }

    /// <summary>A packet of no connection: a RST, or a SYN,ACK with a cookie for a number; and only where there is no connection.</summary>
    public static void CheckOfNobody(in DecodedPacket decoded, End? there)
    {
        TcpFlags flags = decoded.Segment.Flags & ~TcpFlags.ECE;
        Require(
            flags.Has(TcpFlags.RST) || flags == (TcpFlags.SYN | TcpFlags.ACK),
            "ResetOnly",
            $"A host sends {decoded.Segment}, which is neither a RST nor a cookie, outside of a connection.");
        Require(there is not { IsLive: true }, "ResetWithoutReason", $"A host answers for nobody, but there is {there}.");
        CheckChecksums(decoded);
    }

    private static void CheckForm(in DecodedPacket decoded, in TcpSegment segment, End end)
    {
        CheckChecksums(decoded);
        bool isSyn = segment.Flags.Has(TcpFlags.SYN);
        TcpOptions options = segment.Options;
        Require(decoded.Frame.Length <= end.Connection.Owner.Mtu, "PacketTooLarge", $"{end} sends {decoded.Frame.Length} octets, more than its MTU.");
        Require(segment.ReservedBits == 0, "Form", $"{end} sets reserved bits [U-20].");
        Require(isSyn || segment.Flags.HasAny(TcpFlags.ACK | TcpFlags.RST), "Form", $"{end} sends {segment} without ACK [U-19].");
        Require(options.Problem is null, "Form", $"{end} sends broken options: {options.Problem}");
        Require(
            isSyn || (options.MaximumSegmentSize is null && options.WindowScale is null && !options.SackPermitted),
            "Form",
            $"{end} sends an option of a SYN on {segment}.");
        Require(options.WindowScale is null or <= 14, "Form", $"{end} offers a window scale of {options.WindowScale}.");
        Require(
            isSyn || segment.Flags.Has(TcpFlags.RST) || options.Timestamps is not null == end.Tcp.TimestampsInForce,
            "TimestampsAgreed",
            $"{end} sends {segment} {(end.Tcp.TimestampsInForce ? "without" : "with")} timestamps [7323-6].");
    }

    private static void CheckChecksums(in DecodedPacket decoded) => Require(
        decoded.Status == PacketStatus.Tcp && decoded.IpChecksumValid != false && decoded.TcpChecksumValid == true,
        "WellFormed",
        $"A packet from {decoded.Source} is {decoded.Status}: {decoded.ProblemText ?? "wrong checksum"}");

    private static void CheckReset(TracedPacket packet, End end)
    {
        bool refuses = end.Tcp.State is TcpState.SynSent or TcpState.SynReceived or TcpState.Listen;
        Require(end.Aborted || refuses, "ResetWithoutReason", $"{end} sends a RST in {end.Tcp.State}: {packet.Note}");
    }

    private static void CheckAck(in TcpSegment segment, End end, End? peer)
    {
        if (!segment.Flags.Has(TcpFlags.ACK))
        {
            return;
        }

        Observations seen = end.Seen;
        SeqNumber ack = segment.AcknowledgmentNumber;
        Require(seen.HighestAck is not { } before || ack >= before, "AckMonotonic", $"{end} acknowledges {ack} after {seen.HighestAck}.");
        seen.HighestAck = ack;
        if (!end.Seen.FromCookie && peer?.Seen.HighestSent is { } sent)
        {
            Require(ack <= sent, "AckTruthful", $"{end} acknowledges {ack}, but {peer} has sent up to {sent} only.");
        }
    }

    /// <summary>
    /// The right edge never moves back [SHLD-14], but for what the scale rounds away (RFC 7323 2.4). A SYN cannot tell of more than 64 KiB,
    /// so one that goes again says nothing.
    /// </summary>
    private static void CheckWindow(in TcpSegment segment, End end, End? peer)
    {
        if (!segment.Flags.Has(TcpFlags.ACK) || (segment.Flags.Has(TcpFlags.SYN) && end.Seen.HighestEdge is not null))
        {
            return;
        }

        Observations seen = end.Seen;
        int shift = segment.Flags.Has(TcpFlags.SYN) ? 0 : end.Tcp.Rcv.WindowShift;
        SeqNumber edge = segment.AcknowledgmentNumber + (segment.Window << shift);
        peer?.Seen.NoteOffer(edge);
        if (seen.HighestEdge is { } before)
        {
            int back = before - edge;
            Require(back < 1 << end.Tcp.Rcv.WindowShift, "WindowShrinks", $"{end} takes {back} octets of its window back.");
            edge = SeqNumber.Max(edge, before);
        }

        seen.HighestEdge = edge;
    }

    private static void CheckText(TracedPacket packet, in TcpSegment segment, End end, End? peer)
    {
        Observations seen = end.Seen;
        SeqNumber first = end.Tcp.Snd.Iss + 1;
        int length = segment.Payload.Length;
        if (packet.Reason == TransmitReason.KeepAliveProbe)
        {
            // It stands where everything is acknowledged, and what it carries is garbage [MAY-6].
            Require(segment.SequenceNumber == end.Tcp.Snd.Nxt - 1 && length <= 1, "KeepAlive", $"{end} probes with {segment}.");
            return;
        }

        if (length > 0)
        {
            int offset = segment.SequenceNumber - first;
            Require(offset >= 0 && offset + length <= end.Sent, "SendsOnlyWhatWasGiven", $"{end} sends octets {offset} to {offset + length} of {end.Sent}.");
            Require(
                Content.Matches(end.SendStream, offset, segment.Payload.Span), "SentOctets", $"{end} sends wrong octets from {offset} to {offset + length}.");
        }

        seen.HighestSent = seen.HighestSent is { } sent ? SeqNumber.Max(sent, segment.End) : segment.End;
        if (segment.Length == 0 || segment.Flags.Has(TcpFlags.SYN))
        {
            return;
        }

        if (peer?.Seen.HighestEdge is { } edge)
        {
            // The first window of a peer that is asked stands in its SYN, when it had nobody to tell yet.
            int beyond = segment.End - SeqNumber.Max(edge, end.Seen.OfferedEdge ?? edge);
            int allowed = packet.Reason == TransmitReason.ZeroWindowProbe ? 1 : 0;
            Require(beyond <= allowed, "PeersWindow", $"{end} sends {beyond} octets beyond the window of {peer} ({packet.Reason}).");
        }
    }

    private static void CheckTimestamp(in TcpSegment segment, End end)
    {
        if (segment.Options.Timestamps is { } timestamps)
        {
            Require(
                end.Seen.LastTimestamp is not { } before || unchecked((int)(timestamps.Value - before)) >= 0,
                "TimestampMonotonic",
                $"The timestamp clock of {end} goes back.");
            end.Seen.LastTimestamp = timestamps.Value;
        }
    }

    /// <summary>What a block says is there has arrived; blocks lie above the ACK, but for the first, which may tell of a duplicate (RFC 2883).</summary>
    private static void CheckSack(in TcpSegment segment, End end)
    {
        SackBlocks blocks = segment.Options.Sack;
        Require(blocks.Count == 0 || end.Tcp.SelectiveAcknowledgmentInForce, "SackAgreed", $"{end} sends SACK blocks that nobody agreed on.");
        for (int i = 0; i < blocks.Count; i++)
        {
            SackBlock block = blocks[i];
            Require(block.Length > 0, "SackTruthful", $"{end} sends an empty SACK block.");
            Require(
                end.Seen.HasArrived(block.Left, block.Right),
                "SackTruthful",
                $"{end} says that {block.Left - end.Tcp.Rcv.Irs} to {block.Right - end.Tcp.Rcv.Irs} has arrived, which is not so.");
            Require(
                block.Left > segment.AcknowledgmentNumber || (i == 0 && IsDuplicate(blocks, segment.AcknowledgmentNumber)),
                "SackAboveAck",
                $"{end} sends a SACK block {block.Left} to {block.Right} at or below its ACK {segment.AcknowledgmentNumber}.");
        }
    }

    /// <summary>RFC 2883 4: the first block lies below the ACK, or within the second block.</summary>
    private static bool IsDuplicate(in SackBlocks blocks, SeqNumber ack) =>
        blocks[0].Right <= ack || (blocks.Count > 1 && blocks[1].Left <= blocks[0].Left && blocks[0].Right <= blocks[1].Right);

    /// <summary>Only new data may be marked as able to tell of congestion (RFC 3168 6.1.1, 6.1.4, 6.1.5).</summary>
    private static void CheckEcn(TracedPacket packet, in DecodedPacket decoded, End end)
    {
        var ecn = (Ecn)(decoded.TrafficClass & 3);
        bool newData = decoded.Segment.Payload.Length > 0 && packet.Attempt == 1 && packet.Reason is TransmitReason.Data or TransmitReason.TailLossProbe;
        Require(ecn == Ecn.NotEct || newData, "EcnOnNewData", $"{end} marks {decoded.Segment} ({packet.Reason}) as {ecn}.");
        Require(decoded.TrafficClass >> 2 == end.Connection.Settings.Dscp, "Dscp", $"{end} sends DSCP {decoded.TrafficClass >> 2} [MUST-48].");
        Require(decoded.Ttl == end.Connection.Settings.TimeToLive, "TimeToLive", $"{end} sends TTL {decoded.Ttl} [MUST-49].");
    }
}
