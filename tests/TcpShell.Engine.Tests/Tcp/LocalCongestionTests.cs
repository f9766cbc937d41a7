using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>An interface that takes no packet: what could not be handed over was not sent, and says nothing of the path.</summary>
public sealed class LocalCongestionTests
{
    [Fact]
    public void Established_InterfaceFull_NewDataIsKeptAndProbedForEveryHalfSecond() =>
        Full(InState.Established()).Send(500).ExpectNothing()
            .Advance(300).Check(Probes(1)).Advance(500).Check(Probes(2)).Advance(500).Check(Probes(3)).ExpectNothing()
            .Check(connection => Assert.Equal((0, 0L, 0), (connection.Rtt.Backoff, connection.Counters.BytesSent, connection.Snd.Outstanding)))
            .Do(Emptied).Expect("> P. 101:601(500) ack 301", TransmitReason.Data)
            .Inject("< . 301 ack 601").Check(Probes(0));

    [Fact]
    [Trait("Proves", "6298-11")]
    public void Established_InterfaceFull_RetransmissionIsTriedAgainWithoutBackingOff() =>
        Full(InState.Established().Send(500).Expect("> P. 101:601(500) ack 301")).Advance(5000).ExpectNothing()
            .Check(connection => Assert.Equal((0, 0L, 0L), (connection.Rtt.Backoff, connection.Counters.Timeouts, connection.Counters.Retransmissions)))
            .Do((connection, _) => connection.InterfaceIsFull = false).Advance(500).Expect("> P. 101:601(500) ack 301", TransmitReason.RetransmissionTimeout);

    [Fact]
    public void Established_InterfaceFull_AcksAreMadeAsUsual() =>
        Full(InState.Established()).Inject("< P. 301:311(10) ack 101").Expect("> . 101 ack 311");

    [Theory]
    [InlineData(false, 1000)]
    [InlineData(true, 1300)] // the first probe comes after an RTO
    public void Established_InterfaceFull_UserTimeoutCountsFromSendOrFromTheFirstProbe(bool fromProbe, int milliseconds) =>
        Full(InState.Established(TcpHarness.Plain with { UserTimeout = TimeSpan.FromSeconds(1), UserTimeoutFromProbe = fromProbe })).Send(500)
            .Advance(milliseconds - 1).ExpectState(TcpState.Established).Advance(1).ExpectFailure(ConnectionError.UserTimeout);

    [Fact]
    public void Host_InterfaceFull_AnswersAreLostAndDataIsKept()
    {
        var here = Endpoint.Parse("10.0.0.1:80");
        var there = Endpoint.Parse("10.0.0.2:1000");
        var host = new TcpHost("host", [here.Address], TcpSettings.Linux, new byte[16]);
        HostedConnection connection = host.Connect(there, default);
        Assert.Equal(1, Sent(host));
        host.InterfaceIsFull = true;
        connection.Tcp.SegmentArrives(Segment(TcpFlags.SYN | TcpFlags.ACK, connection), there, default);
        connection.Tcp.Send("hello"u8, default);
        host.Touch(connection, default);
        host.PacketArrives(Packet(there, here), default);

        Assert.Equal(0, Sent(host));
        Assert.Equal((5, TcpState.Established), (connection.SendQueue, connection.State));
        host.InterfaceIsFull = false;
        host.Touch(connection, default);
        Assert.Equal(1, Sent(host)); // the data, which acknowledges too; the answer to the stranger is lost
    }

    private static TcpHarness Full(TcpHarness harness) => harness.Do((connection, _) => connection.InterfaceIsFull = true);

    private static void Emptied(TcpConnection connection, Timestamp now) => connection.InterfaceIsFull = false;

    private static Action<TcpConnection> Probes(int count) => connection => Assert.Equal(count, connection.UnansweredProbes);

    private static int Sent(TcpHost host)
    {
        int count = 0;
        while (host.TryPollTransmit(default, out _))
        {
            count++;
        }

        return count;
    }

    private static TcpSegment Segment(TcpFlags flags, HostedConnection connection) => new()
    {
        SourcePort = connection.Remote.Port,
        DestinationPort = connection.Local.Port,
        SequenceNumber = 300,
        AcknowledgmentNumber = connection.Iss + 1,
        Flags = flags,
        Window = 1000,
    };

    private static byte[] Packet(Endpoint from, Endpoint to)
    {
        var segment = new TcpSegment { SourcePort = from.Port, DestinationPort = to.Port, Flags = TcpFlags.SYN, Window = 1000 };
        var header = new PacketHeader(from.Address, to.Address);
        var octets = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, octets);
        return octets;
    }
}
