using System.Buffers.Binary;
using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>What TCP asks of IP: time to live, Diffserv, which address to send from; and IP options that it does not know.</summary>
public class InternetLayerTests
{
    private static readonly TcpSettings s_marked = TcpSettings.Linux with { Dscp = 46, TimeToLive = 3, Ecn = EcnMode.Off };

    [Fact, Trait("Proves", "MUST-48"), Trait("Proves", "SHLD-22"), Trait("Proves", "MUST-49"), Trait("Proves", "MAY-9")]
    public void DscpAndTimeToLive_AreOnEverySegment()
    {
        var lab = new Lab(Applications.Echo, s_marked);
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Send(client, Lab.Pattern(5000));
        lab.RunTo(1);
        lab.Network.Close(client);
        lab.RunTo(2);
        Assert.True(lab.Network.Trace.Count > 10);
        Assert.All(lab.Network.Trace, packet => Assert.Equal((3, 46 << 2), (packet.Decode().Ttl, packet.Decode().TrafficClass)));
        Assert.Equal((46 << 2, 46 << 2), (client.Tcp.ReceivedTrafficClass, server.Tcp.ReceivedTrafficClass));
    }

    [Theory, Trait("Proves", "MUST-49")]
    [InlineData(1)]
    [InlineData(255)]
    public void TimeToLive_OfAConnection_IsItsOwn(int timeToLive)
    {
        var lab = new Lab();
        lab.Connect(TcpSettings.Linux with { TimeToLive = timeToLive });
        lab.RunTo(1);
        Assert.All(lab.Network.Trace, packet => Assert.Equal(packet.From == "client" ? timeToLive : 64, packet.Decode().Ttl));
    }

    [Fact, Trait("Proves", "MUST-48")]
    public void ResetForNobody_IsMarkedLikeTheHostsSegments()
    {
        var lab = new Lab(serverSettings: s_marked);
        lab.Network.Connect(lab.Client, Lab.ServerEnd with { Port = 81 });
        lab.RunTo(1);
        DecodedPacket reset = lab.Network.Trace.Last().Decode();
        Assert.True(reset.Segment.Flags.Has(TcpFlags.RST));
        Assert.Equal((3, 46 << 2), (reset.Ttl, reset.TrafficClass));
    }

    [Fact]
    public void IPv6_CarriesBothAsHopLimitAndTrafficClass()
    {
        var network = new SimulatedNetwork();
        TcpHost client = network.AddHost("client", [IpAddress.Parse("fd00::1")], s_marked);
        TcpHost server = network.AddHost("server", [IpAddress.Parse("fd00::2")], s_marked);
        network.Listen(server, new Endpoint(default, 80), Applications.Echo);
        network.Connect(client, Endpoint.Parse("[fd00::2]:80"));
        network.RunUntilIdle(Lab.Long);
        Assert.All(network.Trace, packet => Assert.Equal((3, 46 << 2), (packet.Decode().Ttl, packet.Decode().TrafficClass)));
    }

    // RFC 1122 3.2.2.1 and 4.1.3.1, RFC 4443 3.1.
    [Theory]
    [InlineData("10.0.0.1", "10.0.0.2", 3, 3)]
    [InlineData("fd00::1", "fd00::2", 1, 4)]
    public void Datagram_IsAnsweredWithPortUnreachable_UnlessItIsBroken(string from, string to, int type, int code)
    {
        TcpHost host = Host(to);
        byte[] datagram = Datagram(from, to);
        host.PacketArrives(datagram, Timestamp.Zero);
        Assert.True(host.TryPollTransmit(Timestamp.Zero, out OutgoingPacket error));
        int header = error.Bytes.Length - datagram.Length - 8;
        Assert.Equal((type, code), (error.Bytes[header], error.Bytes[header + 1]));
        Assert.Equal(datagram, error.Bytes[(header + 8)..]);
        Assert.Equal(IpAddress.Parse(from), PacketDecoder.Decode(error.Bytes, LinkType.Raw).Receiver);

        datagram[^1] ^= 1;
        host.PacketArrives(datagram, Timestamp.Zero);
        Assert.False(host.TryPollTransmit(Timestamp.Zero, out _));
    }

    [Fact]
    public void Datagrams_InAFlood_AreAnsweredAHundredTimesASecond()
    {
        TcpHost host = Host("10.0.0.2");
        byte[] datagram = Datagram("10.0.0.1", "10.0.0.2");
        int answers = 0;
        for (int millisecond = 0; millisecond < 3000; millisecond++)
        {
            host.PacketArrives(datagram, Timestamp.Zero + TimeSpan.FromMilliseconds(millisecond));
            answers += host.TryPollTransmit(Timestamp.Zero, out _) ? 1 : 0;
        }

        Assert.Equal(300, answers);
    }

    [Fact]
    public void Verdict_ReadWhileItIsGiven_IsWholeOrNotThere()
    {
        var packet = new TracedPacket { Number = 1, Sent = default, From = "", To = "", Bytes = default, Reason = null };
        bool ends = false;
        var writer = new Thread(() =>
        {
            while (!Volatile.Read(ref ends))
            {
                packet.Verdict = null;
                packet.Verdict = SegmentVerdict.Drop("9293 3.1", "Dropped.");
            }
        });
        writer.Start();
        for (int i = 0; i < 1_000_000; i++)
        {
            Assert.True(packet.Verdict is null or { Fate: SegmentFate.Dropped, Rfc: not null, Text: not null });
        }

        Volatile.Write(ref ends, true);
        writer.Join();
    }

    private static TcpHost Host(string address) => new("server", [IpAddress.Parse(address)], TcpSettings.Linux, new byte[InitialSequence.SecretSize]);

    private static byte[] Datagram(string from, string to)
    {
        byte[] udp = [0x10, 0, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4];
        var header = new PacketHeader(IpAddress.Parse(from), IpAddress.Parse(to));
        InternetChecksum checksum = default;
        checksum.AddPseudoHeader(header.Source, header.Destination, IpProtocol.Udp, udp.Length);
        checksum.Add(udp);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(6), checksum.Value);
        byte[] packet = new byte[(header.Source.IsIPv6 ? 40 : 20) + udp.Length];
        udp.CopyTo(packet.AsSpan(packet.Length - udp.Length));
        PacketWriter.WriteHeader(header, IpProtocol.Udp, packet);
        return packet;
    }

    [Fact, Trait("Proves", "MUST-50")]
    public void UnknownIpOption_ChangesNothing()
    {
        var lab = new Lab();
        byte[] plain = Lab.Write(
            Lab.ClientEnd, Lab.ServerEnd, new TcpSegment { SequenceNumber = 1000, Flags = TcpFlags.SYN, Window = 65535 });
        byte[] packet = new byte[plain.Length + 8];
        plain.AsSpan(0, 20).CopyTo(packet);
        plain.AsSpan(20).CopyTo(packet.AsSpan(28));
        packet[0] = 0x47;
        packet[3] += 8;
        byte[] option = [0x9e, 7, 1, 2, 3, 4, 5, 0]; // an experimental kind, which nobody knows, and the end of the list
        option.CopyTo(packet, 20);
        packet[10] = packet[11] = 0;
        ushort checksum = InternetChecksum.Compute(packet.AsSpan(0, 28));
        (packet[10], packet[11]) = ((byte)(checksum >> 8), (byte)checksum);

        TracedPacket request = lab.Network.Inject(packet);
        lab.Network.RunFor(TimeSpan.FromMilliseconds(15));
        Assert.Equal(SegmentVerdict.Accepted, request.Verdict);
        Assert.Equal((TcpState.SynReceived, Lab.ClientEnd), (lab.Accepted.State, lab.Accepted.Remote));
    }

    [Theory, Trait("Proves", "MUST-44")]
    [InlineData("10.1.0.9:80", "10.1.0.1")]
    [InlineData("10.2.7.9:80", "10.2.0.1")]
    [InlineData("10.128.0.1:80", "10.1.0.1")] // nothing but 10/8 in common with all of them: the first
    [InlineData("192.168.7.7:80", "192.168.0.1")]
    [InlineData("[fd00:2::9]:80", "fd00:2::1")]
    [InlineData("[fd00:1::9]:80", "fd00:1::1")]
    public void NoLocalAddressGiven_TheNearestIsTaken(string remote, string expected)
    {
        TcpHost host = ManyAddresses();
        HostedConnection connection = host.Connect(Endpoint.Parse(remote), default);
        Assert.Equal(IpAddress.Parse(expected), connection.Local.Address);
        Assert.True(host.TryPollTransmit(default, out OutgoingPacket syn));
        Assert.Equal(IpAddress.Parse(expected), PacketDecoder.Decode(syn.Bytes, LinkType.Raw).Source);
    }

    [Fact, Trait("Proves", "MUST-43"), Trait("Proves", "MUST-45")]
    public void LocalAddressGiven_AllSegmentsLeaveFromIt()
    {
        var network = new SimulatedNetwork();
        IpAddress farther = IpAddress.Parse("192.168.0.1");
        TcpHost client = network.AddHost("client", [IpAddress.Parse("10.0.0.1"), farther]);
        TcpHost server = network.AddHost("server", [IpAddress.Parse("10.0.0.2")]);
        network.Listen(server, new Endpoint(default, 80), Applications.Echo);
        HostedConnection connection = network.Connect(client, Lab.ServerEnd, new Endpoint(farther, 0));
        network.Send(connection, Lab.Pattern(20_000));
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Close(connection);
        network.RunUntilIdle(Lab.Long);
        Assert.True(network.Trace.Count > 20);
        Assert.All(network.Trace.Where(packet => packet.From == "client"), packet => Assert.Equal(farther, packet.Decode().Source));
        Assert.Equal(TcpState.Closed, connection.State);
    }

    [Fact, Trait("Proves", "MUST-41"), Trait("Proves", "MUST-42")]
    public void Listen_OnAPortWithConnectionsInTheOpening_BothWork()
    {
        var lab = new Lab();
        HostedConnection asking = lab.Network.Connect(lab.Client, Lab.ServerEnd, Endpoint.Parse("*:80"));
        Listener listener = lab.Network.Listen(lab.Client, new Endpoint(default, 80), Applications.Echo);
        Assert.Equal(TcpState.SynSent, asking.State);
        HostedConnection back = lab.Network.Connect(lab.Server, Endpoint.Parse("10.0.0.1:80"));
        lab.RunTo(1);
        Assert.Equal((TcpState.Established, TcpState.Established), (asking.State, back.State));
        Assert.Equal(1, listener.Accepted);

        // And once more beside one in SYN-RECEIVED.
        lab.Network.Close(lab.Listener.Control);
        Assert.Single(lab.Server.Connections, connection => connection.Role == ConnectionRole.Server);
        lab.Network.Listen(lab.Server, new Endpoint(default, 80), Applications.Echo);
        Assert.Equal(TcpState.Established, lab.Connect() is { } third && lab.Network.RunUntil(() => third.State == TcpState.Established, Lab.Long) ? third.State : default);
    }

    [Fact, Trait("Proves", "P10")]
    public void SameAddressesAnotherPort_IsAnotherConnection()
    {
        var lab = new Lab();
        HostedConnection[] connections = [.. Enumerable.Range(0, 3).Select(_ => lab.Connect())];
        lab.RunTo(1);
        lab.Network.Abort(connections[1]);
        lab.RunTo(2);
        Assert.Equal([49152, 49154], lab.Server.Connections.Select(connection => (int)connection.Remote.Port));
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", 32)]
    [InlineData("10.0.0.1", "10.0.0.2", 30)]
    [InlineData("10.0.0.1", "138.0.0.1", 0)]
    [InlineData("fd00::1", "fd00::1", 128)]
    [InlineData("fd00::1", "fd00::3", 126)]
    [InlineData("fd00::", "7d00::", 0)]
    public void CommonPrefixLength_CountsLeadingBits(string one, string other, int length) =>
        Assert.Equal(length, IpAddress.Parse(one).CommonPrefixLength(IpAddress.Parse(other)));

    private static TcpHost ManyAddresses()
    {
        string[] addresses = ["10.1.0.1", "10.2.0.1", "192.168.0.1", "fd00:1::1", "fd00:2::1"];
        return new TcpHost("many", [.. addresses.Select(IpAddress.Parse)], TcpSettings.Linux, new byte[InitialSequence.SecretSize]);
    }
}
