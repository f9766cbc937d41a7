using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>Whom a segment is for.</summary>
public class DemultiplexerTests
{
    private static readonly Endpoint s_local = Endpoint.Parse("10.0.0.1:80");
    private static readonly Endpoint s_remote = Endpoint.Parse("10.0.0.2:1000");
    private static readonly TcpHost s_host = new("host", [s_local.Address], TcpSettings.Linux, new byte[InitialSequence.SecretSize]);

    [Fact]
    public void Connection_IsFoundByAllFourOfItsTuple()
    {
        var table = new Demultiplexer();
        HostedConnection connection = Connect(s_local, s_remote);
        table.Add(connection);
        Assert.Same(connection, table.FindConnection(s_local, s_remote));
        Assert.Null(table.FindConnection(s_remote, s_local));
        Assert.Null(table.FindConnection(s_local with { Port = 81 }, s_remote));
        Assert.Null(table.FindConnection(s_local, s_remote with { Port = 1001 }));
        Assert.Null(table.FindConnection(s_local with { Address = IpAddress.Parse("10.0.0.3") }, s_remote));
        Assert.Null(table.FindConnection(s_local, s_remote with { Address = IpAddress.Parse("10.0.0.3") }));
    }

    [Fact]
    public void IPv4AndIPv6AddressesOfTheSameBits_AreDifferent()
    {
        var table = new Demultiplexer();
        table.Add(Connect(Endpoint.Parse("[::10.0.0.1]:80"), Endpoint.Parse("[::10.0.0.2]:1000")));
        Assert.Null(table.FindConnection(s_local, s_remote));
    }

    [Fact]
    public void Listener_OnTheVeryAddressWins()
    {
        var table = new Demultiplexer();
        Listener all = Listen(default);
        Listener one = Listen(s_local.Address);
        table.Add(all);
        Assert.Same(all, table.FindListener(s_local));
        table.Add(one);
        Assert.Same(one, table.FindListener(s_local));
        Assert.Same(all, table.FindListener(s_local with { Address = IpAddress.Parse("fd00::1") }));
        Assert.Null(table.FindListener(s_local with { Port = 81 }));
        table.Remove(one);
        Assert.Same(all, table.FindListener(s_local));
    }

    [Fact]
    public void Port_IsUsedUntilTheLastHasGone()
    {
        var table = new Demultiplexer();
        HostedConnection one = Connect(s_local, s_remote);
        HostedConnection two = Connect(s_local, s_remote with { Port = 1001 });
        Listener listener = Listen(default);
        table.Add(listener);
        table.Add(one);
        table.Add(two);
        table.Remove(listener);
        table.Remove(one, one.Local, one.Remote);
        table.Remove(one, one.Local, one.Remote); // once more changes nothing
        Assert.True(table.IsPortUsed(80));
        table.Remove(two, two.Local, two.Remote);
        Assert.False(table.IsPortUsed(80));
    }

    [Fact]
    public void Remove_OfAListenerThatIsGone_LeavesItsSuccessor()
    {
        var table = new Demultiplexer();
        Listener former = Listen(default);
        Listener present = Listen(default);
        table.Add(former);
        table.Remove(former);
        table.Add(present);
        table.Remove(former);
        Assert.Same(present, table.FindListener(s_local));
    }

    [Fact]
    public void Clear_ForgetsAll()
    {
        var table = new Demultiplexer();
        table.Add(Connect(s_local, s_remote));
        table.Add(Listen(default));
        table.Clear();
        Assert.Null(table.FindConnection(s_local, s_remote));
        Assert.Null(table.FindListener(s_local));
        Assert.False(table.IsPortUsed(80));
    }

    private static HostedConnection Connect(Endpoint local, Endpoint remote)
    {
        var tcp = new TcpConnection(TcpSettings.Linux, local);
        tcp.OpenActive(remote, 0, default);
        return new HostedConnection(s_host, tcp, 1, ConnectionRole.Client, Applications.Manual);
    }

    private static Listener Listen(IpAddress address)
    {
        var tcp = new TcpConnection(TcpSettings.Linux, new Endpoint(address, 80));
        return new Listener(new HostedConnection(s_host, tcp, 0, ConnectionRole.Listener, Applications.Manual), 1);
    }
}
