using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>Two connections, A and B, joined back to back: what one sends reaches the other after a delay, or never.</summary>
internal sealed class Pair
{
    private static readonly Endpoint s_a = Endpoint.Parse("10.0.0.1:1000");
    private static readonly Endpoint s_b = Endpoint.Parse("10.0.0.2:2000");

    private readonly TcpSettings _settings;
    private readonly PriorityQueue<(bool ToB, TcpSegment Segment), (long Time, long Order)> _network = new();
    private long _order;

    public Pair(TcpSettings? settings = null)
    {
        _settings = settings ?? TcpHarness.Plain;
        A = new TcpConnection(_settings, s_a);
        B = new TcpConnection(_settings, s_b);
    }

    public TcpConnection A { get; private set; }

    public TcpConnection B { get; private set; }

    public Timestamp Now { get; private set; } = Timestamp.FromSeconds(1000);

    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Whether a segment is lost, by the line that describes it.</summary>
    public Func<string, bool> Lose { get; set; } = _ => false;

    /// <summary>If given, each segment takes up to 50 ms more, so that they overtake each other, and one of ten arrives twice.</summary>
    public Random? Disorder { get; init; }

    /// <summary>Whether B's user takes what has arrived.</summary>
    public bool BReads { get; set; } = true;

    /// <summary>What was sent: <c>A S. 100 ack 301 (10)</c>, with a cross before what is lost.</summary>
    public List<string> Log { get; } = [];

    /// <summary>What became of both: <c>A Established</c>.</summary>
    public List<string> States { get; } = [];

    public byte[] ReceivedByA { get; private set; } = [];

    public byte[] ReceivedByB { get; private set; } = [];

    public void OpenA(uint iss) => Do(() => A.OpenActive(s_b, iss, Now));

    public void OpenB(uint iss) => Do(() => B.OpenActive(s_a, iss, Now));

    public void ListenA(uint iss) => Do(() =>
    {
        A.PrepareIss(iss);
        A.OpenPassive(Now);
    });

    public void ListenB(uint iss) => Do(() =>
    {
        B.PrepareIss(iss);
        B.OpenPassive(Now);
    });

    /// <summary>A's host loses its memory; a new connection of it takes the place.</summary>
    public void CrashA() => Do(() =>
    {
        A.HostStops(Now, "crash");
        Poll(A, isA: true);
        A = new TcpConnection(_settings, s_a);
    });

    public void Do(Action action)
    {
        action();
        PollBoth();
    }

    /// <summary>A segment from nowhere reaches B, as if A had sent it long ago.</summary>
    public void OldDuplicateToB(TcpFlags flags, uint sequence) => Do(() =>
        B.SegmentArrives(new() { SourcePort = s_a.Port, DestinationPort = s_b.Port, SequenceNumber = sequence, Flags = flags, Window = 65535 }, s_a, Now));

    public void Run(double milliseconds)
    {
        Timestamp end = Now + TimeSpan.FromMilliseconds(milliseconds);
        while (NextTime() is { } next && next <= end)
        {
            Now = next;
            while (_network.TryPeek(out (bool ToB, TcpSegment Segment) item, out (long Time, long Order) at) && at.Time <= Now.Nanoseconds)
            {
                _network.Dequeue();
                (item.ToB ? B : A).SegmentArrives(item.Segment, item.ToB ? s_a : s_b, Now);
                PollBoth();
            }

            A.HandleTimeout(Now);
            B.HandleTimeout(Now);
            PollBoth();
        }

        Now = end;
    }

    public void ExpectStates(TcpState a, TcpState b) => Assert.Equal((a, b), (A.State, B.State));

    private Timestamp? NextTime()
    {
        Timestamp next = _network.TryPeek(out _, out (long Time, long Order) at) ? new Timestamp(at.Time) : Timestamp.MaxValue;
        foreach (Timestamp? timer in new[] { A.PollTimeout(), B.PollTimeout() })
        {
            next = timer is { } deadline && deadline < next ? deadline : next;
        }

        return next == Timestamp.MaxValue ? null : next < Now ? Now : next;
    }

    private void PollBoth()
    {
        Poll(A, isA: true);
        Poll(B, isA: false);
    }

    private void Poll(TcpConnection connection, bool isA)
    {
        while (connection.TryPollTransmit(Now, out OutgoingSegment outgoing))
        {
            TcpSegment segment = SegmentComparison.Keep(outgoing.Segment);
            string ack = segment.Flags.Has(TcpFlags.ACK) ? $" ack {segment.AcknowledgmentNumber}" : "";
            string data = segment.Payload.IsEmpty ? "" : $" ({segment.Payload.Length})";
            string line = $"{(isA ? 'A' : 'B')} {segment.Flags.ToTcpdump()} {segment.SequenceNumber}{ack}{data}";
            bool lost = Lose(line);
            Log.Add(lost ? $"x {line}" : line);
            for (int copies = lost ? 0 : Disorder?.Next(10) == 0 ? 2 : 1; copies > 0; copies--)
            {
                TimeSpan extra = TimeSpan.FromMilliseconds(Disorder?.Next(50) ?? 0);
                _network.Enqueue((isA, segment), ((Now + Delay + extra).Nanoseconds, _order++));
            }
        }

        while (connection.TryPollEvent(out ConnectionEvent connectionEvent))
        {
            if (connectionEvent.Change is { } change)
            {
                States.Add($"{(isA ? 'A' : 'B')} {change.To}");
            }
        }

        byte[] buffer = new byte[isA || BReads ? connection.Available : 0];
        if (buffer.Length > 0 && connection.Receive(buffer, Now) > 0)
        {
            ReceivedByA = isA ? [.. ReceivedByA, .. buffer] : ReceivedByA;
            ReceivedByB = isA ? ReceivedByB : [.. ReceivedByB, .. buffer];
            Poll(connection, isA); // there may be room to tell of
        }
    }
}
