using TcpShell.Hunt.Invariants;
using TcpShell.Hunt.Scenarios;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Hunt.Invariants.Requirement;

namespace TcpShell.Hunt.Fuzzing;

/// <summary>
/// Segments of all kinds for connections in all states, between them calls of the user and time. Recipes that bring about something that was
/// not seen before are kept and tried again with changes.
/// </summary>
internal sealed class SegmentFuzzer
{
    // A connection is given up after so many inputs, and another one is made.
    private const int LongestLife = 400;
    private const int MostAnswers = 64;
    private const int MostKept = 4096;
    private const int SettingsVariants = 64;

    private static readonly Endpoint s_local = Endpoint.Parse("10.0.0.1:1000");
    private static readonly Endpoint s_remote = Endpoint.Parse("10.0.0.2:2000");
    private static readonly int s_errors = Enum.GetValues<IcmpErrorKind>().Length;
    private static readonly TcpState[] s_states = Enum.GetValues<TcpState>();

    private readonly byte[] _buffer = new byte[4096];
    private readonly SeededRandom _random;
    private readonly TcpSettings[] _settings;
    private readonly List<SegmentRecipe> _kept = [];
    private readonly HashSet<(TcpState Before, TcpState After, SegmentFate Fate, string Rule, int Answers, int Situation)> _seen = [];
    private TcpConnection _connection;
    private ConnectionWatch _watch;
    private Timestamp _now;

    public SegmentFuzzer(long seed)
    {
        Seed = seed;
        _random = new SeededRandom(seed, "segments");
        _settings = [.. Enumerable.Range(0, SettingsVariants).Select(_ => DrawSettings(_random))];
        _now = Timestamp.FromSeconds(1);
        _connection = Make();
        _watch = new ConnectionWatch(_connection);
    }

    public long Seed { get; }

    /// <summary>Segments that arrived.</summary>
    public long Segments { get; private set; }

    /// <summary>Segments that were sent.</summary>
    public long Answers { get; private set; }

    /// <summary>Different things that were seen: state before and after, what became of the segment by which rule, what was sent.</summary>
    public int Behaviours => _seen.Count;

    /// <summary>How many segments arrived in each state.</summary>
    public long[] SegmentsByState { get; } = new long[s_states.Length];

    /// <summary>Lets some segments arrive, with everything around them.</summary>
    /// <exception cref="InvariantException">Something is not as it must be.</exception>
    public void Run(int segments)
    {
        int life = 0;
        for (long end = Segments + segments; Segments < end;)
        {
            if (++life > LongestLife || (_connection.State == TcpState.Closed && _random.Next(4) == 0))
            {
                life = 0;
                _connection = Make();
                _watch = new ConnectionWatch(_connection);
            }

            int what = _random.Next(16);
            if (what < 13)
            {
                Arrive();
            }
            else if (what < 15)
            {
                Act();
            }
            else
            {
                Pass();
            }
        }
    }

    /// <summary>The state of the connection, for whoever looks at a failure.</summary>
    public string Describe() =>
        $"fuzz --start {Seed}, segment {Segments}: {_connection.State}, ISS {_connection.Snd.Iss} UNA {_connection.Snd.Una} NXT {_connection.Snd.Nxt} "
        + $"MAX {_connection.Snd.Max} WND {_connection.Snd.Wnd}, IRS {_connection.Rcv.Irs} NXT {_connection.Rcv.Nxt} edge {_connection.Rcv.Edge}, {_connection.Settings}";

    private static TcpSettings DrawSettings(SeededRandom random)
    {
        TcpSettings drawn = SettingsTable.Make(new HostPlan("fuzz", random.Next(2) == 0 ? "rfc" : "linux", SettingsTable.Draw(random)));
        return drawn with
        {
            ReceiveBufferSize = Math.Min(drawn.ReceiveBufferSize, 100_000),
            SendBufferSize = Math.Min(drawn.SendBufferSize, 30_000),
        };
    }

    private TcpConnection Make()
    {
        var connection = new TcpConnection(_settings[_random.Next(SettingsVariants)], s_local, timestampOffset: (uint)_random.NextUInt64());
        var options = new TcpOptions
        {
            MaximumSegmentSize = (ushort)(_random.Next(3) == 0 ? _random.Next(2000) : 1460),
            WindowScale = _random.Next(3) == 0 ? null : (byte)_random.Next(15),
            SackPermitted = _random.Next(3) > 0,
            Timestamps = _random.Next(3) > 0 ? new(Clock, 0) : null,
        };
        new StatePath(connection, s_remote, Edgy(), Edgy(), options, _now).To(s_states[_random.Next(s_states.Length)]);
        return connection;
    }

    /// <summary>The peer's timestamp clock.</summary>
    private uint Clock => unchecked((uint)(_now.Nanoseconds / 1_000_000));

    private SeqNumber Edgy() => _random.Next(3) switch
    {
        0 => (uint)_random.NextUInt64(),
        1 => unchecked((uint)(_random.Next(6000) - 3000)),
        _ => unchecked(0x8000_0000u + (uint)(_random.Next(6000) - 3000)),
    };

    private void Arrive()
    {
        SegmentRecipe recipe = _kept.Count > 0 && _random.Next(2) == 0
            ? _kept[_random.Next(_kept.Count)].Mutated(_random)
            : SegmentRecipe.Random(_random);
        TcpState before = _connection.State;
        SegmentsByState[(int)before]++;
        Segments++;
        TcpSegment segment = recipe.Make(_connection, s_remote, Clock);
        SegmentVerdict verdict = _connection.SegmentArrives(segment, s_remote, _now, recipe.TrafficClass);
        Require(verdict.Fate == SegmentFate.Accepted || verdict.Text.Length > 0, "VerdictWithoutReason", $"{verdict.Fate} by {verdict.Rfc}.");
        int answers = Poll();
        if (_seen.Add((before, _connection.State, verdict.Fate, verdict.Rfc, answers, Situation())) && _kept.Count < MostKept)
        {
            _kept.Add(recipe);
        }
    }

    /// <summary>What else makes a difference, as bits.</summary>
    private int Situation() =>
        (int)_connection.RecoveryPhase
        | (_connection.Unacknowledged.Count > 0 ? 8 : 0)
        | (_connection.Unacknowledged.Sacked > 0 ? 16 : 0)
        | (_connection.OutOfOrder > 0 ? 32 : 0)
        | (_connection.Snd.Wnd == 0 ? 64 : 0)
        | (_connection.Rcv.Told == 0 ? 128 : 0);

    private void Act()
    {
        TcpState state = _connection.State;
        if (_random.Next(16) == 0)
        {
            var error = new IcmpError((IcmpErrorKind)_random.Next(s_errors), s_remote.Address, _random.Next(2000));
            SeqNumber quoted = _random.Next(4) == 0 ? Edgy() : _connection.Snd.Una + _random.Next(3);
            _connection.IcmpErrorArrives(error, quoted, _random.Next(2000), _now);
            Poll();
            return;
        }

        try
        {
            switch (_random.Next(12))
            {
                case < 5 when state is not (TcpState.Closed or TcpState.Listen):
                    _connection.Send(_buffer.AsSpan(0, _random.Next(3000)), _now, urgent: _random.Next(8) == 0);
                    break;
                case < 9 when state is not (TcpState.Closed or TcpState.Listen):
                    _connection.Receive(_buffer.AsSpan(0, _random.Next(_buffer.Length)), _now);
                    break;
                case < 11 when state is not TcpState.Closed:
                    _connection.Close(_now);
                    break;
                case 11 when state is not TcpState.Closed && _random.Next(8) == 0:
                    _connection.Abort(_now);
                    break;
            }
        }
        catch (TcpCallException refused)
        {
            // A user can always ask for what the state does not allow.
            Require(refused.Message.Length > 0, "RefusalWithoutReason", $"{refused.Error} in {state}.");
        }

        Poll();
    }

    private void Pass()
    {
        Timestamp? deadline = _connection.PollTimeout();
        _now = deadline is { } at && at > _now && _random.Next(2) == 0 ? at : _now + TimeSpan.FromMilliseconds(_random.Next(300));
        _connection.HandleTimeout(_now);
        Require(_connection.PollTimeout() is not { } next || next > _now, "TimerStaysDue", $"A timer of {_connection.State} is still due after it was handled.");
        Poll();
    }

    /// <summary>Takes what is sent and told, and looks at everything.</summary>
    /// <returns>What was sent, as bits: one for each reason.</returns>
    private int Poll()
    {
        int reasons = 0;
        int count = 0;
        while (_connection.TryPollTransmit(_now, out OutgoingSegment outgoing))
        {
            reasons |= 1 << (int)outgoing.Reason;
            Answers++;
            bool sendsData = !outgoing.Segment.Payload.IsEmpty;
            count += sendsData ? 0 : 1;
            Require(count <= MostAnswers, "EndlessAnswers", $"{count} segments without data answer one thing; the last is {outgoing.Segment}.");
            _watch.CheckSent(outgoing);
        }

        while (_connection.TryPollEvent(out _))
        {
        }

        _watch.CheckState();
        return reasons;
    }
}
