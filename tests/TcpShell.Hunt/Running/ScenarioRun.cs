using System.Globalization;
using TcpShell.Hosting;
using TcpShell.Hunt.Invariants;
using TcpShell.Hunt.Scenarios;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;
using static TcpShell.Hunt.Invariants.Requirement;

namespace TcpShell.Hunt.Running;

/// <summary>One run of a scenario, from an empty network to an empty network, with a look at everything after each event.</summary>
internal sealed class ScenarioRun : ITcpApplication
{
    // Nobody waits longer for an octet to be acknowledged: R2 with the longest RTO takes half an hour, and no user reads that late.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromHours(2);

    private readonly Scenario _scenario;
    private readonly SimulatedNetwork _network;
    private readonly Application _application;
    private readonly Agenda _agenda = new();
    private readonly Ends _ends = new();
    private readonly PacketObserver _observer;
    private readonly TimeSpan _longestRoundTrip;
    private readonly bool _withoutControl;
    private ConnectionPlan? _opening;
    private bool _openingAsClient;
    private long _steps;

    private ScenarioRun(Scenario scenario, bool keepTrace)
    {
        _scenario = scenario;
        _network = new SimulatedNetwork(scenario.Seed, scenario.Link);
        _network.Trace.Limit = keepTrace ? _network.Trace.Limit : 1;
        _observer = new PacketObserver(_network, _ends, RegisterOpening);
        _application = new Application(_network, (after, what) => _agenda.Add(_network.Now + after, what));
        _longestRoundTrip = LongestRoundTrip(scenario);
        _withoutControl = scenario.Hosts.Any(host => SettingsTable.Make(host).Congestion == CongestionAlgorithm.None);
    }

    string ITcpApplication.Name => "Hunt";

    /// <summary>Runs a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="keepTrace">Whether all packets are kept, for a capture.</param>
    public static RunResult Execute(Scenario scenario, bool keepTrace = false)
    {
        var run = new ScenarioRun(scenario, keepTrace);
        Failure? failure = null;
        try
        {
            run.Prepare();
            run.RunToEnd();
            run.CleanUp();
        }
        catch (InvariantException broken)
        {
            failure = run.Fail(broken.Invariant, broken.Message);
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            // Whatever the engine throws is a find.
            failure = run.Fail(thrown.GetType().Name, thrown.ToString());
        }

        return new(scenario, run._network, run._observer.Packets, run._steps, failure);
    }

    /// <summary>A server's connection does something for the first time: its user comes to life.</summary>
    void ITcpApplication.Handle(HostedConnection connection, ConnectionEventKind what, Timestamp now)
    {
        if (_ends.Find(connection.Id) is null && _ends.PlanOf(connection) is { } plan)
        {
            Register(connection, plan, isClient: false);
        }
    }

    private void Prepare()
    {
        foreach (HostPlan plan in _scenario.Hosts)
        {
            TcpHost host = _network.AddHost(plan.Name, _scenario.IPv6 ? [NextIPv6()] : null, SettingsTable.Make(plan));
            host.IssChooser = plan.Iss is { } iss ? new IssSequence(iss).Next : null;
            _network.Listen(host, new Endpoint(default, 80), this, plan.Backlog);
        }

        foreach (LinkPlan link in _scenario.Links)
        {
            _network.SetLink(link.One, link.Other, link.Options);
        }

        foreach (ImpairmentPlan plan in _scenario.Impairments)
        {
            Plan(plan.Start, () =>
            {
                Impairment impairment = plan.Kind == ImpairmentKind.Refuse
                    ? _network.AddRefusal(plan.Error, plan.Selector, plan.Mtu)
                    : _network.AddImpairment(plan.Kind, plan.Selector, plan.Delay);
                if (plan.End is { } end)
                {
                    Plan(end, () => _network.RemoveImpairment(impairment));
                }
            });
        }

        foreach (ConnectionPlan plan in _scenario.Connections)
        {
            PlanConnection(plan);
        }

        foreach (HostEvent plan in _scenario.Events)
        {
            Plan(plan.At, () => Happen(plan));
        }
    }

    private void PlanConnection(ConnectionPlan plan)
    {
        TcpHost client = _network.FindHost(plan.Client)!;
        TcpHost server = _network.FindHost(plan.Server)!;
        var clientEnd = new Endpoint(client.Addresses[0], plan.ClientPort);
        var serverEnd = new Endpoint(server.Addresses[0], plan.ServerPort);
        if (plan.Kind == ConnectionKind.SendWhileListening && plan.ClientEnd.Send > 0)
        {
            Listener listener = _network.Listen(client, clientEnd, this);
            Plan(plan.At, () => SendWhileListening(plan, listener, serverEnd));
            return;
        }

        Plan(plan.At, () => Open(plan, client, clientEnd, serverEnd, asClient: true));
        if (plan.Kind == ConnectionKind.Simultaneous)
        {
            Plan(plan.At + plan.Skew, () => Open(plan, server, serverEnd, clientEnd, asClient: false));
        }
    }

    private void Open(ConnectionPlan plan, TcpHost host, Endpoint local, Endpoint remote, bool asClient)
    {
        (_opening, _openingAsClient) = (plan, asClient);
        try
        {
            _network.Connect(host, remote, local);
        }
        catch (TcpCallException refused) when (refused.Error is TcpCallError.HostDown or TcpCallError.PortInUse)
        {
            // The host crashed before, or the port's earlier connection is still there.
        }
    }

    private void SendWhileListening(ConnectionPlan plan, Listener listener, Endpoint remote)
    {
        if (!listener.Owner.IsRunning || listener.Control.State != TcpState.Listen)
        {
            return; // the host crashed before
        }

        (_opening, _openingAsClient) = (plan, true);
        Span<byte> data = stackalloc byte[1];
        Content.Fill(2 * plan.Id, 0, data);
        HostedConnection connection = _network.SendWhileListening(listener, data, remote);
        _ends.Find(connection.Id)!.Sent = 1;
    }

    private void Happen(HostEvent plan)
    {
        TcpHost host = _network.FindHost(plan.Host)!;
        if (plan.Kind == HostEventKind.Restart)
        {
            _network.Restart(host);
            return;
        }

        if (!host.IsRunning)
        {
            return;
        }

        foreach (End end in _ends.Live)
        {
            if (end.IsLive && end.Connection.Owner == host)
            {
                // An ACK that was held back for company goes with it.
                end.Aborted = true;
                _ends.PeerOf(end)?.Seen.CountLoss();
            }
        }

        if (plan.Kind == HostEventKind.Crash)
        {
            _network.Crash(host);
        }
        else
        {
            _network.Stop(host);
        }
    }

    private void RunToEnd()
    {
        Look();
        while (true)
        {
            Timestamp? next = _network.NextEvent;
            if (_agenda.Next is { } planned && (next is null || planned < next))
            {
                _network.RunFor(planned > _network.Now ? planned - _network.Now : TimeSpan.Zero);
                _agenda.Take()();
            }
            else if (!_network.Step())
            {
                return;
            }

            _steps++;
            Look();
            CheckProgress();
        }
    }

    /// <summary>Lets the users act and looks at all connections.</summary>
    private void Look()
    {
        for (int i = _ends.Live.Count - 1; i >= 0; i--)
        {
            End end = _ends.Live[i];
            _application.Act(end);
            if (end.Tcp.EndOfStream && !end.SawEndOfStream)
            {
                end.SawEndOfStream = true;
                EndingChecker.CheckEndOfStream(end, _ends.PeerOf(end));
            }

            if (end.IsLive)
            {
                ConnectionChecker.Check(end, _network.Now, _steps);
            }
        }

        for (int i = _ends.Live.Count - 1; i >= 0; i--)
        {
            if (!_ends.Live[i].IsLive)
            {
                Judge(_ends.Live[i]);
                _ends.Live.RemoveAt(i);
            }
        }
    }

    private void Judge(End end)
    {
        if (!end.Ended && end.Tcp.State == TcpState.Closed)
        {
            end.Ended = true;
            EndingChecker.Check(end, _ends.PeerOf(end), _network.Now, _longestRoundTrip);
        }
    }

    /// <summary>What happens has to bring somebody further: there is a bound for how much may happen for what users did.</summary>
    private void CheckProgress()
    {
        // Without congestion control every lost window goes again as a whole, and most of it is lost again: that is what the setting shows.
        long patience = _withoutControl ? 30 : 1;
        long most = patience * (3000 + (300L * _ends.All.Count) + (20 * _application.Calls) + (2 * _application.Octets));
        Require(_observer.Packets <= most, "Livelock", $"{_observer.Packets} packets were sent for {_application.Calls} calls of users.");
        Require(_steps <= 10 * most, "Livelock", $"{_steps} events happened for {_application.Calls} calls of users.");
        foreach (End end in _ends.Live)
        {
            TimeSpan wait = _network.Now - end.Seen.LastProgress;
            Require(wait <= s_longestWait, "Livelock", $"{end} waits for {wait}.");
        }
    }

    /// <summary>Nothing will happen any more: what is left has a reason, and when it goes no memory stays.</summary>
    private void CleanUp()
    {
        foreach (End end in _ends.Live.ToArray())
        {
            EndingChecker.CheckLeftOver(end, _ends.PeerOf(end));
        }

        foreach (End end in _ends.Live.ToArray())
        {
            _application.Abort(end);
        }

        Look();
        while (_network.Step())
        {
            Look();
        }

        foreach (TcpHost host in _network.Hosts)
        {
            Require(host.Connections.Count == 0, "MemoryReturns", $"Host {host.Name} keeps {host.Connections.Count} connections.");
            Require(host.DeadlineCount == 0, "MemoryReturns", $"Host {host.Name} keeps {host.DeadlineCount} deadlines.");
            foreach (Listener listener in host.Listeners)
            {
                Require(listener.HalfOpen == 0, "MemoryReturns", $"{listener} of {host.Name} counts {listener.HalfOpen} half-open connections.");
            }
        }
    }

    /// <summary>The first packet of a connection that a user has just opened.</summary>
    private End RegisterOpening(TracedPacket packet)
    {
        HostedConnection connection = _network.FindHost(packet.From)!.Connections.Last(candidate => candidate.Id == packet.ConnectionId);
        return Register(connection, _opening!, _openingAsClient);
    }

    private End Register(HostedConnection connection, ConnectionPlan plan, bool isClient)
    {
        End end = _ends.Add(connection, plan, isClient, _network.Now);
        _application.Begin(end);
        return end;
    }

    private IpAddress NextIPv6() => IpAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"fd00::{_network.Hosts.Count + 1}"));

    private void Plan(TimeSpan at, Action what) => _agenda.Add(Timestamp.Zero + at, what);

    private Failure Fail(string invariant, string text) =>
        new(invariant, text, _network.Now, string.Join('\n', _ends.All.Where(end => end.IsLive || _ends.All.Count < 10).Select(end => end.Describe())));

    private static TimeSpan LongestRoundTrip(Scenario scenario)
    {
        TimeSpan longest = TimeSpan.Zero;
        foreach (LinkOptions link in scenario.Links.Select(link => link.Options).Append(scenario.Link))
        {
            double queue = link.Bandwidth is { } bandwidth ? (link.QueueLength + 2) * 8.0 * link.Mtu / bandwidth : 0;
            TimeSpan oneWay = link.Latency + link.Jitter + TimeSpan.FromSeconds(queue);
            longest = oneWay > longest ? oneWay : longest;
        }

        foreach (ImpairmentPlan impairment in scenario.Impairments)
        {
            longest += impairment.Delay;
        }

        // Both ways, and an ACK that is delayed.
        return (2 * longest) + TimeSpan.FromMilliseconds(500);
    }
}
