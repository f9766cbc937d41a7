using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>Packets and timers out of their turn.</summary>
public class ByHandTests
{
    [Fact]
    public void Deliver_SecondPacketFirst_WaitsBeyondAGap()
    {
        (Lab lab, HostedConnection server) = WithTwoSegmentsUnderway();

        lab.Network.Deliver(lab.Network.Underway[1]);

        Assert.Equal((0, 3), (server.ReceiveQueue, server.OutOfOrder));
        Assert.Equal(0.04, lab.Network.Now.TotalSeconds);
        lab.Network.Deliver(lab.Network.Underway[0]);
        Assert.Equal((6, 0), (server.ReceiveQueue, server.OutOfOrder));
    }

    [Fact]
    public void Deliver_HeldBackPacket_ArrivesNow()
    {
        var lab = new Lab();
        lab.Connect();
        lab.Network.FireTimer(lab.Client);

        lab.Network.Deliver(lab.Network.Underway[0]);

        Assert.Equal(1.0, lab.Network.Trace.First().Arrived!.Value.TotalSeconds);
        Assert.Equal(TcpState.SynReceived, lab.Accepted.State);
    }

    [Fact]
    public void Lose_Packet_IsToldInTheTraceAndSentAgain()
    {
        (Lab lab, HostedConnection server) = WithTwoSegmentsUnderway();

        lab.Network.Lose(lab.Network.Underway[0]);
        lab.Network.RunUntilIdle(Lab.Long);

        Assert.Equal("lost by hand", lab.Network.Trace.Single(packet => packet.Fate == PacketFate.Lost).FateText);
        Assert.Equal("onetwo"u8.ToArray(), lab.ReceiveAll(server));
    }

    [Fact]
    public void Duplicate_Packet_ArrivesTwice()
    {
        (Lab lab, HostedConnection server) = WithTwoSegmentsUnderway();

        TracedPacket copy = lab.Network.Duplicate(lab.Network.Underway[0]);
        lab.Network.RunUntilIdle(Lab.Long);

        Assert.Equal(PacketFate.Delivered, copy.Fate);
        Assert.Equal((lab.Network.Trace.First(packet => packet.Reason == TransmitReason.Data).Number, "copied by hand"), (copy.CopyOf, copy.FateText));
        Assert.Equal("onetwo"u8.ToArray(), lab.ReceiveAll(server));
    }

    [Fact]
    public void FireTimer_BeforeThePacketArrives_RepeatsIt()
    {
        var lab = new Lab();
        lab.Connect();

        lab.Network.FireTimer(lab.Client);

        Assert.Equal(1.0, lab.Network.Now.TotalSeconds);
        Assert.Equal(2, lab.Network.Underway.Count);
    }

    [Fact]
    public void FireTimer_NoneRuns_NothingHappens()
    {
        var lab = new Lab();

        lab.Network.FireTimer(lab.Client);

        Assert.Equal((Timestamp.Zero, 0), (lab.Network.Now, lab.Network.Trace.Count));
    }

    [Fact]
    public void PacketThatHasArrived_IsRefused()
    {
        var lab = new Lab();
        lab.Establish();
        TracedPacket arrived = lab.Network.Trace.First();

        Assert.Throws<ArgumentException>(() => lab.Network.Deliver(arrived));
        Assert.Throws<ArgumentException>(() => lab.Network.Lose(arrived));
        Assert.Throws<ArgumentException>(() => lab.Network.Duplicate(arrived));
    }

    private static (Lab Lab, HostedConnection Server) WithTwoSegmentsUnderway()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { Nagle = false });
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Send(client, "one"u8);
        lab.Network.Send(client, "two"u8);
        return (lab, server);
    }
}
