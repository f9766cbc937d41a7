using TcpShell.Hosting;
using TcpShell.Sockets;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Sockets;

/// <summary>Socket calls between two hosts with nothing between them.</summary>
public class SocketTableTests
{
    private static readonly Endpoint s_server = Endpoint.Parse("10.0.0.2:80");

    private readonly TcpHost _clientHost = new("client", [IpAddress.Parse("10.0.0.1")], TcpSettings.Linux, new byte[16]);
    private readonly TcpHost _serverHost = new("server", [IpAddress.Parse("10.0.0.2")], TcpSettings.Linux, new byte[16]);
    private readonly SocketTable _client;
    private readonly SocketTable _server;
    private Timestamp _now;

    public SocketTableTests()
    {
        _client = new SocketTable(_clientHost, () => _now, () => { });
        _server = new SocketTable(_serverHost, () => _now, () => { });
    }

    [Fact]
    public void Calls_OfAWholeConnection_DoWhatTheyDoEverywhere()
    {
        (int client, int server) = Connected();

        Assert.Equal(new(5), _client.Write(client, "hello"u8));
        Exchange();
        var buffer = new byte[10];
        Assert.Equal(new(5), _server.Readable(server));
        Assert.Equal(new(5), _server.Read(server, buffer));
        Assert.Equal("hello"u8, buffer.AsSpan(0, 5));
        Assert.Equal(SocketResult.Wait(Errno.EAGAIN), _server.Read(server, buffer));
        Assert.Equal(new(0), _client.Close(client));
        Exchange();
        Assert.Equal(new(0), _server.Read(server, buffer));
        Assert.Equal(new(0), _server.Close(server));
        Exchange();
        Assert.Empty(_serverHost.Connections);
        Assert.Equal(SocketResult.Fail(Errno.EBADF), _client.Close(client));
    }

    [Fact]
    public void Connect_OnTheWay_TellsHowFarItIs()
    {
        int listener = _server.Socket().Value;
        _server.Bind(listener, new(default, 80));
        _server.Listen(listener, 5);
        int client = _client.Socket().Value;

        Assert.Equal(SocketResult.Wait(Errno.EINPROGRESS), _client.Connect(client, s_server));
        Assert.Equal(SocketResult.Wait(Errno.EALREADY), _client.Connect(client, s_server));
        Assert.Equal(SocketResult.Wait(Errno.EAGAIN), _client.Write(client, "x"u8));
        Assert.Equal(SocketEvents.None, _client.Poll(client));
        Exchange();
        Assert.Equal(SocketEvents.POLLOUT, _client.Poll(client));
        Assert.Equal(SocketEvents.POLLIN, _server.Poll(listener));
        Assert.Equal(new(0), _client.Connect(client, s_server));
        Assert.Equal(SocketResult.Fail(Errno.EISCONN), _client.Connect(client, s_server));
    }

    [Fact]
    public void Connect_ToNobody_IsRefusedOnce()
    {
        int client = _client.Socket().Value;
        _client.Connect(client, s_server);
        Exchange();

        Assert.Equal(SocketEvents.POLLERR, _client.Poll(client) & SocketEvents.POLLERR);
        Assert.Equal(new((int)Errno.ECONNREFUSED), _client.GetOption(client, SocketOption.Error));
        Assert.Equal(new(0), _client.GetOption(client, SocketOption.Error));
        Assert.Equal(SocketResult.Fail(Errno.EPIPE), _client.Write(client, "x"u8));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Proves", "SHLD-3")]
    [Trait("Proves", "MAY-1")]
    public void Close_WithDataThatNobodyReads_Resets(bool beforeTheData)
    {
        (int client, int server) = Connected();
        if (beforeTheData)
        {
            _server.Close(server);
            Exchange();
        }

        _client.Write(client, "hello"u8);
        Exchange();
        if (!beforeTheData)
        {
            _server.Close(server);
            Exchange();
        }

        SocketResult result = _client.Read(client, new byte[1]);
        Assert.Equal(Errno.ECONNRESET, result.Error);
        Assert.Empty(_serverHost.Connections);
    }

    [Fact]
    public void Shutdown_OfOneDirection_LeavesTheOther()
    {
        (int client, int server) = Connected();

        Assert.Equal(new(0), _client.Shutdown(client, SocketShutdown.Write));
        Exchange();
        Assert.Equal(SocketResult.Fail(Errno.EPIPE), _client.Write(client, "x"u8));
        Assert.Equal(SocketEvents.POLLIN | SocketEvents.POLLRDHUP | SocketEvents.POLLOUT, _server.Poll(server));
        Assert.Equal(new(2), _server.Write(server, "hi"u8));
        Exchange();
        Assert.Equal(new(2), _client.Read(client, new byte[10]));
    }

    [Fact]
    public void Write_BeyondTheSendBuffer_TakesAPart()
    {
        (int client, int _) = Connected();
        _client.SetOption(client, SocketOption.SendBuffer, 5000);

        Assert.Equal(new(10000), _client.GetOption(client, SocketOption.SendBuffer));
        Assert.Equal(new(10000), _client.Write(client, new byte[20000]));
        Assert.Equal(SocketResult.Wait(Errno.EAGAIN), _client.Write(client, new byte[1]));
        Assert.Equal(SocketEvents.None, _client.Poll(client));
        Exchange();
        Assert.Equal(new(1), _client.Write(client, new byte[1]));
    }

    [Fact]
    public void Calls_ThatCannotBe_SayWhy()
    {
        int one = _server.Socket().Value;
        int two = _server.Socket().Value;

        Assert.Equal((3, 4), (one, two));
        Assert.Equal(Errno.EDESTADDRREQ, _server.Listen(one, 1).Error);
        Assert.Equal(Errno.EADDRNOTAVAIL, _server.Bind(one, Endpoint.Parse("10.9.9.9:80")).Error);
        Assert.Equal(new(0), _server.Bind(one, new(default, 80)));
        Assert.Equal(Errno.EINVAL, _server.Bind(one, new(default, 81)).Error);
        Assert.Equal(Errno.EINVAL, _server.Accept(one).Error);
        Assert.Equal(new(0), _server.Listen(one, 1));
        Assert.Equal(Errno.EADDRINUSE, _server.Bind(two, new(default, 80)).Error);
        Assert.Equal(Errno.EISCONN, _server.Connect(one, s_server).Error);
        Assert.Equal(Errno.ENOTCONN, _server.Read(two, new byte[1]).Error);
        Assert.Equal(Errno.EPIPE, _server.Write(two, new byte[1]).Error);
        Assert.Equal(Errno.ENOTCONN, _server.Shutdown(two, SocketShutdown.Both).Error);
        Assert.Equal(Errno.EBADF, _server.Bind(9, default).Error);
        Assert.Equal(Errno.EINVAL, _server.SetOption(two, SocketOption.TimeToLive, 0).Error);
        Assert.Equal(Errno.ENOPROTOOPT, _server.SetOption(one, SocketOption.Error, 1).Error);
        Assert.Null(_server.Poll(9));
    }

    [Theory]
    [InlineData(SocketOption.KeepAliveIdle, 1, 32767)]
    [InlineData(SocketOption.KeepAliveInterval, 1, 32767)]
    [InlineData(SocketOption.KeepAliveProbes, 1, 127)]
    [InlineData(SocketOption.SynRetries, 1, 127)]
    [InlineData(SocketOption.MaximumSegment, 88, 32767)]
    [InlineData(SocketOption.UserTimeout, 0, int.MaxValue)]
    public void Options_OutsideOfWhatLinuxTakes_AreEinval(SocketOption option, int least, int most)
    {
        int socket = _client.Socket().Value;

        Assert.Equal(new(0), _client.SetOption(socket, option, least));
        Assert.Equal(new(0), _client.SetOption(socket, option, most));
        Assert.Equal(Errno.EINVAL, _client.SetOption(socket, option, least - 1).Error);
        Assert.Equal(Errno.EINVAL, _client.SetOption(socket, option, unchecked(most + 1)).Error);
        Assert.Equal(most, _client.GetOption(socket, option).Value);
    }

    [Fact]
    public void Options_SetBeforeTheConnection_AreItsSettings()
    {
        int socket = _client.Socket().Value;

        Assert.Equal(new(0), _client.SetOption(socket, SocketOption.NoDelay, 1));
        Assert.Equal(new(0), _client.SetOption(socket, SocketOption.KeepAlive, 1));
        Assert.Equal(new(0), _client.SetOption(socket, SocketOption.KeepAliveIdle, 5));
        Assert.Equal(new(0), _client.SetOption(socket, SocketOption.UserTimeout, 3000));
        Assert.Equal(new(0), _client.SetOption(socket, SocketOption.TrafficClass, 0x28));
        Assert.Equal(new(0), _client.SetOption(socket, SocketOption.MaximumSegment, 1000));
        _client.Connect(socket, s_server);

        TcpSettings settings = Assert.Single(_clientHost.Connections).Settings;
        Assert.False(settings.Nagle);
        Assert.True(settings.KeepAlive);
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(3), 10, 1000), (settings.KeepAliveIdle, settings.UserTimeout, settings.Dscp, settings.MaximumSegmentSize));
        Assert.Equal([1, 1, 5, 3000, 0x28], new[] { SocketOption.NoDelay, SocketOption.KeepAlive, SocketOption.KeepAliveIdle, SocketOption.UserTimeout, SocketOption.TrafficClass }
            .Select(option => _client.GetOption(socket, option).Value));
    }

    [Fact]
    public void Close_OfAListener_EndsWhatNobodyAccepted()
    {
        int listener = _server.Socket().Value;
        _server.Bind(listener, new(default, 80));
        _server.Listen(listener, 5);
        int client = _client.Socket().Value;
        _client.Connect(client, s_server);
        Exchange();

        _server.Close(listener);
        Exchange();

        Assert.Equal(Errno.ECONNRESET, _client.Read(client, new byte[1]).Error);
        Assert.Empty(_serverHost.Listeners);
    }

    private (int Client, int Server) Connected()
    {
        int listener = _server.Socket().Value;
        _server.Bind(listener, new(default, 80));
        _server.Listen(listener, 5);
        int client = _client.Socket().Value;
        _client.Connect(client, s_server);
        Exchange();
        return (client, _server.Accept(listener).Value);
    }

    /// <summary>Carries packets to and fro for a second, timers included.</summary>
    private void Exchange()
    {
        Timestamp end = _now + TimeSpan.FromSeconds(1);
        while (true)
        {
            bool any = false;
            while (_clientHost.TryPollTransmit(_now, out OutgoingPacket packet))
            {
                _serverHost.PacketArrives(packet.Bytes, _now);
                any = true;
            }

            while (_serverHost.TryPollTransmit(_now, out OutgoingPacket packet))
            {
                _clientHost.PacketArrives(packet.Bytes, _now);
                any = true;
            }

            Timestamp next = Earlier(_clientHost.PollTimeout(), _serverHost.PollTimeout()) ?? Timestamp.MaxValue;
            if (!any && next > end)
            {
                _now = end;
                return;
            }

            _now = any || next < _now ? _now : next;
            _clientHost.HandleTimeout(_now);
            _serverHost.HandleTimeout(_now);
        }
    }

    private static Timestamp? Earlier(Timestamp? one, Timestamp? other) => one is null ? other : other is null || one < other ? one : other;
}
