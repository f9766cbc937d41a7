namespace TcpShell.Diagrams;

/// <summary>The columns in which segments on their way wait, and where on an arrow there is room.</summary>
internal sealed class LadderTracks
{
    // Cells of line and blank on either side of a label, and where there is little room.
    private const int Margin = 3;
    private const int NarrowMargin = 2;
    private const int Crossing = 100;
    private const int Touching = 30;

    private readonly int[] _lanes;
    private readonly List<(Arrow Arrow, int Column)> _tracks = [];
    private readonly Dictionary<Arrow, int> _followers = new(ReferenceEqualityComparer.Instance);

    /// <summary>Starts with nothing on its way.</summary>
    /// <param name="lanes">The columns of the lanes.</param>
    /// <param name="events">What will happen.</param>
    public LadderTracks(int[] lanes, IReadOnlyList<LadderEvent> events)
    {
        _lanes = lanes;
        var waiting = new List<Arrow>();
        foreach (LadderEvent item in events.Where(item => item.Kind == LadderEventKind.Departure))
        {
            Arrow departing = item.Arrow!;
            waiting.RemoveAll(arrow => arrow.Segment.Arrived <= item.Time);
            foreach (Arrow arrow in waiting.Where(arrow => arrow.From == departing.From && arrow.To == departing.To))
            {
                _followers[arrow]++;
            }

            if (departing.TakesTime)
            {
                waiting.Add(departing);
                _followers[departing] = 0;
            }
        }
    }

    /// <summary>Segments on their way.</summary>
    public int Count => _tracks.Count;

    /// <summary>The columns that are taken.</summary>
    public IEnumerable<int> Columns => _tracks.Select(track => track.Column);

    /// <summary>The column of a segment; null if it has none.</summary>
    public int? Find(Arrow arrow)
    {
        int index = _tracks.FindIndex(track => ReferenceEquals(track.Arrow, arrow));
        return index < 0 ? null : _tracks[index].Column;
    }

    /// <summary>Gives a segment its column.</summary>
    public void Keep(Arrow arrow, int column) => _tracks.Add((arrow, column));

    /// <summary>Takes a segment's column back.</summary>
    public void Release(Arrow arrow) => _tracks.RemoveAll(track => ReferenceEquals(track.Arrow, arrow));

    /// <summary>Looks for a column with room for the label before it and with the fewest crossings.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryFind(Arrow arrow, int labelLength, out int column, out int labelAt)
    {
        int from = _lanes[arrow.From];
        int to = _lanes[arrow.To];
        int step = to > from ? 1 : -1;

        // Those that follow while it is on its way will wait between the label and this one.
        int distance = labelLength + (2 * Margin) + (2 * _followers.GetValueOrDefault(arrow));
        int preferred = from + (step * Math.Max(distance, Math.Abs(to - from) * 6 / 10));
        column = labelAt = -1;
        int least = int.MaxValue;
        for (int candidate = from + (2 * step); (to - candidate) * step > 2; candidate += step)
        {
            int place = 0;
            if (IsTaken(candidate) || (labelLength > 0 && !TryPlaceLabel(from, candidate, labelLength, NarrowMargin, out place)))
            {
                continue;
            }

            int cost = Math.Abs(candidate - preferred) + Cost(arrow, candidate, from, to);
            if (cost < least)
            {
                (least, column, labelAt) = (cost, candidate, place);
            }
        }

        if (column >= 0 && TryPlaceLabel(from, column, labelLength, Margin, out int roomy))
        {
            labelAt = roomy;
        }

        return column >= 0;
    }

    /// <summary>Looks for a place for a label on an arrow: nearest to the sender where it covers no line, else next to the sender.</summary>
    /// <param name="from">The sender's column.</param>
    /// <param name="to">The column before which it must end.</param>
    /// <param name="length">The label's length.</param>
    /// <param name="place">Where the blank before the label goes.</param>
    /// <returns>Whether it is short enough.</returns>
    public bool TryPlaceLabel(int from, int to, int length, out int place)
    {
        bool isFree = TryPlaceLabel(from, to, length, Margin, out place) || TryPlaceLabel(from, to, length, NarrowMargin, out place);
        if (!isFree)
        {
            place = to > from ? from + NarrowMargin : from - NarrowMargin - 1 - length;
        }

        return isFree || length + (2 * NarrowMargin) < Math.Abs(to - from);
    }

    /// <summary>The place for the end of an arrow that does not arrive: well on its way, but before it meets other lines.</summary>
    /// <param name="from">The sender's column.</param>
    /// <param name="to">The receiver's column.</param>
    /// <param name="behind">The column after which it must be.</param>
    public int PlaceEnd(int from, int to, int behind)
    {
        int step = to > from ? 1 : -1;
        int goal = from + ((to - from) * 6 / 10);
        int column = behind + (2 * step);
        while ((goal - column) * step > 0 && !IsTaken(column + step))
        {
            column += step;
        }

        return (to - column) * step > 0 ? column : to - step;
    }

    /// <summary>Whether no line goes down through the columns from one to another.</summary>
    public bool IsFree(int left, int right)
    {
        for (int column = left; column <= right; column++)
        {
            if (IsTaken(column))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryPlaceLabel(int from, int to, int length, int margin, out int place)
    {
        int step = to > from ? 1 : -1;
        int needed = length + (2 * margin);
        int run = 0;
        for (int column = from + step; column != to; column += step)
        {
            run = IsTaken(column) ? 0 : run + 1;
            if (run == needed)
            {
                place = (step > 0 ? column - needed + 1 : column) + margin - 1;
                return true;
            }
        }

        place = -1;
        return false;
    }

    private bool IsTaken(int column) => Array.IndexOf(_lanes, column) >= 0 || _tracks.Exists(track => track.Column == column);

    private int Cost(Arrow arrow, int candidate, int from, int to)
    {
        int cost = 0;
        foreach ((Arrow other, int column) in _tracks)
        {
            bool crossesDeparting = IsBetween(column, from, candidate);
            bool crossesArriving = IsBetween(column, candidate, to) && other.Segment.Arrived > arrow.Segment.Arrived;

            // The other's last part crosses this track if it arrives before this one does and this track is in its way.
            bool isCrossed = other.Segment.Arrived <= arrow.Segment.Arrived && IsBetween(candidate, column, _lanes[other.To]);
            cost += (crossesDeparting ? Crossing : 0) + (crossesArriving ? Crossing : 0) + (isCrossed ? Crossing : 0);
            cost += Math.Abs(column - candidate) < 2 ? Touching : 0;
        }

        return cost;
    }

    private static bool IsBetween(int column, int one, int other) => column > Math.Min(one, other) && column < Math.Max(one, other);
}
