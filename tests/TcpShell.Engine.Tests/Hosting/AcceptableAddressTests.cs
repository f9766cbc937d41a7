using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>RFC 9293 3.9.1.1 and 3.9.2.3: which addresses a connection can have, and which it gets.</summary>
public class AcceptableAddressTests
{
    private static readonly IpAddress s_second = IpAddress.Parse("10.0.0.5");

    [Fact]
    [Trait("Proves", "MUST-42")]
    public void PortOfAConnectionInSynSent_CanBeListenedOnAndBothWork()
    {
        var lab = new Lab(Applications.Echo);
        HostedConnection opening = lab.Network.Connect(lab.Client, Lab.ServerEnd, Endpoint.Parse("*:5000"));
        Assert.Equal(TcpState.SynSent, opening.State);
        lab.Network.Listen(lab.Client, new Endpoint(default, 5000), Applications.Echo);
        HostedConnection other = lab.Network.Connect(lab.Server, Endpoint.Parse("10.0.0.1:5000"));
        lab.RunTo(1);
        Assert.Equal((TcpState.Established, TcpState.Established), (opening.State, other.State));
        lab.Network.Send(opening, "one"u8);
        lab.Network.Send(other, "two"u8);
        lab.RunTo(2);
        Assert.Equal("one"u8, lab.ReceiveAll(opening));
        Assert.Equal("two"u8, lab.ReceiveAll(other));
    }

    [Fact]
    [Trait("Proves", "MUST-42")]
    public void PortOfAConnectionInSynReceived_CanBeListenedOnAnew()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.ACK, "client");
        HostedConnection half = lab.Connect();
        lab.RunTo(0.5);
        HostedConnection serversEnd = lab.Accepted;
        Assert.Equal(TcpState.SynReceived, serversEnd.State);
        lab.Network.Close(lab.Listener.Control);
        lab.Network.Listen(lab.Server, new Endpoint(default, 80), Applications.Echo);
        HostedConnection next = lab.Connect();
        lab.RunTo(5);
        Assert.Equal(
            (TcpState.Established, TcpState.Established, TcpState.Established), (half.State, serversEnd.State, next.State));
    }

    [Fact]
    [Trait("Proves", "MUST-43")]
    public void LocalAddressChosen_IsTheSourceOfEverySegment()
    {
        (SimulatedNetwork network, TcpHost client) = TwoAddresses();
        HostedConnection connection = network.Connect(client, Lab.ServerEnd, new Endpoint(s_second, 0));
        network.Send(connection, "hello"u8);
        network.RunUntilIdle(Lab.Long);
        network.Close(connection);
        network.RunFor(TimeSpan.FromSeconds(1));
        TracedPacket[] fromClient = [.. network.Trace.Where(packet => packet.From == "client")];
        Assert.True(fromClient.Length > 4);
        Assert.All(fromClient, packet => Assert.Equal(s_second, packet.Decode().Source));
    }

    [Theory]
    [Trait("Proves", "MUST-57")]
    [InlineData("10.0.0.1", "255.255.255.255")]
    [InlineData("10.0.0.1", "224.0.0.1")]
    [InlineData("fd00::1", "ff02::1")]
    public void SynToManyHosts_IsDroppedInSilence(string from, string to) => Ignored(from, to);

    [Theory]
    [Trait("Proves", "MUST-63")]
    [InlineData("224.0.0.1", "10.0.0.2")]
    [InlineData("255.255.255.255", "10.0.0.2")]
    [InlineData("0.0.0.0", "10.0.0.2")]
    [InlineData("ff02::1", "fd00::2")]
    [InlineData("::", "fd00::2")]
    public void SynFromNoOneHost_IsDroppedInSilence(string from, string to) => Ignored(from, to);

    [Fact]
    [Trait("Proves", "MUST-50")]
    public void PacketWithIpOptions_IsTakenAsWithout()
    {
        // A router alert (RFC 2113) and an option that nobody knows, before a SYN for an open port.
        byte[] plain = Lab.Write(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN, Window = 1000 });
        byte[] packet = [.. plain[..20], 0x94, 4, 0, 0, 0xfe, 8, 1, 2, 3, 4, 5, 6, .. plain[20..]];
        packet[0] = 0x40 | 32 / 4;
        packet[3] = (byte)packet.Length;
        (packet[10], packet[11]) = (0, 0);
        ushort checksum = InternetChecksum.Compute(packet.AsSpan(0, 32));
        (packet[10], packet[11]) = ((byte)(checksum >> 8), (byte)checksum);
        var lab = new Lab();
        Assert.Equal(SegmentFate.Accepted, lab.Server.PacketArrives(packet, default).Fate);
        Assert.Equal((TcpState.SynReceived, Lab.ClientEnd), (lab.Accepted.State, lab.Accepted.Remote));
        Assert.True(lab.Server.TryPollTransmit(default, out OutgoingPacket answer));
        Assert.Equal(TcpFlags.SYN | TcpFlags.ACK, PacketDecoder.Decode(answer.Bytes, LinkType.Raw).Segment.Flags);
    }

    [Fact]
    [Trait("Proves", "MAY-9")]
    public void SegmentsWithDifferentTrafficClasses_TheLastOneCanBeRead()
    {
        var lab = new Lab();
        HostedConnection server = lab.Establish().Server;
        Assert.Equal(0, server.Tcp.ReceivedTrafficClass);
        foreach (byte trafficClass in new byte[] { 0xb8, 0x20 })
        {
            var segment = new TcpSegment
            {
                SourcePort = Lab.ClientEnd.Port,
                DestinationPort = Lab.ServerEnd.Port,
                SequenceNumber = server.RcvNxt,
                AcknowledgmentNumber = server.SndNxt,
                Flags = TcpFlags.ACK,
            };
            var header = new PacketHeader(Lab.ClientEnd.Address, Lab.ServerEnd.Address) { TrafficClass = trafficClass };
            byte[] bytes = new byte[PacketWriter.SizeOf(header, segment)];
            PacketWriter.Write(header, segment, bytes);
            lab.Network.Inject(bytes);
            lab.RunTo(lab.Network.Now.TotalSeconds + 0.1);
            Assert.Equal(trafficClass, server.Tcp.ReceivedTrafficClass);
        }
    }

    private static void Ignored(string from, string to)
    {
        var network = new SimulatedNetwork();
        TcpHost server = network.AddHost("server", [IpAddress.Parse("10.0.0.2"), IpAddress.Parse("fd00::2")]);
        network.Listen(server, new Endpoint(default, 80), Applications.Echo);
        byte[] syn = Lab.Write(new Endpoint(IpAddress.Parse(from), 1000), new Endpoint(IpAddress.Parse(to), 80), new() { Flags = TcpFlags.SYN });
        Assert.Equal(SegmentFate.Dropped, server.PacketArrives(syn, default).Fate);
        Assert.Empty(server.Connections);
        Assert.False(server.TryPollTransmit(default, out _));
        Assert.Equal(1, server.Counters.NotForUs);
    }

    private static (SimulatedNetwork Network, TcpHost Client) TwoAddresses()
    {
        var network = new SimulatedNetwork();
        TcpHost client = network.AddHost("client", [IpAddress.Parse("10.0.0.1"), s_second]);
        TcpHost server = network.AddHost("server", [IpAddress.Parse("10.0.0.2")]);
        network.Listen(server, new Endpoint(default, 80), Applications.Echo);
        return (network, client);
    }
}
