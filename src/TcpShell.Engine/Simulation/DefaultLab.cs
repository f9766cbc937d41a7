using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Simulation;

/// <summary>The lab that needs no setting up: a client, a server, and an echo service on port 80.</summary>
public static class DefaultLab
{
    /// <summary>The name of the host that asks.</summary>
    public const string Client = "client";

    /// <summary>The name of the host that is asked.</summary>
    public const string Server = "server";

    /// <summary>The port of the echo service.</summary>
    public const ushort Port = 80;

    /// <summary>Puts client (10.0.0.1) and server (10.0.0.2) into an empty network and opens the server's port.</summary>
    /// <param name="network">The network.</param>
    /// <param name="settings">Settings of both hosts; null for the profile <c>linux</c>.</param>
    public static void Furnish(SimulatedNetwork network, TcpSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        network.AddHost(Client, null, settings);
        TcpHost server = network.AddHost(Server, null, settings);
        network.Listen(server, new Endpoint(default, Port), Applications.Echo);
    }
}
