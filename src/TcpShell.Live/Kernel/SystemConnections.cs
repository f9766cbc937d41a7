using System.Net.NetworkInformation;
using TcpShell.Wire;
using TcpState = TcpShell.Tcp.TcpState;

namespace TcpShell.Live.Kernel;

/// <summary>The operating system's own TCP connections: what <c>netstat -napt</c> shows.</summary>
public static class SystemConnections
{
    /// <summary>All connections and listeners, of this thread's network namespace.</summary>
    /// <param name="withProcesses">Whether to look for the processes, which takes longer.</param>
    /// <exception cref="LiveException">The system does not tell.</exception>
    public static IReadOnlyList<SystemConnection> List(bool withProcesses = false)
    {
        if (!OperatingSystem.IsLinux())
        {
            return FromFramework();
        }

        using var kernel = new SockDiag();
        List<SystemConnection> found = kernel.List();
        return withProcesses ? ProcessTable.AddTo(found) : found;
    }

    // Windows and macOS tell no more to everybody.
    private static List<SystemConnection> FromFramework()
    {
        var properties = IPGlobalProperties.GetIPGlobalProperties();
        return
        [
            .. properties.GetActiveTcpListeners().Select(listener => new SystemConnection
            {
                Local = new Endpoint(listener.Address, (ushort)listener.Port),
                Remote = default,
                State = TcpState.Listen,
            }),
            .. properties.GetActiveTcpConnections().Select(connection => new SystemConnection
            {
                Local = new Endpoint(connection.LocalEndPoint.Address, (ushort)connection.LocalEndPoint.Port),
                Remote = new Endpoint(connection.RemoteEndPoint.Address, (ushort)connection.RemoteEndPoint.Port),
                State = ToState(connection.State),
            }),
        ];
    }

    private static TcpState ToState(System.Net.NetworkInformation.TcpState state) => state switch
    {
        System.Net.NetworkInformation.TcpState.Listen => TcpState.Listen,
        System.Net.NetworkInformation.TcpState.SynSent => TcpState.SynSent,
        System.Net.NetworkInformation.TcpState.SynReceived => TcpState.SynReceived,
        System.Net.NetworkInformation.TcpState.Established => TcpState.Established,
        System.Net.NetworkInformation.TcpState.FinWait1 => TcpState.FinWait1,
        System.Net.NetworkInformation.TcpState.FinWait2 => TcpState.FinWait2,
        System.Net.NetworkInformation.TcpState.CloseWait => TcpState.CloseWait,
        System.Net.NetworkInformation.TcpState.Closing => TcpState.Closing,
        System.Net.NetworkInformation.TcpState.LastAck => TcpState.LastAck,
        System.Net.NetworkInformation.TcpState.TimeWait => TcpState.TimeWait,
        _ => TcpState.Closed,
    };
}
