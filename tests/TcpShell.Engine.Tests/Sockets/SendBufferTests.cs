using TcpShell.Hosting;
using TcpShell.Sockets;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Sockets;

/// <summary>How much a write takes: octet by octet, or as Linux counts it, in buffers with their overhead.</summary>
public class SendBufferTests
{
    private static readonly Endpoint s_here = Endpoint.Parse("10.0.0.1:80");
    private static readonly Endpoint s_there = Endpoint.Parse("10.0.0.2:1000");

    private readonly TcpHost _host = new("host", [s_here.Address], TcpSettings.Linux with { Timestamps = false }, new byte[16]);
    private readonly Timestamp _now = Timestamp.FromSeconds(1);

    [Theory]
    [InlineData(SendBufferAccounting.Octets, 0, 20_000)]
    [InlineData(SendBufferAccounting.Buffers, 0, 30_000)] // two of the size goal are less than 20,000: a third begins, and is filled
    [InlineData(SendBufferAccounting.Buffers, 2_000, 20_000)] // with its overhead the second one is beyond it
    public void Write_OfMuch_TakesWhatTheAccountingSays(SendBufferAccounting accounting, int overhead, int taken)
    {
        (SocketTable sockets, int socket) = Open(new() { Accounting = accounting, BufferOverhead = overhead, MinimumOffloadSegments = 10 }, window: 20_000);
        sockets.SetOption(socket, SocketOption.SendBuffer, accounting == SendBufferAccounting.Octets || overhead > 0 ? 10_000 : 10_001);

        Assert.Equal(new(taken), sockets.Write(socket, new byte[100_000]));
        Assert.Equal(SocketResult.Wait(Errno.EAGAIN), sockets.Write(socket, new byte[1]));
        Assert.Equal(SocketEvents.None, sockets.Poll(socket));
    }

    [Theory]
    [InlineData(1, 2, 10_000)]
    [InlineData(3, 1, 15_000)]
    public void SendBufferOption_GivesWhatTheHostSays(int factor, int smallest, int given)
    {
        (SocketTable sockets, int socket) = Open(new() { SendBufferFactor = factor, SmallestSendBuffer = smallest == 2 ? 10_000 : 1 }, window: 20_000);

        sockets.SetOption(socket, SocketOption.SendBuffer, 5000);

        Assert.Equal(new(given), sockets.GetOption(socket, SocketOption.SendBuffer));
    }

    [Fact]
    public void SendBuffer_ThatGrows_GrowsWithTheWindow()
    {
        (SocketTable sockets, int socket) = Open(new() { InitialSendBuffer = 5000 }, window: 60_000);

        Assert.Equal(new(5000), sockets.GetOption(socket, SocketOption.SendBuffer));
        Assert.Equal(new(5000), sockets.Write(socket, new byte[100_000]));
        sockets.Poll(socket);
        Assert.Equal(new(2 * 10 * (2048 + 256)), sockets.GetOption(socket, SocketOption.SendBuffer));
    }

    [Theory]
    [InlineData(4000u, 0u, 14_000)]
    [InlineData(uint.MaxValue, 4000u, 14_000)]
    [InlineData(uint.MaxValue, 0u, 100_000)]
    public void NotSentLowWater_OfHostOrSocket_BoundsWhatIsNotSent(uint ofHost, uint ofSocket, int most)
    {
        (SocketTable sockets, int socket) = Open(new() { NotSentLowWater = ofHost, Accounting = SendBufferAccounting.Buffers }, window: 2000);
        sockets.SetOption(socket, SocketOption.NotSentLowWater, (int)ofSocket);

        int taken = sockets.Write(socket, new byte[100_000]).Value;

        Assert.InRange(taken, most == 100_000 ? most : 4000, most);
        Assert.Equal(most == 100_000, (sockets.Poll(socket) & SocketEvents.POLLOUT) != 0);
    }

    [Fact]
    public void Settings_ThatCannotBe_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SocketTable(_host, () => _now, () => { }, new() { BufferOverhead = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SocketTable(_host, () => _now, () => { }, new() { MinimumOffloadSegments = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SocketTable(_host, () => _now, () => { }, new() { InitialSendBuffer = 0 }));
    }

    private (SocketTable Sockets, int Socket) Open(SocketSettings settings, ushort window)
    {
        var sockets = new SocketTable(_host, () => _now, Drain, settings);
        int socket = sockets.Socket().Value;
        sockets.Connect(socket, s_there);
        HostedConnection connection = Assert.Single(_host.Connections);
        _host.PacketArrives(SynAck(connection, window), _now);
        Drain();
        Assert.Equal(TcpState.Established, connection.State);
        return (sockets, socket);
    }

    private void Drain()
    {
        while (_host.TryPollTransmit(_now, out _))
        {
        }
    }

    private static byte[] SynAck(HostedConnection connection, ushort window)
    {
        var segment = new TcpSegment
        {
            SourcePort = connection.Remote.Port,
            DestinationPort = connection.Local.Port,
            SequenceNumber = 300,
            AcknowledgmentNumber = connection.Iss + 1,
            Flags = TcpFlags.SYN | TcpFlags.ACK,
            Window = window,
            Options = new() { MaximumSegmentSize = 1000 },
        };
        var header = new PacketHeader(connection.Remote.Address, connection.Local.Address);
        var octets = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, octets);
        return octets;
    }
}
