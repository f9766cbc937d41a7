using TcpShell.Hosting;
using TcpShell.Sockets;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Scripting;

// One run of a script: the order of its events and their times. The other part has the packets.
internal sealed partial class ScriptRun
{
    private const int EventsShown = 5;

    private readonly TcpScript _script;
    private readonly ScriptRunOptions _options;
    private readonly ScriptConfiguration _configuration;
    private readonly ScriptCode _code = new();
    private readonly Queue<string> _before = new();
    private ScriptHost? _host;
    private ScriptCalls? _calls;
    private ScriptComparison? _comparison;
    private ScriptEvent? _current;
    private Timestamp _base;
    private Timestamp _scheduledBefore;
    private (ScriptCall Call, Timestamp Base, ScriptEvent Event)? _waiting;
    private SocketResult? _waited;
    private TcpSocket? _socket;
    private readonly List<string> _warnings = [];
    private int _unlisted;

    public ScriptRun(TcpScript script, ScriptRunOptions options)
    {
        _script = script;
        _options = options;
        _configuration = new ScriptConfiguration(script);
    }

    private ScriptHost Host => _host!;

    public void Execute()
    {
        var machine = ScriptMachine.Of(_options.Profile);
        if (new ScriptSupport(_script, machine).Find() is { } unsupported)
        {
            _current = unsupported.Event;
            throw unsupported.What;
        }

        _configuration.Read();
        if (_script.InitialCommand is not null)
        {
            machine = ScriptCommands.Apply(machine, _script.InitialCommand);
        }

        _host = new ScriptHost(machine, _configuration.LocalAddress, _configuration.Mtu, _options) { Stepped = TryWaiting };
        _calls = new ScriptCalls(_host, _configuration.Bound, _configuration.Remote);
        _comparison = new ScriptComparison(_options, _configuration.TimestampTick);
        for (int i = 0; i < _script.Events.Count; i++)
        {
            ScriptEvent scriptEvent = _script.Events[i];
            _current = scriptEvent;
            Timestamp scheduled = Schedule(scriptEvent);
            HoldBackFor(i);
            Execute(scriptEvent, scheduled);
            ReleaseAfter(i);
            bool isInbound = scriptEvent.Kind == ScriptEventKind.InboundPacket;
            _base = isInbound ? scheduled : Host.Now;
            _scheduledBefore = scriptEvent.Time.Kind == ScriptTimeKind.Any ? Host.Now : scheduled;
            Remember($"{Host.Now} {scriptEvent.Text}");
        }

        AwaitWaiting();
        _unlisted = Host.Emitted.Count;
    }

    public ScriptResult Result(ScriptVerdict verdict, string reason) => new()
    {
        Path = _script.Path,
        Verdict = verdict,
        Line = verdict == ScriptVerdict.Pass ? 0 : _current?.Line ?? 1,
        Reason = reason,
        Before = verdict == ScriptVerdict.Pass ? [] : [.. _before],
        Duration = (_host?.Now ?? Timestamp.Zero).ToTimeSpan(),
        Warnings = _warnings,
        Unlisted = _unlisted,
        Steps = _host?.Steps ?? 0,
        Trace = _host?.Trace ?? new(() => Timestamp.Zero),
    };

    private void Remember(string happened)
    {
        _before.Enqueue(happened);
        if (_before.Count > EventsShown)
        {
            _before.Dequeue();
        }
    }

    /// <summary>When an event is due, or due at the earliest.</summary>
    private Timestamp Schedule(ScriptEvent scriptEvent) =>
        (scriptEvent.Time.IsRelative ? _base : Timestamp.Zero) + scriptEvent.Time.Start;

    /// <summary>How far an event may be from its time: a fixed time, or a part of how long it was waited for.</summary>
    private TimeSpan Tolerance(Timestamp scheduled) => _configuration.Tolerance(scheduled - _scheduledBefore);

    private void Execute(ScriptEvent scriptEvent, Timestamp scheduled)
    {
        if (scriptEvent is PacketEvent { IsInbound: false } outbound)
        {
            Expect(outbound, scheduled);
            return;
        }

        if (Host.Now > scheduled + Tolerance(scheduled))
        {
            throw new ScriptFailure($"{scriptEvent}", $"the time {Host.Now}", "It is too late for this event.");
        }

        Host.AdvanceTo(scheduled);
        switch (scriptEvent)
        {
            case PacketEvent inbound:
                Inject(inbound);
                break;
            case SystemCallEvent call:
                Execute(call);
                break;
            case CodeEvent code:
                Execute(code);
                break;
            case CommandEvent command:
                Host.Become(ScriptCommands.Apply(Host.Machine, command.Command));
                break;
        }
    }

    private void Execute(SystemCallEvent call)
    {
        AwaitWaiting();
        ScriptCall prepared = _calls!.Prepare(call);
        SocketResult result = prepared.Attempt();
        if (result.Waits && prepared.CanWait)
        {
            _waiting = (prepared, _base, call);
            Follow(call, result);
            return;
        }

        TcpSocket? socket = call.Arguments.Count > 0 && call.Name != "socket" ? _calls.Find(call.Arguments[0]) : null;
        bool wouldBlock = result.Waits && call.Errno is null && socket is { IsNonBlocking: false };
        if (wouldBlock)
        {
            throw new ScriptFailure(call.Text, $"{call.Name}(...) waits", "The call does not return at once.");
        }

        Finish(call, result);
        if (prepared.CanWait)
        {
            CheckEnd(call, _base);
        }
    }

    private void Finish(SystemCallEvent call, SocketResult result)
    {
        ScriptCalls.Verify(call, result);
        Follow(call, result);
    }

    /// <summary>Which socket, and which connection, is under test after a call.</summary>
    private void Follow(SystemCallEvent call, SocketResult result)
    {
        switch (call.Name)
        {
            case "socket" when result.Succeeded:
                _socket = Host.Sockets.Find(result.Value);
                Peer = null;
                break;
            case "connect" when _calls!.Find(call.Arguments[0]) is { Connection: { } connection } socket && (Peer is null || Peer.Local != connection.Local):
                _socket = socket;
                Peer = AddPeer(connection.Local, connection.Remote);
                break;
            case "accept" when result.Succeeded:
                _socket = Host.Sockets.Find(result.Value);
                break;
        }
    }

    /// <summary>Tries the call that waits again, after anything has happened.</summary>
    private void TryWaiting()
    {
        if (_waiting is not { } waiting || _waited is not null)
        {
            return;
        }

        SocketResult result = waiting.Call.Attempt();
        if (!result.Waits)
        {
            _waited = result;
            Complete();
        }
    }

    private void Complete()
    {
        (ScriptCall call, Timestamp start, ScriptEvent origin) = _waiting!.Value;
        SocketResult result = _waited!.Value;
        _waiting = null;
        _waited = null;
        ScriptEvent? current = _current;
        _current = origin;
        CheckEnd(call.Event, start);
        Finish(call.Event, result);
        Remember($"{Host.Now} {call.Event.Name}(...) returns {result}");
        _current = current;
    }

    private void CheckEnd(SystemCallEvent call, Timestamp start)
    {
        Timestamp end = (call.Time.IsRelative ? start : Timestamp.Zero) + call.End!.Value;
        TimeSpan tolerance = _configuration.Tolerance(call.End.Value - call.Time.Start);
        if (Host.Now < end - tolerance || Host.Now > end + tolerance)
        {
            throw new ScriptFailure($"{call.Name}(...) to return at {end}", $"its return at {Host.Now}", "The call returns at another time.");
        }
    }

    /// <summary>Lets time pass until the call that waits has returned, at the latest when it should have.</summary>
    private void AwaitWaiting()
    {
        if (_waiting is not { } waiting)
        {
            return;
        }

        SystemCallEvent call = waiting.Call.Event;
        Timestamp end = (call.Time.IsRelative ? waiting.Base : Timestamp.Zero) + call.End!.Value;
        Timestamp latest = end + _configuration.Tolerance(call.End.Value - call.Time.Start);
        while (_waiting is not null)
        {
            Timestamp limit = waiting.Call.Deadline is { } deadline && deadline < latest ? deadline : latest;
            if (Host.TryStep(limit))
            {
                continue;
            }

            Host.AdvanceTo(limit);
            TryWaiting();
            if (_waiting is not null)
            {
                _current = waiting.Event;
                throw new ScriptFailure($"{call.Name}(...) to return at {end}", "no return", "The call still waits.");
            }
        }
    }

    private void Execute(CodeEvent code)
    {
        HostedConnection? connection = _socket?.Connection;
        _code.Run(code.Code, name => !TcpInfo.IsKnown(name) ? null
            : TcpInfo.Find(connection, name, Host.Now) is not { } value ? throw new ScriptFailure(code.Text, "no connection", "There is no connection that could be asked.")
            : name == "tcpi_rcv_mss" ? Math.Min(value, _configuration.JoinedSegmentSize)
            : value);
    }
}
