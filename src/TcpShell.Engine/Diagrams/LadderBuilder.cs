using System.Globalization;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Diagrams;

/// <summary>Makes a <see cref="Ladder"/> of segments and changes of state.</summary>
internal sealed class LadderBuilder
{
    // Of a folded run so many segments are drawn before and after the fold.
    private const int KeptBefore = 4;
    private const int KeptAfter = 2;

    // A capture may have thousands of hosts; from here on they share a lane.
    private const int MostLanes = 10;

    private readonly List<Lane> _lanes = [];
    private readonly Dictionary<string, int> _laneOfName = [];
    private readonly Dictionary<Endpoint, int> _laneOfEndpoint = [];
    private readonly List<LadderEvent> _events = [];
    private readonly HashSet<(Endpoint Source, Endpoint Destination)> _conversations = [];
    private readonly SegmentRecord[] _segments;
    private readonly StateChange[] _changes;
    private readonly DiagramOptions _options;
    private readonly bool _namesConnections;

    private LadderBuilder(IEnumerable<SegmentRecord> segments, IEnumerable<StateChange>? stateChanges, DiagramOptions options)
    {
        _options = options;
        _segments = [.. segments];
        foreach (SegmentRecord segment in _segments)
        {
            AddLane(segment.From, segment.Source, segment.Destination);
            AddLane(segment.To, segment.Destination, segment.Source);
            _conversations.Add((segment.Source, segment.Destination));
        }

        _changes = [.. (stateChanges ?? _segments.SelectMany(segment => segment.StateChanges)).Where(Concerns)];
        _namesConnections = _changes
            .Where(change => change.ConnectionId != 0)
            .GroupBy(LaneOf)
            .Any(lane => lane.DistinctBy(change => change.ConnectionId).Count() > 1);
    }

    public static Ladder Build(IEnumerable<SegmentRecord> segments, IEnumerable<StateChange>? stateChanges, DiagramOptions options) =>
        new LadderBuilder(segments, stateChanges, options).Build();

    private Ladder Build()
    {
        for (int lane = 0; lane < _lanes.Count; lane++)
        {
            _lanes[lane].InitialState = _changes.FirstOrDefault(change => LaneOf(change) == lane)?.From.ToString() ?? "";
        }

        AddSegments();

        // An arrival's first change stands where the arrow ends; what follows from it at once stands by itself.
        var atArrivals = new HashSet<StateChange>(_segments.SelectMany(segment => segment.StateChanges.Take(1)));
        ILookup<(Timestamp Time, int Lane), int> departures = Enumerable.Range(0, _events.Count)
            .Where(index => _events[index].Kind == LadderEventKind.Departure)
            .ToLookup(index => (_events[index].Time, _events[index].Lane));
        foreach (StateChange change in _changes.Where(change => !atArrivals.Contains(change)))
        {
            AddState(change, departures);
        }

        // In a capture the first segment is the only beginning that everybody can agree on.
        Timestamp origin = _segments is [{ Reason: null } first, ..] ? first.Time : Timestamp.Zero;
        return new Ladder(_lanes, [.. _events.OrderBy(item => item.Time).ThenBy(item => item.Order)], origin);
    }

    private void AddLane(string host, Endpoint own, Endpoint other)
    {
        string name = NameOf(host, own, other);
        if (!_laneOfName.TryGetValue(name, out int lane))
        {
            lane = Math.Min(_lanes.Count, MostLanes - 1);
            _laneOfName.Add(name, lane);
            if (lane == _lanes.Count)
            {
                _lanes.Add(new Lane(name));
            }
            else
            {
                _lanes[lane] = _lanes[lane] with { Name = "other hosts" };
            }
        }

        if (_laneOfEndpoint.TryAdd(own, lane))
        {
            _lanes[lane].Endpoints.Add(own);
        }
    }

    private int LaneOf(string host, Endpoint own, Endpoint other) => _laneOfName[NameOf(host, own, other)];

    // Both ends of a captured conversation may have the same address; then the ports tell them apart.
    private static string NameOf(string host, Endpoint own, Endpoint other) =>
        host.Length > 0 ? host : own.Address == other.Address ? own.ToString() : own.Address.ToString();

    private int LaneOf(StateChange change) =>
        _laneOfName.TryGetValue(change.Host, out int lane) || _laneOfEndpoint.TryGetValue(change.Local, out lane) ? lane : -1;

    // A network's list of changes has those of all its connections; only those whose segments are drawn are of interest.
    private bool Concerns(StateChange change)
    {
        int index = LaneOf(change);
        return index >= 0 && (change.Remote.Address.IsUnspecified
            ? _lanes[index].Endpoints.Exists(own => own.Port == change.Local.Port)
            : _conversations.Contains((change.Local, change.Remote)) || _conversations.Contains((change.Remote, change.Local)));
    }

    private void AddSegments()
    {
        int next = 0;
        while (next < _segments.Length)
        {
            int end = next;
            while (end < _segments.Length && IsOrdinary(_segments[end]))
            {
                end++;
            }

            bool isFolded = _options.FoldRunsOver > 0 && end - next > Math.Max(_options.FoldRunsOver, KeptBefore + KeptAfter);
            if (isFolded)
            {
                AddSegments(next, next + KeptBefore);
                AddFold(_segments.AsSpan()[(next + KeptBefore)..(end - KeptAfter)]);
                AddSegments(end - KeptAfter, end);
                next = end;
            }
            else
            {
                // The segment that ended the run, if there is one, is drawn as well.
                int through = Math.Min(end + 1, _segments.Length);
                AddSegments(next, through);
                next = through;
            }
        }
    }

    private void AddSegments(int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            AddSegment(_segments[i]);
        }
    }

    private static bool IsOrdinary(SegmentRecord segment) =>
        !segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.FIN | TcpFlags.RST | TcpFlags.URG)
        && segment.Reason is null or TransmitReason.Data or TransmitReason.Acknowledgment
        && segment.Fate is PacketFate.Delivered or PacketFate.Unknown
        && segment.FateText.Length == 0
        && segment.Verdict is null or { Fate: SegmentFate.Accepted }
        && segment.StateChanges.Count == 0
        && segment.Remark.Length == 0
        && segment.Window > 0
        && segment.Icmp is null;

    private void AddFold(ReadOnlySpan<SegmentRecord> segments)
    {
        int dataSegments = 0;
        foreach (SegmentRecord segment in segments)
        {
            dataSegments += segment.Length > 0 ? 1 : 0;
        }

        string text = string.Join(", ", new[]
        {
            Count(dataSegments, "data segment"),
            Count(segments.Length - dataSegments, "ACK"),
        }.Where(part => part.Length > 0));
        SegmentRecord first = segments[0];
        _events.Add(new LadderEvent(first.Time, LadderEventKind.Fold, LaneOf(first.From, first.Source, first.Destination))
        {
            Text = $"... {text} ...",
            Order = DepartureOrder(first),
        });
    }

    private static string Count(int count, string what) =>
        count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{count} more {what}{(count == 1 ? "" : "s")}");

    private void AddSegment(SegmentRecord segment)
    {
        ArrowEnd end = segment.Fate switch
        {
            PacketFate.Lost => ArrowEnd.Lost,
            PacketFate.Unreachable => ArrowEnd.Refused,
            PacketFate.InFlight => ArrowEnd.OnItsWay,
            _ => ArrowEnd.Arrived,
        };
        int from = LaneOf(segment.From, segment.Source, segment.Destination);
        int to = LaneOf(segment.To, segment.Destination, segment.Source);
        var arrow = new Arrow(segment, from, to, end)
        {
            Label = LadderLabels.Label(segment, _options.Absolute),
            Mark = LadderLabels.Mark(segment),
            Remark = LadderLabels.Remark(segment),
        };
        long order = DepartureOrder(segment);
        _events.Add(new LadderEvent(segment.Time, LadderEventKind.Departure, from) { Arrow = arrow, Order = order });
        if (end != ArrowEnd.Arrived || segment.Arrived is not { } arrived)
        {
            return;
        }

        StateChange? change = segment.StateChanges.Count > 0 ? segment.StateChanges[0] : null;
        _events.Add(new LadderEvent(arrived, LadderEventKind.Arrival, to)
        {
            Arrow = arrow,
            Change = change,
            State = change is null ? "" : StateText(change),
            Order = arrow.TakesTime ? 0 : order + 1,
        });
    }

    // What arrives comes before what changes, and that before what departs; a segment that needs no time arrives before the next departs.
    private static long DepartureOrder(SegmentRecord segment) => 2L * segment.Number;

    // What a user did to send a SYN, FIN or RST stands beside that segment; everything else stands by itself.
    private void AddState(StateChange change, ILookup<(Timestamp Time, int Lane), int> departures)
    {
        int lane = LaneOf(change);
        TcpFlags sent = change.To switch
        {
            TcpState.SynSent or TcpState.SynReceived => TcpFlags.SYN,
            TcpState.FinWait1 or TcpState.LastAck => TcpFlags.FIN,
            TcpState.Closed => TcpFlags.RST,
            _ => TcpFlags.None,
        };
        int departure = departures[(change.Time, lane)].Where(index => Fits(_events[index], sent, change)).FirstOrDefault(-1);
        int passing = departure >= 0 ? -1 : FindPassing(change, lane);
        if (departure >= 0)
        {
            _events[departure] = _events[departure] with { State = StateText(change), Change = change };
        }
        else if (passing >= 0)
        {
            _events[passing] = _events[passing].Lane == lane ? _events[passing] with { State = StateText(change), Change = change } : _events[passing] with { Reached = StateText(change) };
        }
        else
        {
            _events.Add(new LadderEvent(change.Time, LadderEventKind.State, lane) { State = StateText(change), Change = change, Order = 1 });
        }
    }

    // A capture shows a change when a segment passes that tells of it: one that the end sent, or one that reached it. It stands beside that. Of several
    // changes that one sent segment tells of, an arrival and the user's answer to it, only the last one does: the others come before it.
    private int FindPassing(StateChange change, int lane) => _events.FindIndex(passing =>
        passing is { Kind: LadderEventKind.Departure, Arrow: { Segment.Reason: null, TakesTime: false } arrow }
        && passing.Time == change.Time
        && passing.StateOf(lane).Length == 0
        && ((arrow.Segment.Source == change.Local && arrow.Segment.Destination == change.Remote && passing.Change is null && change == LastOf(change))
            || (arrow.Segment.Destination == change.Local && arrow.Segment.Source == change.Remote)));

    private StateChange LastOf(StateChange change) =>
        Array.FindLast(_changes, other => other.Time == change.Time && other.Local == change.Local && other.Remote == change.Remote)!;

    private static bool Fits(LadderEvent departure, TcpFlags sent, StateChange change) =>
        departure.Change is null && departure.Arrow!.Segment.Flags.HasAny(sent) && departure.Arrow.Segment.Source == change.Local;

    private string StateText(StateChange change) => _namesConnections && change.ConnectionId != 0
        ? string.Create(CultureInfo.InvariantCulture, $"{change.To} #{change.ConnectionId}")
        : change.To.ToString();
}
