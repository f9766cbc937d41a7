using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>
/// One connection under test, a peer made by hand, and virtual time. The same script runs through several connections that differ only in their
/// initial sequence numbers (<see cref="Numbers.All"/>), and must hold for each.
/// </summary>
/// <remarks>
/// Strict: what is sent must be expected before the next thing happens. Data is a pattern over the sequence numbers, so every octet
/// that is sent or received is checked without the test saying so.
/// </remarks>
internal sealed class TcpHarness
{
    public static readonly Endpoint Local = Endpoint.Parse("10.0.0.1:1000");
    public static readonly Endpoint Remote = Endpoint.Parse("10.0.0.2:2000");

    private readonly List<Run> _runs;

    public TcpHarness(TcpSettings? settings = null, string local = "10.0.0.1:1000", string remote = "10.0.0.2:2000", int mtu = 1500)
    {
        Settings = settings ?? Plain;
        Peer = Endpoint.Parse(remote);
        _runs = [.. Numbers.All.Select(numbers => new Run(numbers, new TcpConnection(Settings, Endpoint.Parse(local), mtu)))];
    }

    /// <summary>
    /// No option but the MSS, a receive buffer that needs no scaling, and RFC 5681's congestion control: so the numbers of a test are those of
    /// the RFC.
    /// </summary>
    public static TcpSettings Plain { get; } = TcpSettings.Linux with
    {
        Timestamps = false,
        WindowScaling = false,
        SelectiveAcknowledgment = false,
        ReceiveBufferSize = 65535,
        Congestion = CongestionAlgorithm.Reno,
        HyStart = HyStartMode.Off,
    };

    public TcpSettings Settings { get; }

    public Endpoint Peer { get; }

    /// <summary>The connection with the small numbers.</summary>
    public TcpConnection Connection => _runs[0].Connection;

    /// <summary>Not zero at the start, so that nothing can hold a forgotten default for a time.</summary>
    public Timestamp Now { get; private set; } = Timestamp.FromSeconds(1000);

    /// <summary>Looks at each of the connections.</summary>
    public TcpHarness Check(Action<TcpConnection> check) => Each(run => check(run.Connection));

    /// <summary>Something happens to each of the connections.</summary>
    public TcpHarness Do(Action<TcpConnection, Timestamp> call) => Stimulus(run => call(run.Connection, Now));

    public TcpHarness OpenPassive() => Stimulus(run =>
    {
        run.Connection.PrepareIss(run.Numbers.Iss);
        run.Connection.OpenPassive(Now);
    });

    public TcpHarness OpenActive() => Stimulus(run => run.Connection.OpenActive(Peer, run.Numbers.Iss, Now));

    /// <summary>SEND; the next octets of the pattern.</summary>
    public TcpHarness Send(int count, int? taken = null, bool urgent = false, bool push = true, bool endOfRecord = false) => Stimulus(run =>
    {
        int sent = run.Connection.Send(Pattern(run.SentByUser, count), Now, urgent, push, endOfRecord);
        Assert.Equal(taken ?? count, sent);
        run.SentByUser += sent;
    });

    /// <summary>RECEIVE; checks that the next octets of the pattern come.</summary>
    public TcpHarness Receive(int most, int count) => Stimulus(run =>
    {
        byte[] buffer = new byte[most];
        Assert.Equal(count, run.Connection.Receive(buffer, Now));
        Assert.Equal(Pattern(run.ReceivedByUser, count), buffer[..count]);
        run.ReceivedByUser += count;
    });

    public TcpHarness Close() => Do((connection, now) => connection.Close(now));

    public TcpHarness Abort() => Do((connection, now) => connection.Abort(now));

    /// <summary>A call that fails.</summary>
    public TcpHarness ExpectError(TcpCallError error, Action<TcpConnection, Timestamp> call) => Stimulus(run =>
        Assert.Equal(error, Assert.Throws<TcpCallException>(() => call(run.Connection, Now)).Error));

    /// <summary>Segments arrive, with nothing between them.</summary>
    public TcpHarness Inject(params string[] segments) => Inject(Ecn.NotEct, segments);

    /// <summary>Segments arrive in packets with that ECN field.</summary>
    public TcpHarness Inject(Ecn ecn, params string[] segments) => Stimulus(run =>
    {
        foreach (string text in segments)
        {
            run.Verdict = run.Connection.SegmentArrives(Make(SegmentText.Parse(text), run.Numbers), Peer, Now, (byte)ecn);
        }
    });

    /// <summary>What became of the last segment that was injected.</summary>
    public TcpHarness ExpectVerdict(SegmentFate fate, string? rule = null) => Each(run =>
    {
        Assert.True(fate == run.Verdict.Fate, $"The segment was {run.Verdict.Fate} ({run.Verdict.Rfc}: {run.Verdict.Text}), not {fate}.");
        Assert.True(rule is null || run.Verdict.Rfc == rule, $"The rule was {run.Verdict.Rfc}, not {rule}.");
        Assert.True((fate == SegmentFate.Accepted) == (run.Verdict.Text.Length == 0), "A segment that is not accepted has a reason.");
    });

    /// <summary>Time passes; timers fire at their deadlines.</summary>
    public TcpHarness Advance(double milliseconds)
    {
        Timestamp target = Now + TimeSpan.FromMilliseconds(milliseconds);
        while (_runs[0].Connection.PollTimeout() is { } deadline && deadline <= target)
        {
            Each(run => Assert.Equal(deadline, run.Connection.PollTimeout()));
            Now = deadline > Now ? deadline : Now;
            Each(run => run.Connection.HandleTimeout(Now)).Each(run => run.Pump(Now));
        }

        Now = target;
        return Each(run => run.Connection.HandleTimeout(Now)).Each(run => run.Pump(Now));
    }

    /// <summary>The next segment that was sent.</summary>
    /// <param name="text">How it looks. Flags, number and length count always (no length means 0), the rest where it is told.</param>
    /// <param name="reason">Why it was sent.</param>
    /// <param name="ago">Milliseconds since it was sent; 0 means at this very moment.</param>
    public TcpHarness Expect(string text, TransmitReason? reason = null, double? ago = null) => Each(run =>
    {
        SegmentText wanted = SegmentText.Parse(text);
        Assert.True(run.Sent.TryDequeue(out SentItem? item), $"Expected {text}, but nothing was sent.");
        OutgoingSegment outgoing = item.Outgoing;
        string differences = SegmentComparison.Differences(wanted, outgoing.Segment, run.Numbers);
        string got = $"{SegmentText.Write(outgoing.Segment, run.Numbers)} ({outgoing.Reason})";
        Assert.True(differences.Length == 0, $"Expected {text}\n     got {got}\ndiffers in {differences}");
        Assert.True(reason is null || outgoing.Reason == reason, $"{text} was sent for {outgoing.Reason}, not for {reason}.");
        double age = (Now - item.Time).TotalMilliseconds;
        Assert.True(ago is null || ago == age, $"{text} was sent {age} ms ago, not {ago}.");
    });

    /// <summary>The note and the attempt of the next segment; the segment itself stays to be expected.</summary>
    public TcpHarness ExpectNext(int attempt, string? note = null) => Each(run =>
    {
        Assert.True(run.Sent.TryPeek(out SentItem? item), "Nothing was sent.");
        Assert.Equal(attempt, item.Outgoing.Attempt);
        Assert.True(note is null || item.Outgoing.Note == note, $"The note was '{item.Outgoing.Note}', not '{note}'.");
    });

    /// <summary>The next segment that was sent, and that its packet is ECN-capable.</summary>
    public TcpHarness ExpectEct(string text) => Each(run =>
    {
        Assert.True(run.Sent.TryPeek(out SentItem? item), $"Expected {text}, but nothing was sent.");
        Assert.Equal(Ecn.Ect0, item.Outgoing.Ecn);
    }).Expect(text, TransmitReason.Data);

    public TcpHarness ExpectNothing() => Each(run => run.RequireNothingSent("Expected nothing"));

    /// <summary>Forgets what was sent.</summary>
    public TcpHarness IgnoreSent() => Each(run => run.Sent.Clear());

    /// <summary>Forgets what was sent and told.</summary>
    public TcpHarness Ignore() => Each(run =>
    {
        run.Sent.Clear();
        run.Changes.Clear();
        run.Told.Clear();
    });

    public TcpHarness ExpectState(TcpState state) => Each(run => Assert.Equal(state, run.Connection.State));

    public TcpHarness ExpectChange(TcpState from, TcpState to, TransitionEvent what, string? cause = null) => Each(run =>
    {
        Assert.True(run.Changes.TryDequeue(out StateChange? change), $"Expected {from} -> {to}, but the state did not change.");
        Assert.Equal((from, to, what), (change.From, change.To, change.Event));
        Assert.True(cause is null || change.Cause == cause, $"The cause was '{change.Cause}', not '{cause}'.");
        Assert.Equal(TcpTransitions.Find(from, what, to)!.Rfc, change.Rfc);
        Assert.NotEmpty(change.Explanation);
    });

    public TcpHarness ExpectNoChange() => Each(run => Assert.Empty(run.Changes));

    public TcpHarness ExpectEvent(ConnectionEventKind kind, ConnectionError error = ConnectionError.None) => Each(run =>
    {
        Assert.True(run.Told.TryDequeue(out ConnectionEvent told), $"Expected {kind}, but the user was told nothing.");
        Assert.Equal((kind, error), (told.Kind, told.Error));
    });

    public TcpHarness ExpectNoEvent() => Each(run => Assert.Empty(run.Told));

    /// <summary>The connection ended with an error, and the user was told.</summary>
    public TcpHarness ExpectFailure(ConnectionError error) => ExpectState(TcpState.Closed).Each(run =>
    {
        Assert.Equal(error, run.Connection.Error);
        Assert.Contains(run.Told, told => told.Kind == ConnectionEventKind.Failed && told.Error == error);
    });

    /// <summary>Octets of the data's pattern; it repeats after a prime, so that no shift by a power of two goes unseen.</summary>
    public static byte[] Pattern(long from, int count) => [.. Enumerable.Range(0, count).Select(i => PatternAt(from + i))];

    internal static byte PatternAt(long offset) => (byte)((offset % 251) ^ (offset / 251));

    private static TcpSegment Make(SegmentText text, Numbers numbers)
    {
        Assert.True(text.FromPeer, $"{text.Text} is not from the peer.");
        SeqNumber sequence = text.Sequence(numbers);
        SeqNumber first = text.Flags.Has(TcpFlags.SYN) ? sequence + 1 : sequence;
        return new TcpSegment
        {
            SourcePort = Remote.Port,
            DestinationPort = Local.Port,
            SequenceNumber = sequence,
            AcknowledgmentNumber = text.Acknowledgment(numbers) ?? 0,
            Flags = text.Flags,
            Window = text.Window ?? ushort.MaxValue,
            UrgentPointer = text.Urgent ?? 0,
            Options = text.ReadOptions(numbers),
            Payload = Pattern(first - (numbers.Irs + 1), text.Length),
        };
    }

    private TcpHarness Stimulus(Action<Run> action) => Each(run => run.RequireNothingSent("Not expected")).Each(action)
        .Each(run => run.Pump(Now));

    private TcpHarness Each(Action<Run> action)
    {
        foreach (Run run in _runs)
        {
            try
            {
                action(run);
            }
            catch (Exception exception) when (!ReferenceEquals(run, _runs[0]))
            {
                throw new InvalidOperationException($"With {run.Numbers.Name}: {exception.Message}", exception);
            }
        }

        return this;
    }

    private sealed record SentItem(Timestamp Time, OutgoingSegment Outgoing);

    private sealed class Run(Numbers numbers, TcpConnection connection)
    {
        public Numbers Numbers { get; } = numbers;

        public TcpConnection Connection { get; } = connection;

        public Queue<SentItem> Sent { get; } = new();

        public Queue<StateChange> Changes { get; } = new();

        public Queue<ConnectionEvent> Told { get; } = new();

        public SegmentVerdict Verdict { get; set; }

        public long SentByUser { get; set; }

        public long ReceivedByUser { get; set; }

        /// <summary>Does what a host does after each call: takes what is to be sent and told, until there is nothing left.</summary>
        public void Pump(Timestamp now)
        {
            while (Connection.TryPollTransmit(now, out OutgoingSegment outgoing))
            {
                CheckAlways(outgoing);
                bool newData = outgoing.Reason is TransmitReason.Data or TransmitReason.TailLossProbe && outgoing.Attempt == 1 && !outgoing.Segment.Payload.IsEmpty;
                Assert.True(outgoing.Ecn == Ecn.NotEct || newData, $"3168-2: {outgoing.Reason} is sent as {outgoing.Ecn}.");
                var kept = outgoing with { Segment = SegmentComparison.Keep(outgoing.Segment) };
                Sent.Enqueue(new(now, kept));
            }

            while (Connection.TryPollEvent(out ConnectionEvent connectionEvent))
            {
                if (connectionEvent.Change is { } change)
                {
                    Changes.Enqueue(change);
                }
                else
                {
                    Told.Enqueue(connectionEvent);
                }
            }
        }

        public void RequireNothingSent(string what)
        {
            if (Sent.TryPeek(out SentItem? item))
            {
                Assert.Fail($"{what}, but sent: {SegmentText.Write(item.Outgoing.Segment, Numbers)} ({item.Outgoing.Reason})");
            }
        }

        /// <summary>What holds for every segment that is ever sent.</summary>
        private void CheckAlways(in OutgoingSegment outgoing)
        {
            TcpSegment segment = outgoing.Segment;
            bool isSyn = segment.Flags.Has(TcpFlags.SYN);
            Assert.True(segment.Flags.HasAny(TcpFlags.ACK | TcpFlags.SYN | TcpFlags.RST), "U-19: every segment but the first SYN and some RSTs carries ACK.");
            Assert.True(isSyn || segment.Options.MaximumSegmentSize is null, "MUST-65: MSS on a segment that is no SYN.");
            Assert.True(isSyn || segment.Options.WindowScale is null, "7323-1: window scale on a segment that is no SYN.");
            Assert.True(isSyn || !segment.Options.SackPermitted, "2018-1: SACK permitted on a segment that is no SYN.");
            Assert.Equal(0, segment.ReservedBits); // U-20
            Assert.Equal((Local.Port, Remote.Port), (segment.SourcePort, segment.DestinationPort));
            if (!segment.Payload.IsEmpty && outgoing.Reason != TransmitReason.KeepAliveProbe) // a probe may carry garbage
            {
                Assert.Equal(Pattern(segment.SequenceNumber - (Numbers.Iss + 1), segment.Payload.Length), segment.Payload.ToArray());
                Assert.False(segment.Flags.Has(TcpFlags.SYN), "Data is sent before the handshake is over.");
            }
        }
    }
}
