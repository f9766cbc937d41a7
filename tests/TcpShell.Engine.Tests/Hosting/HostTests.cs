using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>Hosts: their ports and addresses, their going down and up, their many connections.</summary>
public class HostTests
{
    [Fact]
    public void EphemeralPorts_AllTaken_SaysSo()
    {
        var lab = new Lab();
        lab.Drop(TcpFlags.SYN, count: null);
        for (int i = 0; i < 16384; i++)
        {
            lab.Connect();
        }

        Assert.Equal(16384, lab.Client.Connections.Select(connection => connection.Local.Port).Distinct().Count());
        Lab.Refuses(TcpCallError.InsufficientResources, () => lab.Connect());
        lab.Network.Connect(lab.Client, Lab.ServerEnd, Endpoint.Parse("*:1000")); // a port of one's own choice is none of them
        lab.Network.Close(lab.Client.Connections[100]);
        Assert.Equal(49152 + 100, lab.Connect().Local.Port);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Empty(lab.Client.Connections);
    }

    [Fact]
    public void PortInTimeWait_IsNotHandedOut()
    {
        var lab = new Lab(Applications.Echo);
        HostedConnection first = lab.Establish().Client;
        lab.Network.Close(first);
        lab.RunTo(1);
        Assert.Equal(TcpState.TimeWait, first.State);
        for (int i = 1; i < 16384; i++)
        {
            HostedConnection connection = lab.Connect();
            Assert.NotEqual(49152, connection.Local.Port);
            lab.Network.Abort(connection);
        }

        Assert.Equal(49153, lab.Connect().Local.Port); // once around, and past the one that still waits
    }

    [Fact]
    public void LocalEnd_Chosen_IsUsed()
    {
        var lab = new Lab();
        HostedConnection one = lab.Network.Connect(lab.Client, Lab.ServerEnd, Endpoint.Parse("10.0.0.1:1234"));
        Assert.Equal(Endpoint.Parse("10.0.0.1:1234"), one.Local);
        Lab.Refuses(TcpCallError.PortInUse, () => lab.Network.Connect(lab.Client, Lab.ServerEnd, Endpoint.Parse("*:1234")));
        lab.Network.Connect(lab.Client, Lab.ServerEnd with { Port = 81 }, Endpoint.Parse("*:1234")); // another 4-tuple
        Lab.Refuses(TcpCallError.InvalidAddress, () => lab.Network.Connect(lab.Client, Lab.ServerEnd, Endpoint.Parse("10.0.0.9:0")));
    }

    [Fact]
    public void NoAddressOfThatFamily_CannotConnect()
    {
        var lab = new Lab();
        TcpCallException refused =
            Lab.Refuses(TcpCallError.InvalidAddress, () => lab.Network.Connect(lab.Client, Endpoint.Parse("[fd00::2]:80")));
        Assert.Equal("Host client has no IPv6 address to reach fd00::2.", refused.Message);
    }

    [Fact]
    public void IPv6_WholeLife()
    {
        var network = new SimulatedNetwork();
        TcpHost client = network.AddHost("client", [IpAddress.Parse("fd00::1")]);
        TcpHost server = network.AddHost("server", [IpAddress.Parse("fd00::2")]);
        network.Listen(server, new Endpoint(default, 80), Applications.Echo);
        HostedConnection connection = network.Connect(client, Endpoint.Parse("[fd00::2]:80"));
        byte[] data = Lab.Pattern(50_000);
        network.Send(connection, data);
        network.RunUntilIdle(Lab.Long);
        byte[] back = new byte[data.Length];
        Assert.Equal(data.Length, network.Receive(connection, back));
        Assert.Equal(data, back);
        network.Close(connection);
        Assert.True(network.RunUntilIdle(Lab.Long));
        Assert.Empty(network.Connections);
        Assert.All(network.Trace, packet => Assert.True(packet.Decode() is { IsIPv6: true, TcpChecksumValid: true }));
        Assert.Equal(1500, network.Trace.Max(packet => packet.Bytes.Length));
    }

    [Fact]
    public void OneHost_TalksToItself()
    {
        var lab = new Lab(Applications.Echo);
        HostedConnection inner = lab.Network.Connect(lab.Server, Lab.ServerEnd);
        lab.Network.Send(inner, "myself"u8);
        lab.RunTo(1);
        Assert.Equal(2, lab.Server.Connections.Count);
        Assert.Equal("myself"u8, lab.ReceiveAll(inner));
        lab.Network.Close(inner);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Empty(lab.Network.Connections);
    }

    [Fact]
    public void OneConnection_CallsItself()
    {
        // Both ends of a simultaneous open can be one and the same.
        var lab = new Lab();
        Endpoint self = Endpoint.Parse("10.0.0.1:5000");
        HostedConnection connection = lab.Network.Connect(lab.Client, self, self);
        lab.Network.Send(connection, "echo"u8);
        lab.RunTo(1);
        Assert.Equal(TcpState.Established, connection.State);
        Assert.Equal("echo"u8, lab.ReceiveAll(connection));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void HostGoesDown_CallsAreRefusedUntilItIsUp(bool crash)
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        if (crash)
        {
            lab.Network.Crash(lab.Server);
        }
        else
        {
            lab.Network.Stop(lab.Server);
        }

        Assert.False(lab.Server.IsRunning);
        Assert.Empty(lab.Server.Connections);
        Assert.Empty(lab.Server.Listeners);
        Assert.Equal(crash ? ConnectionError.HostStopped : ConnectionError.Aborted, server.Error);
        Lab.Refuses(TcpCallError.HostDown, () => lab.Network.Connect(lab.Server, Lab.ClientEnd));
        Lab.Refuses(TcpCallError.HostDown, () => lab.Network.Listen(lab.Server, new Endpoint(default, 81), Applications.Echo));
        Assert.Throws<TcpCallException>(() => lab.Network.Send(server, "x"u8));
        lab.RunTo(1);
        Assert.Equal(crash ? TcpState.Established : TcpState.Closed, client.State); // a stop says goodbye
        lab.Network.Crash(lab.Server); // once more changes nothing
        lab.Network.Restart(lab.Server);
        lab.Network.Restart(lab.Server);
        Listener listener = Assert.Single(lab.Server.Listeners);
        Assert.Equal((TcpState.Listen, new Endpoint(default, 80)), (listener.Control.State, listener.Local));
        Assert.Equal(TcpState.Established, lab.Establish().Client.State);
    }

    [Fact]
    public void Crash_TimersAndAnswersDieToo()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Send(server, new byte[100]);
        lab.Network.Crash(lab.Server);
        lab.Network.Crash(lab.Client);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(4, lab.Network.Trace.Count);
        Assert.Equal(PacketFate.Unreachable, lab.Network.Trace.Last().Fate);
        Assert.Empty(server.Timers);
        Assert.Equal((ConnectionError.HostStopped, 0), (client.Error, lab.Client.DeadlineCount));
    }

    [Fact]
    public void Stop_WithHalfOpenAndClosingConnections_EndsThemAll()
    {
        var lab = new Lab();
        HostedConnection established = lab.Establish().Client;
        HostedConnection closing = lab.Connect();
        lab.RunTo(1);
        lab.Network.Close(closing);
        lab.Drop(TcpFlags.SYN, count: null);
        HostedConnection opening = lab.Connect();
        lab.Network.Stop(lab.Client);
        Assert.All(
            [established, closing, opening],
            connection => Assert.Equal((TcpState.Closed, ConnectionError.Aborted), (connection.State, connection.Error)));
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Empty(lab.Network.Connections);
    }

    [Fact]
    public void ClosedConnections_AreKeptUpToAThousand()
    {
        var lab = new Lab();
        Endpoint nobody = Lab.ServerEnd with { Port = 81 };
        for (int i = 0; i < 1500; i++)
        {
            lab.Network.Connect(lab.Client, nobody);
        }

        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(1000, lab.Client.ClosedConnections.Count);
        Assert.Equal(501, lab.Client.ClosedConnections.First().Id);
        Assert.Equal((0, 0), (lab.Client.Connections.Count, lab.Client.DeadlineCount));
    }

    [Fact]
    public void AddHost_TakenOrImpossible_IsRefused()
    {
        var lab = new Lab();
        Assert.Throws<ArgumentException>(() => lab.Network.AddHost("Client"));
        Assert.Throws<ArgumentException>(() => lab.Network.AddHost("other", [IpAddress.Parse("10.0.0.1")]));
        Assert.Throws<ArgumentException>(() => lab.Network.AddHost("other", [IpAddress.Parse("224.0.0.1")]));
        Assert.Throws<ArgumentException>(() => lab.Network.AddHost("other", []));
        Assert.Throws<ArgumentException>(() => lab.Network.AddHost("10.0.0.9"));
        Assert.Equal("10.0.0.3", lab.Network.AddHost("other").Addresses[0].ToString());
    }

    [Fact]
    public void AddHost_Thousands_HaveAnAddressEachAndFindEachOther()
    {
        var network = new SimulatedNetwork();
        for (int i = 1; i <= 2000; i++)
        {
            TcpHost host = network.AddHost($"host{i}");
            Assert.Same(host, network.FindHost(host.Addresses[0]));
        }

        Assert.Equal(2000, network.Hosts.Select(host => host.Addresses[0]).Distinct().Count());
        network.Listen(network.Hosts[1999], new Endpoint(default, 80), Applications.Echo);
        HostedConnection connection = network.Connect(network.Hosts[0], new Endpoint(network.Hosts[1999].Addresses[0], 80));
        Assert.True(network.RunUntil(() => connection.State == TcpState.Established, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void FindHost_ByNameInAnyCaseOrAddress()
    {
        var lab = new Lab();
        Assert.Same(lab.Server, lab.Network.FindHost("SERVER"));
        Assert.Same(lab.Server, lab.Network.FindHost("10.0.0.2"));
        Assert.Null(lab.Network.FindHost("10.0.0.3"));
        Assert.Null(lab.Network.FindHost("nobody"));
    }

    [Fact]
    public void HostOfAnotherNetwork_IsRefused()
    {
        var lab = new Lab();
        var other = new Lab();
        Assert.Throws<ArgumentException>(() => lab.Network.Connect(other.Client, Lab.ServerEnd));
        Assert.Throws<ArgumentException>(() => lab.Network.Close(other.Connect()));
        Assert.Throws<ArgumentException>(() => lab.Network.Crash(other.Server));
    }

    [Fact]
    public void PacketsOfOtherKinds_AreCountedAndDropped()
    {
        var lab = new Lab();
        byte[] syn = Lab.Write(Lab.ClientEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN });
        SegmentVerdict foreign = lab.Client.PacketArrives(syn, default);
        byte[] udp = [.. syn];
        udp[9] = 17;
        udp[10] = udp[11] = 0;
        ushort checksum = InternetChecksum.Compute(udp.AsSpan(0, 20));
        (udp[10], udp[11]) = ((byte)(checksum >> 8), (byte)checksum);
        SegmentVerdict other = lab.Server.PacketArrives(udp, default);
        SegmentVerdict cut = lab.Server.PacketArrives(syn.AsMemory(0, 10), default);
        Assert.All([foreign, other, cut], verdict => Assert.Equal(SegmentFate.Dropped, verdict.Fate));
        Assert.Equal((1, 1, 1), (lab.Client.Counters.NotForUs, lab.Server.Counters.NotForUs, lab.Server.Counters.Malformed));
        Assert.Equal(2, lab.Server.Counters.PacketsReceived);
        Assert.False(lab.Server.TryPollTransmit(default, out _));
    }

    [Fact]
    public void ThousandConnectionsAtOnce_AllCarryTheirData()
    {
        var lab = new Lab(Applications.Echo);
        lab.Network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { Probability = 0.02 });
        Listener listener = lab.Network.Listen(lab.Server, new Endpoint(default, 7), Applications.Echo, backlog: 1000);
        HostedConnection[] clients =
            [.. Enumerable.Range(0, 1000).Select(_ => lab.Network.Connect(lab.Client, Lab.ServerEnd with { Port = 7 }))];
        for (int i = 0; i < clients.Length; i++)
        {
            lab.Network.Send(clients[i], Lab.Pattern(5000, i));
        }

        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal((1000, 0, 0), (listener.Accepted, listener.HalfOpen, listener.BacklogDrops));
        for (int i = 0; i < clients.Length; i++)
        {
            Assert.Equal(Lab.Pattern(5000, i), lab.ReceiveAll(clients[i]));
            lab.Network.Close(clients[i]);
        }

        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Empty(lab.Network.Connections);
        Assert.All(clients, client => Assert.Equal(ConnectionError.None, client.Error));
        Assert.Equal((0, 0), (lab.Client.DeadlineCount, lab.Server.DeadlineCount));
    }
}
