using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>Ports that hosts listen on: backlog, addresses, what may stand beside what.</summary>
public class ListenerTests
{
    private static readonly Endpoint s_any80 = new(default, 80);

    [Fact]
    public void Backlog_Full_FurtherSynIsDroppedAndComesAgain()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { SynCookies = SynCookieMode.Off });
        Listener small = lab.Network.Listen(lab.Server, new Endpoint(default, 81), Applications.Manual, backlog: 2);
        Endpoint remote = Lab.ServerEnd with { Port = 81 };
        lab.Drop(TcpFlags.ACK, "client", count: 2); // the third segments of the first two
        HostedConnection[] clients = [.. Enumerable.Range(0, 3).Select(_ => lab.Network.Connect(lab.Client, remote))];
        lab.RunTo(0.5);
        Assert.Equal((2, 0, 1), (small.HalfOpen, small.Accepted, small.BacklogDrops));
        Assert.Equal([TcpState.Established, TcpState.Established, TcpState.SynSent], clients.Select(client => client.State));
        Assert.Contains(lab.Network.Trace, packet => packet.Verdict?.Text == "The backlog is full: 2 connections are half-open.");
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.All(clients, client => Assert.Equal(TcpState.Established, client.State));
        Assert.Equal((0, 3), (small.HalfOpen, small.Accepted));
    }

    [Fact]
    public void TryAccept_GivesTheConnectionsInTheirOrder()
    {
        var lab = new Lab();
        Assert.False(lab.Listener.TryAccept(out _));
        HostedConnection one = lab.Connect();
        HostedConnection two = lab.Connect();
        lab.RunTo(1);
        Assert.True(lab.Listener.TryAccept(out HostedConnection? first));
        Assert.True(lab.Listener.TryAccept(out HostedConnection? second));
        Assert.False(lab.Listener.TryAccept(out _));
        Assert.Equal((one.Local, two.Local), (first!.Remote, second!.Remote));
        Assert.Equal((ConnectionRole.Server, 3, 4), (first.Role, first.Id, second.Id));
    }

    [Fact]
    public void SamePort_OnTheSameAddressIsTaken_OnAnotherIsNot()
    {
        var lab = new Lab();
        TcpCallException taken = Lab.Refuses(TcpCallError.PortInUse, () => lab.Network.Listen(lab.Server, s_any80, Applications.Echo));
        Assert.Equal("Host server listens on *:80 already.", taken.Message);
        lab.Network.Listen(lab.Server, Lab.ServerEnd, Applications.Echo);
        Lab.Refuses(TcpCallError.PortInUse, () => lab.Network.Listen(lab.Server, Lab.ServerEnd, Applications.Echo));
        Assert.Equal(2, lab.Server.Listeners.Count);
    }

    [Fact]
    [Trait("Proves", "MUST-41")]
    public void PortThatConnectionsUse_CanBeListenedOn()
    {
        var lab = new Lab();
        lab.Connect();
        lab.RunTo(1);
        lab.Network.Close(lab.Listener.Control);
        lab.Network.Listen(lab.Server, s_any80, Applications.Echo); // [MUST-41] the earlier connection stays
        Assert.Equal(TcpState.Established, lab.Accepted.State);
    }

    [Theory]
    [InlineData("10.0.0.3:80")]
    [InlineData("10.0.0.2:0")]
    [InlineData("*:0")]
    [InlineData("224.0.0.1:80")]
    public void AddressThatIsNotTheHosts_IsRefused(string local)
    {
        var lab = new Lab();
        Lab.Refuses(TcpCallError.InvalidAddress, () => lab.Network.Listen(lab.Server, Endpoint.Parse(local), Applications.Echo));
        Assert.Single(lab.Server.Listeners);
    }

    [Fact]
    public void OneAddressOfTwo_IsHeardThereOnly()
    {
        var network = new SimulatedNetwork();
        TcpHost client = network.AddHost("client");
        TcpHost server = network.AddHost("server", [IpAddress.Parse("10.0.0.2"), IpAddress.Parse("10.0.0.3")]);
        network.Listen(server, Endpoint.Parse("10.0.0.3:80"), Applications.Echo);
        HostedConnection wrong = network.Connect(client, Endpoint.Parse("10.0.0.2:80"));
        HostedConnection right = network.Connect(client, Endpoint.Parse("10.0.0.3:80"));
        network.RunUntilIdle(Lab.Long);
        Assert.Equal((ConnectionError.Refused, TcpState.Established), (wrong.Error, right.State));

        network.Listen(server, s_any80, Applications.Discard);
        HostedConnection other = network.Connect(client, Endpoint.Parse("10.0.0.2:80"));
        HostedConnection same = network.Connect(client, Endpoint.Parse("10.0.0.3:80"));
        network.RunUntilIdle(Lab.Long);
        string[] applications = [.. server.Connections.Select(connection => $"{connection.Remote.Port} {connection.Application}")];
        Assert.Equal([$"{right.Local.Port} Echo", $"{other.Local.Port} Discard", $"{same.Local.Port} Echo"], applications);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public void AllAddresses_MeansBothIPVersions(string any)
    {
        var network = new SimulatedNetwork();
        TcpHost client = network.AddHost("client", [IpAddress.Parse("10.0.0.1"), IpAddress.Parse("fd00::1")]);
        TcpHost server = network.AddHost("server", [IpAddress.Parse("10.0.0.2"), IpAddress.Parse("fd00::2")]);
        Listener listener = network.Listen(server, new Endpoint(IpAddress.Parse(any), 80), Applications.Echo);
        Assert.Equal("*:80 (Echo)", listener.ToString());
        HostedConnection four = network.Connect(client, Endpoint.Parse("10.0.0.2:80"));
        HostedConnection six = network.Connect(client, Endpoint.Parse("[fd00::2]:80"));
        network.RunUntilIdle(Lab.Long);
        Assert.Equal((TcpState.Established, TcpState.Established), (four.State, six.State));
        Assert.Equal((1460, 1440), (four.ReceiveMss, six.ReceiveMss));
        Lab.Refuses(TcpCallError.PortInUse, () => network.Listen(server, s_any80, Applications.Echo));
    }

    [Fact]
    public void SendWhileListeningThatIsRefused_LeavesTheListenerAlone()
    {
        var lab = new Lab();
        Lab.Refuses(TcpCallError.InvalidAddress, () => lab.Network.SendWhileListening(lab.Listener, "x"u8, Endpoint.Parse("224.0.0.1:80")));
        Assert.Equal(TcpState.Listen, lab.Listener.Control.State);
        Assert.Equal(s_any80, lab.Listener.Local);
        Assert.Equal(TcpState.Established, lab.Establish().Client.State);
    }

    [Fact]
    public void SendWhileListeningOnAClosedListener_IsRefusedAndLeavesItsSuccessor()
    {
        var lab = new Lab();
        lab.Network.Close(lab.Listener.Control);
        lab.Network.Listen(lab.Server, s_any80, Applications.Echo);
        Lab.Refuses(TcpCallError.ConnectionExists, () => lab.Network.SendWhileListening(lab.Listener, "x"u8, Lab.ClientEnd));
        Assert.Single(lab.Server.Listeners);
        Assert.Equal(TcpState.Established, lab.Establish().Client.State);
    }

    [Fact]
    public void ListenerCloses_ItsConnectionsGoOn()
    {
        var lab = new Lab(Applications.Echo);
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Close(lab.Listener.Control);
        lab.Network.Send(client, "still here"u8);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal("still here"u8, lab.ReceiveAll(client));
    }

    [Fact]
    public void SettingsOfAListener_AreThoseOfItsConnections()
    {
        var lab = new Lab();
        TcpSettings settings = TcpSettings.Rfc with { MaximumSegmentSize = 1000 };
        lab.Network.Listen(lab.Server, new Endpoint(default, 81), Applications.Echo, settings: settings);
        HostedConnection client = lab.Network.Connect(lab.Client, Lab.ServerEnd with { Port = 81 });
        lab.RunTo(1);
        Assert.Same(settings, lab.Accepted.Settings);
        Assert.Equal((ushort?)1000, client.Peer.MaximumSegmentSize);
    }

    [Fact]
    public void SettingsThatCannotBe_AreRefusedBeforeAnythingIsMade()
    {
        var lab = new Lab();
        TcpSettings wrong = TcpSettings.Linux with { KeepAliveInterval = TimeSpan.Zero };
        Assert.Throws<ArgumentOutOfRangeException>(() => lab.Connect(wrong));
        var local = new Endpoint(default, 81);
        Assert.Throws<ArgumentOutOfRangeException>(() => lab.Network.Listen(lab.Server, local, Applications.Echo, settings: wrong));
        Assert.Throws<ArgumentOutOfRangeException>(() => lab.Network.AddHost("other", settings: wrong));
        Assert.Throws<ArgumentOutOfRangeException>(() => lab.Network.Listen(lab.Server, local, Applications.Echo, backlog: 0));
        Assert.Empty(lab.Client.Connections);
        Assert.Single(lab.Server.Listeners);
        Assert.Equal(2, lab.Network.Hosts.Count);
    }
}
