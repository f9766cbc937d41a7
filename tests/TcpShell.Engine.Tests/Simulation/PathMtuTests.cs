using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>Routers that tell of trouble by ICMP, and hosts that learn what a path carries (RFC 1191, RFC 8201).</summary>
public class PathMtuTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Proves", "1191-1"), Trait("Proves", "MUST-54")]
    public void NarrowLink_IsDiscoveredWithinTheTransfer(bool isIPv6)
    {
        var network = new SimulatedNetwork();
        TcpHost client = network.AddHost("client", [IpAddress.Parse(isIPv6 ? "fd00::1" : "10.0.0.1")]);
        TcpHost server = network.AddHost("server", [IpAddress.Parse(isIPv6 ? "fd00::2" : "10.0.0.2")]);
        network.Listen(server, new Endpoint(default, 80), Applications.Echo);
        network.SetLink("client", "server", new LinkOptions { Mtu = 1300 });
        HostedConnection connection = network.Connect(client, new Endpoint(server.Addresses[0], 80));
        byte[] data = Lab.Pattern(100_000);
        network.Send(connection, data);
        Assert.True(network.RunUntil(() => connection.ReceiveQueue == data.Length, TimeSpan.FromSeconds(3)));
        byte[] back = new byte[data.Length];
        network.Receive(connection, back);
        Assert.Equal(data, back);

        Assert.Equal((1300, 1300), (connection.PathMtu, server.Connections[0].PathMtu));
        Assert.Equal((0L, 0L), (connection.Counters.Timeouts, server.Connections[0].Counters.Timeouts));
        TracedPacket[] errors = [.. network.Trace.Where(packet => packet.From == SimulatedNetwork.RouterName)];
        Assert.NotEmpty(errors);
        Assert.All(errors, packet => Assert.Equal((TransmitReason.IcmpError, PacketFate.Delivered), (packet.Reason, packet.Fate)));
        Assert.Contains(network.Trace, packet => packet.Reason == TransmitReason.PathMtuDiscovery);
        Assert.Equal(1300, network.Trace.Where(packet => packet.Fate == PacketFate.Delivered).Max(packet => packet.Bytes.Length));

        // A later connection knows it from the start, and announces what the interface can receive all the same.
        int lost = network.Trace.Count(packet => packet.Fate == PacketFate.Lost);
        HostedConnection next = network.Connect(client, new Endpoint(server.Addresses[0], 80));
        network.Send(next, data);
        Assert.True(network.RunUntil(() => next.ReceiveQueue == data.Length, TimeSpan.FromSeconds(3)));
        Assert.Equal((1300, isIPv6 ? 1440 : 1460), (next.PathMtu, next.ReceiveMss));
        Assert.Equal(lost, network.Trace.Count(packet => packet.Fate == PacketFate.Lost));
    }

    [Fact, Trait("Proves", "1191-5")]
    public void AfterTenMinutes_ALargerMtuIsTried()
    {
        var lab = new Lab(Applications.Discard);
        (HostedConnection client, _) = lab.Establish();
        Impairment narrow = lab.Network.AddRefusal(IcmpErrorKind.PacketTooBig, new PacketSelector(), 1000);
        lab.Network.Send(client, Lab.Pattern(5000));
        lab.RunTo(1);
        Assert.Equal((1000, 1), (client.PathMtu, lab.Client.KnownPathMtus));
        lab.Network.RemoveImpairment(narrow);

        lab.RunTo(599);
        lab.Network.Send(client, Lab.Pattern(5000));
        lab.RunTo(600.9);
        Assert.Equal(1000, client.PathMtu);
        lab.RunTo(602);
        lab.Network.Send(client, Lab.Pattern(5000));
        lab.RunTo(603);
        Assert.Equal((1500, 0), (client.PathMtu, lab.Client.KnownPathMtus));
        Assert.Equal(1500, lab.Network.Trace.Where(packet => packet.Sent > Timestamp.FromSeconds(601)).Max(packet => packet.Bytes.Length));
    }

    [Fact, Trait("Proves", "MUST-20")]
    public void BadPath_WhatIsKnownOfItIsForgotten()
    {
        var lab = new Lab(Applications.Discard);
        (HostedConnection client, _) = lab.Establish();
        Impairment narrow = lab.Network.AddRefusal(IcmpErrorKind.PacketTooBig, new PacketSelector(), 1000);
        lab.Network.Send(client, Lab.Pattern(5000));
        lab.RunTo(1);
        lab.Network.RemoveImpairment(narrow);
        lab.Drop(count: null);
        lab.Network.Send(client, Lab.Pattern(5000));
        Assert.True(lab.Network.RunUntil(() => client.Counters.Timeouts == 2, Lab.Long));
        Assert.Equal(1, lab.Client.KnownPathMtus);
        Assert.True(lab.Network.RunUntil(() => client.Counters.Timeouts == 3, Lab.Long)); // R1
        Assert.Equal((0, 1500), (lab.Client.KnownPathMtus, client.PathMtu));
    }

    [Fact, Trait("Proves", "1191-4")]
    public void DontFragment_IsSetWhileThePathIsDiscovered_AndClearOtherwise()
    {
        var lab = new Lab(serverSettings: TcpSettings.Linux with { PathMtuDiscovery = false });
        lab.Establish();
        Assert.All(lab.Network.Trace, packet => Assert.Equal(packet.From == "client", packet.Decode().DontFragment));
    }

    [Fact, Trait("Proves", "MUST-54"), Trait("Proves", "SHLD-26")]
    public void Refusal_OfTheSyn_EndsTheAttemptAndNoOther()
    {
        var lab = new Lab();
        (HostedConnection other, _) = lab.Establish();
        lab.Network.AddRefusal(IcmpErrorKind.AdministrativelyProhibited, new PacketSelector { Flags = TcpFlags.SYN });
        HostedConnection refused = lab.Connect();
        lab.RunTo(1);
        Assert.Equal((TcpState.Closed, ConnectionError.Unreachable), (refused.State, refused.Error));
        Assert.Equal((TcpState.Established, null), (other.State, other.LastIcmpError));
        StateChange end = refused.StateChanges[^1];
        Assert.Equal("ICMP error from 192.0.2.1 arrives: Destination unreachable (Communication administratively filtered)", end.Cause);
        Assert.Equal(["0.03 client S 0 lost", "0.03 router S 0"], lab.Packets[^2..]); // of an ICMP error the lines tell what it quotes
    }

    [Fact, Trait("Proves", "MUST-56")]
    public void Refusal_OfTheSyn_SoftError_TheAttemptGoesOn()
    {
        var lab = new Lab();
        lab.Network.AddRefusal(IcmpErrorKind.HostUnreachable, new PacketSelector { Count = 2 });
        HostedConnection client = lab.Connect();
        lab.RunTo(5);
        Assert.Equal((TcpState.Established, IcmpErrorKind.HostUnreachable), (client.State, client.LastIcmpError!.Value.Kind));
        Assert.Equal(2, client.Retransmissions);
    }

    [Fact, Trait("Proves", "MUST-49")]
    public void TimeToLiveTooSmallForTheRouters_IsToldByIcmp()
    {
        var lab = new Lab();
        lab.Network.SetLink("client", "server", new LinkOptions { Hops = 5 });
        HostedConnection client = lab.Connect(TcpSettings.Linux with { TimeToLive = 5 });
        HostedConnection enough = lab.Connect(TcpSettings.Linux with { TimeToLive = 6 });
        lab.RunTo(2);
        Assert.Equal((TcpState.SynSent, IcmpErrorKind.TimeExceeded), (client.State, client.LastIcmpError!.Value.Kind));
        Assert.Equal(TcpState.Established, enough.State);
        Assert.Contains(lab.Network.Trace, packet => packet.FateText == "its time to live of 5 does not suffice for 5 router(s)");
    }

    [Fact]
    public void IcmpWithAWrongChecksum_OrForSomebodyElse_OrForAnotherConnection_DoesNothing()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN, count: null);
        HostedConnection client = lab.Connect();
        byte[] syn = lab.Network.Trace.Last().Bytes.ToArray();
        IpAddress router = IpAddress.Parse("192.0.2.9");

        byte[] wrong = IcmpWriter.Write(router, syn, IcmpErrorKind.PortUnreachable);
        wrong[22] ^= 1;
        byte[] elsewhere = IcmpWriter.Write(router, syn, IcmpErrorKind.PortUnreachable);
        elsewhere[19] = 2; // to the server, but about the client's connection
        byte[] other = Lab.Write(Lab.ClientEnd with { Port = 49153 }, Lab.ServerEnd, new TcpSegment { SequenceNumber = client.Iss, Flags = TcpFlags.SYN });
        foreach (byte[] packet in new[] { wrong, elsewhere, IcmpWriter.Write(router, other, IcmpErrorKind.PortUnreachable) })
        {
            TracedPacket traced = lab.Network.Inject(packet);
            lab.Network.RunFor(TimeSpan.FromMilliseconds(20));
            Assert.Equal(SegmentFate.Dropped, traced.Verdict!.Value.Fate);
        }

        Assert.Equal((TcpState.SynSent, null), (client.State, client.LastIcmpError));
        lab.Network.Inject(IcmpWriter.Write(router, syn, IcmpErrorKind.PortUnreachable));
        lab.Network.RunFor(TimeSpan.FromMilliseconds(20));
        Assert.Equal(ConnectionError.Unreachable, client.Error);
        Assert.Equal(5, lab.Network.Trace.Count); // nobody answers an ICMP error
    }

    [Fact]
    public void PathsThatAreKnown_DoNotGrowWithoutLimit()
    {
        var host = new TcpHost("client", [Lab.ClientEnd.Address], TcpSettings.Linux, new byte[InitialSequence.SecretSize]);
        for (int i = 0; i < 3000; i++)
        {
            var remote = new Endpoint(IpAddress.FromBytes([11, 0, (byte)(i >> 8), (byte)i]), 80);
            host.Connect(remote, default);
            Assert.True(host.TryPollTransmit(default, out OutgoingPacket syn));
            host.PacketArrives(IcmpWriter.Write(remote.Address, syn.Bytes, IcmpErrorKind.PacketTooBig, 600), default);
            while (host.TryPollTransmit(default, out _))
            {
            }
        }

        Assert.InRange(host.KnownPathMtus, 1000, 1024);
    }
}
