using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tables;

/// <summary>The pieces of one conversation, found one after the other in the order of their starts.</summary>
internal sealed class ConversationPieces
{
    // No TCP sends its SYN again so soon (RFC 6298 2.4 says a second): nearer ones are one, seen twice.
    private const long SynInterval = 200_000_000;

    private readonly List<ConversationData> _pieces = [];
    private readonly Dictionary<string, uint> _initialNumbers = [];
    private Timestamp _end = new(long.MinValue);

    /// <summary>The pieces, by the time of their first segments.</summary>
    public IReadOnlyList<ConversationData> All => _pieces;

    /// <summary>Whether a piece belongs to the others: no initial sequence number tells it apart, and it does not begin anew after their end.</summary>
    public bool Continues(ConversationData piece)
    {
        if (IsAnother(piece.Client) || IsAnother(piece.Server))
        {
            return false;
        }

        // A SYN after the end begins another one, unless it is the very same SYN, seen from elsewhere.
        bool begins = piece.Completeness.HasFlag(ConversationCompleteness.Syn);
        return !begins || piece.Start <= _end || _initialNumbers.ContainsKey(piece.Client.ToString());
    }

    /// <summary>Adds a piece that belongs to the others.</summary>
    public void Add(ConversationData piece)
    {
        _pieces.Add(piece);
        _end = piece.End > _end ? piece.End : _end;
        foreach (ConversationSideData side in new[] { piece.Client, piece.Server })
        {
            if (side.InitialSequenceNumber is { } number)
            {
                _initialNumbers.TryAdd(side.ToString(), number);
            }
        }
    }

    /// <summary>
    /// Divides pieces by the places where they were captured: those of one place follow each other in time, and of two places that a piece might be from
    /// it is from the more similar one.
    /// </summary>
    /// <param name="pieces">Pieces with the same client, by the time of their first segments.</param>
    public static IReadOnlyList<IReadOnlyList<ConversationData>> ByPlace(IEnumerable<ConversationData> pieces)
    {
        var places = new List<List<ConversationData>>();
        foreach (ConversationData piece in pieces)
        {
            List<ConversationData>? place = places.Where(place => Follows(piece, place)).MaxBy(place => Likeness(piece, place[^1]));
            if (place is null)
            {
                places.Add([piece]);
            }
            else
            {
                place.Add(piece);
            }
        }

        return places;
    }

    private bool IsAnother(ConversationSideData side) =>
        side.InitialSequenceNumber is { } number && _initialNumbers.TryGetValue(side.ToString(), out uint known) && known != number;

    // Whether the piece begins where the one before ends, so that none of its segments is in both.
    private static bool Follows(ConversationData piece, List<ConversationData> place)
    {
        ConversationData before = place[^1];
        if (piece.FirstFrame > 0 && piece.File.Length > 0 && piece.File == before.File && piece.Host == before.Host)
        {
            return piece.FirstFrame > before.LastFrame;
        }

        // Clocks differ; but what begins twice was seen twice, unless the SYN was sent again after a second, or comes late, without the answer that it
        // had where both directions are seen.
        const ConversationCompleteness Syn = ConversationCompleteness.Syn;
        const ConversationCompleteness Handshake = Syn | ConversationCompleteness.SynAck;
        bool isBegun = (before.Completeness & (ConversationCompleteness.Ack | ConversationCompleteness.Data)) != 0;
        bool isLate = (before.Completeness & Handshake & ~piece.Completeness) != 0 && piece.Server.Packets > 0;
        if (piece.Completeness.HasFlag(Syn) && before.Completeness.HasFlag(Syn) && !isLate
            && (isBegun || piece.Start.Nanoseconds - before.Start.Nanoseconds < SynInterval))
        {
            return false;
        }

        // A file may end between segments of one time. Where there is nothing else they might as well be the same ones, seen twice; then they look alike.
        return piece.Start > before.End
            || (piece.Start == before.End && (place.Count > 1 || before.Start < before.End || piece.Start < piece.End || !AreAlike(piece, before)));
    }

    private static bool AreAlike(ConversationData one, ConversationData other) =>
        (one.Client.Packets, one.Client.Bytes, one.Server.Packets, one.Server.Bytes, one.Completeness)
        == (other.Client.Packets, other.Client.Bytes, other.Server.Packets, other.Server.Bytes, other.Completeness);

    // The same machine, the same directions, names that begin alike, a pause, and that the shorter one.
    private static (bool SameHost, bool SameDirections, int SameLetters, bool IsLater, long End) Likeness(ConversationData piece, ConversationData before) => (
        piece.Host == before.Host,
        (piece.Client.Packets > 0, piece.Server.Packets > 0) == (before.Client.Packets > 0, before.Server.Packets > 0),
        piece.File.AsSpan().CommonPrefixLength(before.File),
        piece.Start > before.End,
        before.End.Nanoseconds);
}
