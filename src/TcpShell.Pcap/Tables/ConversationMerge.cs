using System.Reflection;
using TcpShell.Pcap.Analysis;
using TcpShell.Tcp;

namespace TcpShell.Pcap.Tables;

/// <summary>Makes one conversation of the pieces of it that several captures have: one after the other, or seen from several places.</summary>
/// <remarks>
/// <para>Pieces belong together that have the same two ends, whichever was taken for the client, unless their initial sequence numbers tell them
/// apart, or one begins with a SYN after another has ended. Who is the client says the piece with the best evidence.</para>
/// <para>What an end sent is counted for each place where it was captured: pieces of one place follow each other in time and are added up. Of several
/// places, which saw the same segments, the larger number counts; a place that saw one direction alone does not count for the other.</para>
/// </remarks>
public static class ConversationMerge
{
    /// <summary>Merges.</summary>
    /// <param name="pieces">Conversations and pieces of conversations, in any order.</param>
    /// <returns>Whole conversations by the time of their first segments.</returns>
    public static IReadOnlyList<ConversationData> Merge(IEnumerable<ConversationData> pieces)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        var wholes = new List<ConversationPieces>();
        var latest = new Dictionary<(string, string), ConversationPieces>();
        var byNumber = new Dictionary<(string From, string To, uint Number), ConversationPieces>();
        foreach (ConversationData piece in pieces.OrderBy(piece => piece.Start.Nanoseconds).ThenBy(piece => piece.End.Nanoseconds).ThenBy(piece => piece.Stream))
        {
            // The initial numbers tell most: two places may have seen the next connection of the same ends long ago.
            (string client, string server) = (piece.Client.ToString(), piece.Server.ToString());
            (string, string) ends = string.CompareOrdinal(client, server) <= 0 ? (client, server) : (server, client);
            ConversationPieces? Of(string from, string to, uint? number) => number is { } known ? byNumber.GetValueOrDefault((from, to, known)) : null;
            ConversationPieces? whole = new[] { Of(client, server, piece.Client.InitialSequenceNumber), Of(server, client, piece.Server.InitialSequenceNumber), latest.GetValueOrDefault(ends) }
                .FirstOrDefault(candidate => candidate?.Continues(piece) ?? false);
            if (whole is null)
            {
                wholes.Add(whole = latest[ends] = new());
            }

            whole.Add(piece);
            Note(client, server, piece.Client.InitialSequenceNumber);
            Note(server, client, piece.Server.InitialSequenceNumber);

            void Note(string from, string to, uint? number)
            {
                if (number is { } known)
                {
                    byNumber[(from, to, known)] = whole;
                }
            }
        }

        return [.. wholes.Select(whole => Join(whole.All))];
    }

    private static ConversationData Join(IReadOnlyList<ConversationData> pieces)
    {
        if (pieces.Count == 1)
        {
            return pieces[0];
        }

        ConversationData best = pieces.MinBy(piece => piece.RolesFrom)!;
        List<ConversationData> all = [.. pieces.Select(piece => ConversationTurn.WithClient(piece, best.Client.ToString()))];
        List<ConversationData> byEnd = [.. all.OrderBy(piece => piece.End.Nanoseconds)];
        ConversationCompleteness completeness = all.Aggregate(ConversationCompleteness.None, (seen, piece) => seen | piece.Completeness);
        ConversationSideData client = Join(all, byEnd, piece => piece.Client);
        ConversationSideData server = Join(all, byEnd, piece => piece.Server);
        IReadOnlyList<IReadOnlyList<ConversationData>> places = ConversationPieces.ByPlace(all);
        ZeekHistory history = ZeekHistory.Of(places);
        ConversationEnding ended = ConversationClosing.EndedOf(all);
        (TcpState? clientState, TcpState? serverState) = ConversationStates.Of(byEnd, ended);

        // Of a SYN that was sent again the history has the first time, and the round trip begins with the last.
        (TimeSpan? handshakeRtt, TimeSpan? serverRtt) = all.Find(piece => piece.HandshakeRtt is not null) is { } complete ? (complete.HandshakeRtt, complete.ServerRtt)
            : client.Syns == 1 ? history.Handshake
            : (null, null);
        return all[0] with
        {
            Host = Names(all.Select(piece => piece.Host)),
            File = Names(all.Select(piece => piece.File)),
            Parts = all.Sum(piece => piece.Parts),
            End = byEnd[^1].End,
            LastFrame = byEnd[^1].LastFrame,
            RolesFrom = best.RolesFrom,
            Completeness = completeness,
            Ended = ended,
            ClientState = clientState,
            ServerState = serverState,
            HandshakeRtt = handshakeRtt,
            ServerRtt = serverRtt,
            ZeekState = ZeekSummary.ConnectionState(client, server, completeness, history.BeganWithSynAck),
            ZeekHistory = history.Text,
            ZeekHistoryTimes = history.TimesSince(all[0].Start),
            Fragments = places.Max(place => place.Sum(piece => piece.Fragments)),
            Malformed = places.Max(place => place.Sum(piece => piece.Malformed)),
            IcmpErrors = places.Max(place => place.Sum(piece => piece.IcmpErrors)),
            Client = client,
            Server = server,
        };
    }

    // One end: what each place saw of it, added up, and of several places the larger numbers.
    private static ConversationSideData Join(List<ConversationData> all, List<ConversationData> byEnd, Func<ConversationData, ConversationSideData> side)
    {
        ConversationSideData joined = ConversationPieces.ByPlace(all.Where(piece => side(piece).Packets > 0))
            .Select(place => place.Select(side).Aggregate((sum, piece) => Join(sum, piece, overlap: false)))
            .DefaultIfEmpty(side(all[0]))
            .Aggregate((sum, place) => Join(sum, place, overlap: true));
        return joined with { Window = side(byEnd.FindLast(piece => side(piece).Packets > 0) ?? all[0]).Window };
    }

    private static string Names(IEnumerable<string> names) => string.Join(';', names.SelectMany(name => name.Split(';')).Where(name => name.Length > 0).Distinct());

    private static ConversationSideData Join(ConversationSideData whole, ConversationSideData piece, bool overlap) => whole with
    {
        Packets = Count(whole.Packets, piece.Packets, overlap),
        Bytes = Count(whole.Bytes, piece.Bytes, overlap),
        UniqueBytes = Count(whole.UniqueBytes, piece.UniqueBytes, overlap),
        DataPackets = Count(whole.DataPackets, piece.DataPackets, overlap),
        ProvenSpuriousRetransmissions = Count(whole.ProvenSpuriousRetransmissions, piece.ProvenSpuriousRetransmissions, overlap),
        RepeatedSegments = Count(whole.RepeatedSegments, piece.RepeatedSegments, overlap),
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
        MinimumWindow = piece.MinimumWindow < whole.MinimumWindow ? piece.MinimumWindow : whole.MinimumWindow ?? piece.MinimumWindow,
        MaximumWindow = piece.MaximumWindow > whole.MaximumWindow ? piece.MaximumWindow : whole.MaximumWindow ?? piece.MaximumWindow,
        Rtt = Join(whole.Rtt, piece.Rtt, overlap),
        TimestampRtt = Join(whole.TimestampRtt, piece.TimestampRtt, overlap),
        Analysis = Join(whole.Analysis, piece.Analysis, overlap),
    };

    private static RttData? Join(RttData? whole, RttData? piece, bool overlap)
    {
        if (whole is null || piece is null)
        {
            return whole ?? piece;
        }

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

    // Null is what nobody asked for.
    private static int? Count(int? whole, int? piece, bool overlap) => whole is { } one && piece is { } other ? Count(one, other, overlap) : whole ?? piece;

    private static int Count(int whole, int piece, bool overlap) => overlap ? Math.Max(whole, piece) : whole + piece;

    private static long Count(long whole, long piece, bool overlap) => overlap ? Math.Max(whole, piece) : whole + piece;
}
