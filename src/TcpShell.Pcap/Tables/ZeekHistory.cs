using System.Globalization;
using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tables;

/// <summary>One history of several pieces, in the words of Zeek's conn.log: a letter for the first of each kind of packet, upper case for the client.</summary>
/// <remarks>
/// Pieces of one place follow each other. A direction that the place with the longest history did not see comes from the one that saw most of it, letter by
/// letter in the order of time; of the same time those of the piece that began first come first. What is counted begins anew with each piece.
/// </remarks>
internal sealed class ZeekHistory
{
    private const char Flip = '^';
    private readonly List<Letter> _letters;

    private ZeekHistory(IEnumerable<Letter> letters) => _letters = [.. letters];

    /// <summary>The letters.</summary>
    public string Text => string.Concat(_letters.Select(letter => letter.Kind));

    /// <summary>Whether the first packet was the server's SYN,ACK.</summary>
    public bool BeganWithSynAck => _letters is [{ Kind: Flip }, ..];

    /// <summary>
    /// The round trip of a handshake whose segments are in several pieces, and the server's part of it: from the SYN to the SYN,ACK and to what the client sent
    /// then. Null where one of them is missing, or the client sent anything else before.
    /// </summary>
    public (TimeSpan? Rtt, TimeSpan? ServerRtt) Handshake
    {
        get
        {
            int answer = _letters.FindIndex(letter => letter.Kind == 'h');
            int next = _letters.FindIndex(letter => letter.Kind is 'A' or 'D' or 'F');
            if (_letters is not [{ Kind: 'S', Time: { } syn }, ..] || answer < 0 || next < answer || _letters[next].Time is not { } ack || _letters[answer].Time is not { } synAck)
            {
                return (null, null);
            }

            return (new(Math.Max(0, ack - syn) / 100), synAck >= syn ? new((synAck - syn) / 100) : null);
        }
    }

    /// <summary>When the first segment of a kind was captured; null where a piece does not tell it.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="kind">The letter.</param>
    public static long? TimeOf(ConversationData piece, char kind) => LettersOf(piece).FirstOrDefault(letter => letter.Kind == kind)?.Time;

    /// <summary>Joins the histories of all places.</summary>
    /// <param name="places">The pieces of each, all with the same client, by the time of their first segments.</param>
    public static ZeekHistory Of(IEnumerable<IReadOnlyList<ConversationData>> places)
    {
        List<ZeekHistory> all = [.. places.Select(Of)];
        ZeekHistory joined = all.MaxBy(history => history._letters.Count)!;
        int place = all.IndexOf(joined);
        foreach (Func<char, bool> isOwn in new Func<char, bool>[] { char.IsUpper, char.IsLower })
        {
            if (!joined._letters.Exists(letter => isOwn(letter.Kind)))
            {
                List<List<Letter>> others = [.. all.Select(history => history._letters.FindAll(letter => isOwn(letter.Kind)))];
                List<Letter> other = others.MaxBy(letters => letters.Count)!;
                joined = new(others.IndexOf(other) < place ? Interleave(other, joined._letters) : Interleave(joined._letters, other));
            }
        }

        // The first packet of all was a SYN,ACK, not only the first one of a tap that sees nothing else.
        Letter? first = all.SelectMany(history => history._letters.Take(1)).MinBy(letter => letter.Time);
        return first?.Kind == Flip ? joined : new(joined._letters.Where(letter => letter.Kind != Flip));
    }

    /// <summary>The times of the letters, as <see cref="ConversationData.ZeekHistoryTimes"/> has them.</summary>
    /// <param name="start">When the whole began.</param>
    public string TimesSince(Timestamp start) => _letters.Exists(letter => letter.Time is null)
        ? ""
        : string.Join(';', _letters.Select(letter => (letter.Time!.Value - start.Nanoseconds).ToString(CultureInfo.InvariantCulture)));

    // Where a piece goes on, letters that are written once are there already.
    private static ZeekHistory Of(IReadOnlyList<ConversationData> place)
    {
        var seen = new HashSet<char>();
        return new(place.SelectMany(LettersOf).Where(letter => seen.Add(letter.Kind) || !ZeekSummary.IsWrittenOnce(letter.Kind)));
    }

    private static IEnumerable<Letter> LettersOf(ConversationData piece)
    {
        string[] times = piece.ZeekHistoryTimes.Split(';');
        return piece.ZeekHistory.Select((kind, index) => new Letter(
            kind,
            times.Length == piece.ZeekHistory.Length && long.TryParse(times[index], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long since) ? piece.Start.Nanoseconds + since : null));
    }

    // Each list keeps its own order, also where a clock went back. Without times nothing is known of the order, and the later ones follow.
    private static IEnumerable<Letter> Interleave(List<Letter> first, List<Letter> second)
    {
        int taken = 0;
        foreach (Letter letter in first)
        {
            while (taken < second.Count && second[taken].Time < letter.Time)
            {
                yield return second[taken++];
            }

            yield return letter;
        }

        foreach (Letter letter in second.Skip(taken))
        {
            yield return letter;
        }
    }

    private sealed record Letter(char Kind, long? Time);
}
