using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Kernel;

/// <summary>Which of the system's connections are meant; what is null does not matter.</summary>
public sealed record SystemFilter
{
    /// <summary>This port at either end.</summary>
    public int? Port { get; init; }

    /// <summary>This port here.</summary>
    public int? LocalPort { get; init; }

    /// <summary>This port there.</summary>
    public int? RemotePort { get; init; }

    /// <summary>An address of this network here, which may be one address.</summary>
    public AddressPrefix? LocalAddress { get; init; }

    /// <summary>An address of this network there.</summary>
    public AddressPrefix? RemoteAddress { get; init; }

    /// <summary>In one of these states.</summary>
    public IReadOnlyList<TcpState>? States { get; init; }

    /// <summary>Whether a connection between two ends is meant, whatever its state.</summary>
    /// <param name="local">This end.</param>
    /// <param name="remote">The other end.</param>
    public bool Fits(Endpoint local, Endpoint remote) =>
        (Port is null || local.Port == Port || remote.Port == Port)
        && (LocalPort is null || local.Port == LocalPort)
        && (RemotePort is null || remote.Port == RemotePort)
        && LocalAddress?.Contains(local.Address) != false
        && RemoteAddress?.Contains(remote.Address) != false;

    /// <summary>Whether a state is meant.</summary>
    /// <param name="state">The state.</param>
    public bool Fits(TcpState state) => States is null || States.Contains(state);
}
