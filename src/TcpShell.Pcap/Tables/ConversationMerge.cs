using System.Reflection;
using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tables;

/// <summary>Makes one conversation of the pieces of it that several captures have: one after the other, or seen from several places.</summary>
/// <remarks>
/// <para>Pieces belong together that have the same two ends, whichever was taken for the client, unless their initial sequence numbers tell them
/// apart, or one begins with a SYN after another has ended.</para>
/// <para>Counts of an end are added up where the pieces follow each other in time. Where they overlap, both places saw the same segments, and the
/// larger number counts; a place that saw one direction alone has nothing of the other, so the sum is right as well.</para>
/// </remarks>
public static class ConversationMerge
{
    /// <summary>Merges.</summary>
    /// <param name="pieces">Conversations and pieces of conversations, in any order.</param>
    /// <returns>Whole conversations by the time of their first segments.</returns>
    public static IReadOnlyList<ConversationData> Merge(IEnumerable<ConversationData> pieces)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        var latest = new Dictionary<(string, string), int>();
        var merged = new List<ConversationData>();
        foreach (ConversationData piece in pieces.OrderBy(piece => piece.Start.Nanoseconds).ThenBy(piece => piece.Stream))
        {
            (string, string) key = KeyOf(piece);
            if (latest.TryGetValue(key, out int index) && Continues(merged[index], Turned(piece, merged[index])))
            {
                merged[index] = Join(merged[index], Turned(piece, merged[index]));
            }
            else
            {
                latest[key] = merged.Count;
                merged.Add(piece);
            }
        }

        return merged;
    }

    private static (string, string) KeyOf(ConversationData piece)
    {
        (string client, string server) = (piece.Client.ToString(), piece.Server.ToString());
        return string.CompareOrdinal(client, server) <= 0 ? (client, server) : (server, client);
    }

    /// <summary>The same piece with the ends that the whole has; the better evidence of who is the client wins.</summary>
    private static ConversationData Turned(ConversationData piece, ConversationData whole) => piece.Client.ToString() == whole.Client.ToString() ? piece : piece with
    {
        Client = piece.Server,
        Server = piece.Client,
        ClientState = piece.ServerState,
        ServerState = piece.ClientState,
        Ended = Turned(piece.Ended),
    };

    private static ConversationEnding Turned(ConversationEnding ending) => ending switch
    {
        ConversationEnding.ClosedByClient => ConversationEnding.ClosedByServer,
        ConversationEnding.ClosedByServer => ConversationEnding.ClosedByClient,
        ConversationEnding.HalfClosedByClient => ConversationEnding.HalfClosedByServer,
        ConversationEnding.HalfClosedByServer => ConversationEnding.HalfClosedByClient,
        ConversationEnding.ResetByClient => ConversationEnding.ResetByServer,
        ConversationEnding.ResetByServer => ConversationEnding.ResetByClient,
        _ => ending,
    };

    private static bool Continues(ConversationData whole, ConversationData piece)
    {
        if (AreOthers(whole.Client.InitialSequenceNumber, piece.Client.InitialSequenceNumber)
            || AreOthers(whole.Server.InitialSequenceNumber, piece.Server.InitialSequenceNumber))
        {
            return false;
        }

        // A SYN after the end begins another one, unless it is the very same SYN, seen from elsewhere.
        bool begins = piece.Completeness.HasFlag(ConversationCompleteness.Syn);
        return !begins || piece.Start <= whole.End || piece.Client.InitialSequenceNumber == whole.Client.InitialSequenceNumber;
    }

    private static bool AreOthers(uint? one, uint? other) => one is not null && other is not null && one != other;

    private static ConversationData Join(ConversationData whole, ConversationData piece)
    {
        if (whole.RolesFrom > piece.RolesFrom && piece.Client.ToString() == whole.Client.ToString())
        {
            whole = whole with { RolesFrom = piece.RolesFrom };
        }

        bool overlap = piece.Start <= whole.End;
        ConversationData last = piece.End >= whole.End ? piece : whole;
        ConversationData first = ReferenceEquals(last, piece) ? whole : piece;
        return whole with
        {
            Host = Both(whole.Host, piece.Host),
            File = Both(whole.File, piece.File),
            Parts = whole.Parts + piece.Parts,
            End = last.End,
            Completeness = whole.Completeness | piece.Completeness,
            Ended = EndedOf(first.Ended, last.Ended, overlap),
            ClientState = last.ClientState ?? first.ClientState,
            ServerState = last.ServerState ?? first.ServerState,
            HandshakeRtt = whole.HandshakeRtt ?? piece.HandshakeRtt,
            ServerRtt = whole.ServerRtt ?? piece.ServerRtt,
            LastFrame = last.LastFrame,
            ZeekState = last.ZeekState == "OTH" ? first.ZeekState : last.ZeekState,
            ZeekHistory = !overlap ? whole.ZeekHistory + piece.ZeekHistory : whole.ZeekHistory.Length >= piece.ZeekHistory.Length ? whole.ZeekHistory : piece.ZeekHistory,
            Fragments = Count(whole.Fragments, piece.Fragments, overlap),
            Malformed = Count(whole.Malformed, piece.Malformed, overlap),
            IcmpErrors = Count(whole.IcmpErrors, piece.IcmpErrors, overlap),
            Client = Join(whole.Client, piece.Client, overlap),
            Server = Join(whole.Server, piece.Server, overlap),
        };
    }

    private static string Both(string one, string other) =>
        string.Join(';', one.Split(';').Concat(other.Split(';')).Where(name => name.Length > 0).Distinct());

    private static ConversationEnding EndedOf(ConversationEnding first, ConversationEnding last, bool overlap)
    {
        if (IsHalf(first) && IsHalf(last) && first != last)
        {
            // Of two directions that were captured apart, the one that ends later has the last ACK, which is sent by who closed first.
            return (overlap ? last : first) == ConversationEnding.HalfClosedByClient ? ConversationEnding.ClosedByClient : ConversationEnding.ClosedByServer;
        }

        bool saysLess = last == ConversationEnding.Open ? first != ConversationEnding.Unanswered
            : IsHalf(last) && first is ConversationEnding.ClosedByClient or ConversationEnding.ClosedByServer;
        return saysLess ? first : last;
    }

    private static bool IsHalf(ConversationEnding ending) => ending is ConversationEnding.HalfClosedByClient or ConversationEnding.HalfClosedByServer;

    private static ConversationSideData Join(ConversationSideData whole, ConversationSideData piece, bool overlap) => whole with
    {
        Packets = Count(whole.Packets, piece.Packets, overlap),
        Bytes = Count(whole.Bytes, piece.Bytes, overlap),
        UniqueBytes = Count(whole.UniqueBytes, piece.UniqueBytes, overlap),
        DataPackets = Count(whole.DataPackets, piece.DataPackets, overlap),
        ProvenSpuriousRetransmissions = Count(whole.ProvenSpuriousRetransmissions, piece.ProvenSpuriousRetransmissions, overlap),
        Retransmissions = Count(whole.Retransmissions, piece.Retransmissions, overlap),
        Syns = Count(whole.Syns, piece.Syns, overlap),
        Fins = Count(whole.Fins, piece.Fins, overlap),
        Resets = Count(whole.Resets, piece.Resets, overlap),
        BadChecksums = Count(whole.BadChecksums, piece.BadChecksums, overlap),
        OffloadedChecksums = Count(whole.OffloadedChecksums, piece.OffloadedChecksums, overlap),
        InitialSequenceNumber = whole.InitialSequenceNumber ?? piece.InitialSequenceNumber,
        MaximumSegmentSize = whole.MaximumSegmentSize ?? piece.MaximumSegmentSize,
        WindowScale = whole.WindowScale ?? piece.WindowScale,
        SackPermitted = whole.SackPermitted || piece.SackPermitted,
        Timestamps = whole.Timestamps || piece.Timestamps,
        Window = piece.Packets > 0 ? piece.Window : whole.Window,
        MinimumWindow = piece.MinimumWindow < whole.MinimumWindow ? piece.MinimumWindow : whole.MinimumWindow ?? piece.MinimumWindow,
        MaximumWindow = piece.MaximumWindow > whole.MaximumWindow ? piece.MaximumWindow : whole.MaximumWindow ?? piece.MaximumWindow,
        Rtt = whole.Rtt is null ? piece.Rtt : piece.Rtt is null ? whole.Rtt : Join(whole.Rtt, piece.Rtt, overlap),
        Analysis = Join(whole.Analysis, piece.Analysis, overlap),
    };

    private static RttData Join(RttData whole, RttData piece, bool overlap)
    {
        RttData more = piece.Count > whole.Count ? piece : whole;
        long count = whole.Count + piece.Count;
        TimeSpan Mean(TimeSpan one, TimeSpan other) => new((long)((((Int128)one.Ticks * whole.Count) + ((Int128)other.Ticks * piece.Count)) / count));

        // Two places measure different parts of the path; then the one that measured more often counts alone.
        return overlap ? more : more with
        {
            Count = count,
            Minimum = piece.Minimum < whole.Minimum ? piece.Minimum : whole.Minimum,
            Maximum = piece.Maximum > whole.Maximum ? piece.Maximum : whole.Maximum,
            Mean = Mean(whole.Mean, piece.Mean),
            Jitter = Mean(whole.Jitter, piece.Jitter),
        };
    }

    private static AnalysisData Join(AnalysisData whole, AnalysisData piece, bool overlap)
    {
        var joined = new AnalysisData();
        foreach (PropertyInfo count in typeof(AnalysisData).GetProperties().Where(property => property.CanWrite))
        {
            count.SetValue(joined, Count((int)count.GetValue(whole)!, (int)count.GetValue(piece)!, overlap));
        }

        return joined;
    }

    private static int Count(int whole, int piece, bool overlap) => overlap ? Math.Max(whole, piece) : whole + piece;

    private static long Count(long whole, long piece, bool overlap) => overlap ? Math.Max(whole, piece) : whole + piece;
}
