using TcpShell.Sockets;

namespace TcpShell.Packetdrill.Interop;

/// <summary>Socket options by Linux's numbers of level and name.</summary>
internal static class LinuxOptions
{
    public const int SocketLevel = 1;
    public const int TcpLevel = 6;
    public const int Linger = 13;
    public const int MemoryInformation = 55;
    public const int TcpInformation = 11;
    public const int Congestion = 13;
    public const int CongestionInformation = 26;
    public const int InQueue = 36;

    private const int IpLevel = 0;

    private static readonly Dictionary<(int Level, int Name), SocketOption> s_options = new()
    {
        [(SocketLevel, 2)] = SocketOption.ReuseAddress, [(SocketLevel, 4)] = SocketOption.Error, [(SocketLevel, 7)] = SocketOption.SendBuffer,
        [(SocketLevel, 8)] = SocketOption.ReceiveBuffer, [(SocketLevel, 9)] = SocketOption.KeepAlive, [(TcpLevel, 1)] = SocketOption.NoDelay,
        [(TcpLevel, 2)] = SocketOption.MaximumSegment, [(TcpLevel, 4)] = SocketOption.KeepAliveIdle, [(TcpLevel, 5)] = SocketOption.KeepAliveInterval,
        [(TcpLevel, 6)] = SocketOption.KeepAliveProbes, [(TcpLevel, 7)] = SocketOption.SynRetries, [(TcpLevel, 18)] = SocketOption.UserTimeout,
        [(TcpLevel, 3)] = SocketOption.Cork, [(TcpLevel, 12)] = SocketOption.QuickAck, [(TcpLevel, 25)] = SocketOption.NotSentLowWater,
        [(SocketLevel, 60)] = SocketOption.ZeroCopy,
        [(IpLevel, 1)] = SocketOption.TrafficClass, [(IpLevel, 2)] = SocketOption.TimeToLive, [(IpLevel, 10)] = SocketOption.PathMtuDiscovery,
    };

    /// <summary>The option of a level and a name; null if it is not one of these.</summary>
    public static SocketOption? Find(int level, int name) => s_options.TryGetValue((level, name), out SocketOption option) ? option : null;
}
