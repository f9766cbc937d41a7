using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Exploration;

/// <summary>One of the things that can happen next.</summary>
/// <param name="Kind">What.</param>
/// <param name="Number">To which: a packet's number, or the index of a host or a call.</param>
/// <param name="IsFault">Whether it counts as a fault.</param>
internal readonly record struct Choice(ExplorationStepKind Kind, int Number, bool IsFault);

/// <summary>A scenario on one course of events. The same choices lead to the same state, always.</summary>
internal sealed class ScenarioRun
{
    private readonly Scenario _scenario;
    private readonly bool[] _callsMade;

    // The packets that are no longer in line: each comes whenever it likes.
    private readonly HashSet<int> _late = [];

    public ScenarioRun(Scenario scenario)
    {
        _scenario = scenario;
        _callsMade = new bool[scenario.Calls.Count];
        Network = scenario.Build();
    }

    public SimulatedNetwork Network { get; }

    public IReadOnlyList<bool> CallsMade => _callsMade;

    public bool IsLate(TracedPacket packet) => _late.Contains(packet.Number);

    /// <summary>
    /// Everything that can happen now; none where it has come to an end. What would happen by itself stands first: what a user can do, else
    /// what comes first in time.
    /// </summary>
    public List<Choice> Choices()
    {
        var choices = new List<Choice>();
        choices.AddRange(CallsPossible().Select(call => new Choice(ExplorationStepKind.Call, call, false)));
        List<(Timestamp At, TracedPacket Packet)> underway = DifferentPackets();
        List<(Timestamp At, TracedPacket Packet)> next = underway.Where(planned => !IsLate(planned.Packet)).DistinctBy(planned => planned.Packet.From).ToList();
        List<Choice> timers = TimersPossible(underway, next.Count > 0 ? next[0].At : null, mustWait: choices.Count > 0).ToList();
        choices.AddRange(timers.Where(timer => !timer.IsFault));
        choices.AddRange(next.Select(planned => new Choice(ExplorationStepKind.Deliver, planned.Packet.Number, false)));
        choices.AddRange(underway.Where(planned => IsLate(planned.Packet)).Select(planned => new Choice(ExplorationStepKind.Deliver, planned.Packet.Number, false)));
        choices.AddRange(timers.Where(timer => timer.IsFault));

        // What becomes of a packet is decided when its turn comes: nobody could tell if it had been decided before.
        foreach ((_, TracedPacket packet) in next)
        {
            choices.Add(new Choice(ExplorationStepKind.Lose, packet.Number, true));
            choices.Add(new Choice(ExplorationStepKind.Duplicate, packet.Number, true));
            choices.Add(new Choice(ExplorationStepKind.Delay, packet.Number, true));
        }

        return choices;
    }

    public void Make(Choice choice)
    {
        switch (choice.Kind)
        {
            case ExplorationStepKind.Call:
                _callsMade[choice.Number] = true;
                _scenario.Calls[choice.Number].Do(Network);
                break;
            case ExplorationStepKind.Deliver:
                Network.Deliver(Packet(choice));
                break;
            case ExplorationStepKind.Lose:
                Network.Lose(Packet(choice));
                break;
            case ExplorationStepKind.Duplicate:
                Network.Duplicate(Packet(choice));
                break;
            case ExplorationStepKind.Delay:
                _late.Add(choice.Number);
                break;
            case ExplorationStepKind.Timer:
                Network.FireTimer(Network.Hosts[choice.Number]);
                break;
        }
    }

    /// <summary>A choice in words, before it is made.</summary>
    public string Describe(Choice choice)
    {
        switch (choice.Kind)
        {
            case ExplorationStepKind.Call:
                UserCall call = _scenario.Calls[choice.Number];
                return $"{call.Host}: {call.Text}";
            case ExplorationStepKind.Timer:
                TcpHost host = Network.Hosts[choice.Number];
                IEnumerable<string> due = host.Connections
                    .SelectMany(connection => connection.Timers.Where(timer => timer.Value == host.PollTimeout()))
                    .Select(timer => timer.Key.ToString())
                    .Distinct();
                return $"{host.Name}: timer {string.Join(", ", due)} fires{(choice.IsFault ? " early" : "")}";
            default:
                TracedPacket packet = Packet(choice);
                string copy = packet.CopyOf > 0 ? $", copy of {packet.CopyOf}" : "";
                string verb = choice.Kind.ToString().ToLowerInvariant();
                return $"{verb} packet {packet.Number} ({Describe(packet)}, {packet.From} -> {packet.To}{copy})";
        }
    }

    private static string Describe(TracedPacket packet)
    {
        DecodedPacket decoded = packet.Decode();
        int data = decoded.Segment.Payload.Length;
        return data > 0 ? $"{decoded.Segment.Flags}, {data} octets" : decoded.Segment.Flags.ToString();
    }

    private TracedPacket Packet(Choice choice) => Network.Underway.First(packet => packet.Number == choice.Number);

    private IEnumerable<int> CallsPossible()
    {
        var busy = new HashSet<string>();
        for (int i = 0; i < _callsMade.Length; i++)
        {
            UserCall call = _scenario.Calls[i];
            if (!_callsMade[i] && busy.Add(call.Host) && call.When(Network))
            {
                yield return i;
            }
        }
    }

    /// <summary>The packets on their way; of equal ones that are late one only, since which of them arrives makes no difference.</summary>
    private List<(Timestamp At, TracedPacket Packet)> DifferentPackets()
    {
        var seen = new HashSet<string>();
        return Network.PlannedArrivals
            .Where(planned => !IsLate(planned.Packet) || seen.Add(Convert.ToHexString(StateFingerprint.Content(planned.Packet))))
            .ToList();
    }

    /// <summary>
    /// The timers that come first; two that come at the same time may fire in either order. It is a fault if one fires though a packet would
    /// have arrived before, or a user would have acted. No packet lives longer than the MSL (RFC 9293 3.4.3), so a timer may have to wait.
    /// </summary>
    private IEnumerable<Choice> TimersPossible(List<(Timestamp At, TracedPacket Packet)> underway, Timestamp? arrival, bool mustWait)
    {
        Timestamp? first = null;
        foreach (TcpHost host in Network.Hosts)
        {
            first = host.PollTimeout() is { } deadline && !(first <= deadline) ? deadline : first;
        }

        TimeSpan life = Network.Hosts.Max(host => host.Settings.MaximumSegmentLifetime);
        if (first is not { } next || underway.Exists(planned => next - planned.Packet.Sent > life))
        {
            yield break;
        }

        bool isFault = mustWait || arrival <= next;
        for (int i = 0; i < Network.Hosts.Count; i++)
        {
            if (Network.Hosts[i].PollTimeout() == next)
            {
                yield return new Choice(ExplorationStepKind.Timer, i, isFault);
            }
        }
    }
}
