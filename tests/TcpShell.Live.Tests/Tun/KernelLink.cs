using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TcpShell.Hosting;
using TcpShell.Live.Tun;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Tun;

/// <summary>A link between the kernel's TCP and ours, both with an IPv4 and an IPv6 address.</summary>
internal sealed class KernelLink : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public KernelLink(TcpSettings? settings = null, int mtu = 1500)
    {
        TunDevice device = TunDevice.Open("tcpsh0", [AddressPrefix.Parse("10.77.0.1/24"), AddressPrefix.Parse("fd00:77::1/64")], mtu);
        Network = new LiveNetwork(device, [AddressPrefix.Parse("10.77.0.2/24"), AddressPrefix.Parse("fd00:77::2/64")], settings);
    }

    public LiveNetwork Network { get; }

    public TcpHost Host => Network.Hosts[0];

    /// <summary>The one connection that there was. Held, for one that closes just then would stand in both lists, or in none.</summary>
    public HostedConnection OnlyConnection
    {
        get
        {
            using NetworkHold hold = Network.Hold();
            return Assert.Single(Host.Connections.Concat(Host.ClosedConnections));
        }
    }

    public static IPAddress Kernel(bool isIPv6) => IPAddress.Parse(isIPv6 ? "fd00:77::1" : "10.77.0.1");

    public static IPAddress Own(bool isIPv6) => IPAddress.Parse(isIPv6 ? "fd00:77::2" : "10.77.0.2");

    /// <summary>A listener of the kernel's.</summary>
    public static Socket Listen(bool isIPv6 = false, int port = 0)
    {
        var socket = new Socket(Kernel(isIPv6).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(Kernel(isIPv6), port));
        socket.Listen(1024);
        return socket;
    }

    /// <summary>A connection from the kernel's side.</summary>
    public static Socket Call(int port, bool isIPv6 = false)
    {
        var socket = new Socket(Own(isIPv6).AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 60_000, SendTimeout = 60_000 };
        socket.Connect(Own(isIPv6), port);
        return socket;
    }

    /// <summary>A connection of ours to a listener of the kernel's, and its other end.</summary>
    public (HostedConnection Ours, Socket Theirs) Open(Socket listener, TcpSettings? settings = null)
    {
        HostedConnection connection = Connect((IPEndPoint)listener.LocalEndPoint!, settings);
        Socket socket = listener.Accept();
        socket.ReceiveTimeout = socket.SendTimeout = 60_000;
        return (connection, socket);
    }

    public HostedConnection Connect(IPEndPoint remote, TcpSettings? settings = null)
    {
        HostedConnection connection = Network.Connect(Host, new Endpoint(remote.Address, (ushort)remote.Port), default, settings);
        WaitFor(connection, TcpState.Established);
        return connection;
    }

    /// <summary>Connects to a program that may not listen yet.</summary>
    public HostedConnection ConnectOnceListening(IPEndPoint remote, TcpSettings? settings = null)
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            HostedConnection connection = Network.Connect(Host, new Endpoint(remote.Address, (ushort)remote.Port), default, settings);
            Network.RunUntil(() => connection.State is TcpState.Established or TcpState.Closed, Patience);
            if (connection.State == TcpState.Established)
            {
                return connection;
            }

            Assert.True(patience.Elapsed < Patience, $"nobody listens at {remote}: {connection.Error}");
            Thread.Sleep(50);
        }
    }

    public void WaitFor(HostedConnection connection, params TcpState[] states) =>
        Assert.True(
            Network.RunUntil(() => states.Contains(connection.State), Patience),
            $"{connection}, not {string.Join(" or ", states)}; error {connection.Error}; {string.Join("; ", connection.StateChanges)}");

    public void WaitUntil(Func<bool> condition, string what) => Assert.True(Network.RunUntil(condition, Patience), what);

    /// <summary>Sends all, as fast as the buffer takes it.</summary>
    public void Send(HostedConnection connection, ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            data = data[Network.Send(connection, data)..];
            WaitUntil(() => connection.Tcp.SendSpace > 0 || connection.Error != ConnectionError.None, $"no room in {connection}");
        }
    }

    /// <summary>Receives up to the end of the stream, and hands on what comes.</summary>
    public void ReceiveToEnd(HostedConnection connection, Action<ReadOnlyMemory<byte>> take)
    {
        var buffer = new byte[256 * 1024];
        while (true)
        {
            WaitUntil(() => connection.ReceiveQueue > 0 || connection.Tcp.EndOfStream || connection.State == TcpState.Closed, $"nothing comes on {connection}");
            int count = Network.Receive(connection, buffer);
            if (count == 0)
            {
                Assert.Equal(ConnectionError.None, connection.Error);
                return;
            }

            take(buffer.AsMemory(0, count));
        }
    }

    /// <summary>Octets that are the same for the same seed, for sums at both ends.</summary>
    public static void Generate(long length, int seed, Action<ReadOnlyMemory<byte>> take)
    {
        // Random octets cost more than to send them; so the same ones, and a number in each piece that no other has.
        var buffer = new byte[256 * 1024];
        new Random(seed).NextBytes(buffer);
        for (long left = length; left > 0; left -= buffer.Length)
        {
            BinaryPrimitives.WriteInt64LittleEndian(buffer, left);
            take(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
        }
    }

    public static string ReadToEnd(Socket socket, Action<ReadOnlyMemory<byte>>? take = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[256 * 1024];
        while (socket.Receive(buffer) is > 0 and int count)
        {
            hash.AppendData(buffer, 0, count);
            take?.Invoke(buffer.AsMemory(0, count));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    public void Dispose() => Network.Dispose();
}
