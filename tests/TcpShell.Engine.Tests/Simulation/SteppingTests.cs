using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>How virtual time moves: by event, by duration, until something is so; and what it does when nothing happens.</summary>
public class SteppingTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Step_IsOneEvent()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        Assert.Equal((0, 1), (lab.Network.Now.Nanoseconds, lab.Network.InFlight));
        Assert.Equal(Timestamp.FromSeconds(0.01), lab.Network.NextEvent);
        Assert.True(lab.Network.Step());
        Assert.Equal(Timestamp.FromSeconds(0.01), lab.Network.Now);
        Assert.Equal(TcpState.SynReceived, lab.Accepted.State);
        Assert.True(lab.Network.Step());
        Assert.Equal(TcpState.Established, client.State);
        Assert.True(lab.Network.Step());
        Assert.False(lab.Network.Step());
        Assert.Equal(Timestamp.FromSeconds(0.03), lab.Network.Now);
    }

    [Fact]
    public void Step_TimerIsAnEvent()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN);
        lab.Connect();
        Assert.Equal(Timestamp.FromSeconds(1), lab.Network.NextEvent);
        Assert.True(lab.Network.Step());
        Assert.Equal(["0 client S 0 lost", "1 client S 0"], lab.Packets);
    }

    [Fact]
    public void RunFor_NothingHappens_TimePasses()
    {
        var lab = new Lab();
        lab.Network.RunFor(s_second);
        Assert.Equal(Timestamp.FromSeconds(1), lab.Network.Now);
        lab.Network.RunFor(TimeSpan.Zero);
        Assert.Equal(Timestamp.FromSeconds(1), lab.Network.Now);
    }

    [Fact]
    public void RunFor_EventAtTheEnd_Happens()
    {
        var lab = new Lab();
        lab.Connect();
        lab.Network.RunFor(TimeSpan.FromMilliseconds(9.999));
        Assert.Empty(lab.Server.Connections);
        lab.Network.RunFor(TimeSpan.FromMilliseconds(0.001));
        Assert.Single(lab.Server.Connections);
    }

    [Fact]
    public void RunUntil_BecomesTrue_StopsAtThatEvent()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        Assert.True(lab.Network.RunUntil(() => client.State == TcpState.Established, s_second));
        Assert.Equal(Timestamp.FromSeconds(0.02), lab.Network.Now);
        Assert.True(lab.Network.RunUntil(() => true, TimeSpan.Zero)); // and what is so already takes no time
        Assert.Equal(Timestamp.FromSeconds(0.02), lab.Network.Now);
    }

    [Fact]
    public void RunUntil_LimitComesFirst_StopsAtTheLimit()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN, count: null);
        lab.Connect();
        Assert.False(lab.Network.RunUntil(() => false, TimeSpan.FromSeconds(2)));
        Assert.Equal(Timestamp.FromSeconds(2), lab.Network.Now);
    }

    [Fact]
    public void RunUntil_NothingCanHappenAnyMore_SpendsNoTime()
    {
        var lab = new Lab();
        lab.Connect();
        Assert.False(lab.Network.RunUntil(() => false, Lab.Long));
        Assert.Equal(Timestamp.FromSeconds(0.03), lab.Network.Now);
    }

    [Fact]
    public void RunUntilIdle_TimersRun_StopsAtTheLimit()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN, count: null);
        lab.Connect();
        Assert.False(lab.Network.RunUntilIdle(TimeSpan.FromSeconds(2)));
        Assert.Equal(Timestamp.FromSeconds(2), lab.Network.Now);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(Timestamp.FromSeconds(127), lab.Network.Now);
    }

    [Fact]
    public void NegativeTime_IsRefused()
    {
        var lab = new Lab();
        lab.Connect();
        lab.RunTo(0.005);
        TimeSpan back = TimeSpan.FromMilliseconds(-1);
        Assert.Throws<ArgumentOutOfRangeException>(() => lab.Network.RunFor(back));
        Assert.Throws<ArgumentOutOfRangeException>(() => lab.Network.RunUntil(() => false, back));
        Assert.Throws<ArgumentOutOfRangeException>(() => lab.Network.RunUntilIdle(back));
        Assert.Equal(Timestamp.FromSeconds(0.005), lab.Network.Now);
    }

    [Fact]
    public void Cancelled_ThrowsAndCanGoOn()
    {
        var lab = new Lab();
        HostedConnection client = lab.Connect();
        using var source = new CancellationTokenSource();
        bool CancelAtSynAck()
        {
            if (lab.Network.Trace.Count == 2)
            {
                source.Cancel();
            }

            return false;
        }

        Assert.Throws<OperationCanceledException>(() => lab.Network.RunUntil(CancelAtSynAck, Lab.Long, source.Token));
        Assert.Equal(Timestamp.FromSeconds(0.01), lab.Network.Now);
        Assert.Throws<OperationCanceledException>(() => lab.Network.RunFor(s_second, source.Token));
        Assert.Throws<OperationCanceledException>(() => lab.Network.RunUntilIdle(Lab.Long, source.Token));
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(TcpState.Established, client.State);
    }

    [Fact]
    public void SameTime_ArrivalsComeInTheOrderOfSendingAndBeforeTimers()
    {
        var lab = new Lab();
        Endpoint nobody = Endpoint.Parse("10.0.0.2:81");
        for (uint i = 0; i < 5; i++)
        {
            lab.Inject(Lab.ClientEnd, nobody, new TcpSegment { Flags = TcpFlags.ACK, AcknowledgmentNumber = i });
        }

        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal([0u, 1, 2, 3, 4], lab.Network.Trace.Skip(5).Select(packet => packet.Decode().Segment.SequenceNumber.Value));

        // The answer of a peer 500 ms away arrives in the instant in which the timer would fire, and comes first.
        lab = new Lab(links: new LinkOptions { Latency = TimeSpan.FromMilliseconds(500) });
        HostedConnection client = lab.Connect();
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(0, client.Retransmissions);
    }

    [Fact]
    public void Trace_OverItsLimit_ForgetsTheOldest()
    {
        var lab = new Lab();
        lab.Network.Trace.Limit = 100_000;
        for (int i = 0; i < 1000; i++)
        {
            lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new TcpSegment { Flags = TcpFlags.RST });
        }

        Assert.InRange(lab.Network.Trace.Count, 300, 400); // 40 octets each, and what is kept besides them
        Assert.Equal(1000, lab.Network.Trace.Count + lab.Network.Trace.Forgotten);
        Assert.Equal(1000, lab.Network.Trace.Last().Number);
        Assert.Equal(lab.Network.Trace.Forgotten + 1, lab.Network.Trace.First().Number);
    }

    [Fact]
    public void Trace_KnowsWhatBecameOfEachPacket()
    {
        var lab = new Lab();
        lab.Connect();
        TracedPacket syn = lab.Network.Trace.Single();
        Assert.Equal(PacketFate.InFlight, syn.Fate);
        Assert.Null(syn.Arrived);
        Assert.Null(syn.Verdict);
        lab.Network.Step();
        Assert.Equal(PacketFate.Delivered, syn.Fate);
        Assert.Equal(Timestamp.FromSeconds(0.01), syn.Arrived);
        Assert.Equal(SegmentFate.Accepted, syn.Verdict!.Value.Fate);
        Assert.Equal([TcpState.SynReceived], syn.StateChanges.Select(change => change.To));
        Assert.Equal(("client", "server", 1, ""), (syn.From, syn.To, syn.ConnectionId, syn.FateText));
    }

    [Fact]
    public void RunFor_VeryLong_StopsAtTheEndOfTime()
    {
        var lab = new Lab();
        lab.Network.RunFor(TimeSpan.MaxValue);
        Assert.Equal(Timestamp.MaxValue, lab.Network.Now);
    }
}
