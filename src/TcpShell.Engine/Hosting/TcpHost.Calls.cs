using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hosting;

// What the programs on a host ask for.
public sealed partial class TcpHost
{
    /// <summary>Opens a port for connection requests.</summary>
    /// <param name="local">Port and address; the unspecified address stands for all of the host's.</param>
    /// <param name="now">The time.</param>
    /// <param name="application">What is done with the connections.</param>
    /// <param name="backlog">How many connections may be half-open at once, at least 1.</param>
    /// <param name="settings">Settings of its connections; null for the host's.</param>
    /// <exception cref="TcpCallException">The port is taken, the address is none of the host's, or the host is down.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The backlog or a setting cannot be.</exception>
    public Listener Listen(Endpoint local, Timestamp now, ITcpApplication application, int backlog = 128, TcpSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(application);
        ArgumentOutOfRangeException.ThrowIfLessThan(backlog, 1);
        settings?.Validate();
        RequireRunning();
        if (local.Port == 0 || (!local.Address.IsUnspecified && !Owns(local.Address)))
        {
            throw new TcpCallException(
                TcpCallError.InvalidAddress, $"Host {Name} cannot listen on {local}: its addresses are {string.Join(", ", Addresses)}.");
        }

        // One listener serves both IP versions, however "all addresses" is written.
        local = local.Address.IsUnspecified ? local with { Address = default } : local;
        if (_demultiplexer.HasListener(local)) // [MUST-41, MUST-42] connections on the port are not disturbed, and do not disturb
        {
            throw new TcpCallException(TcpCallError.PortInUse, $"Host {Name} listens on {local} already.");
        }

        var tcp = new TcpConnection(settings ?? Settings, local, UsableMtu);
        var control = new HostedConnection(this, tcp, 0, ConnectionRole.Listener, application);
        var listener = new Listener(control, backlog);
        _listeners.Add(listener);
        _demultiplexer.Add(listener);
        tcp.OpenPassive(now);
        Settle(control, now);
        return listener;
    }

    /// <summary>Asks for a connection; the SYN is there to be polled.</summary>
    /// <param name="remote">The other end.</param>
    /// <param name="now">The time.</param>
    /// <param name="local">This end; an unspecified address or port 0 is chosen by the host [MUST-43, MUST-44].</param>
    /// <param name="settings">Its settings; null for the host's.</param>
    /// <exception cref="TcpCallException">No connection is possible with that end, this end is taken, or the host is down.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting cannot be.</exception>
    public HostedConnection Connect(Endpoint remote, Timestamp now, Endpoint local = default, TcpSettings? settings = null)
    {
        settings?.Validate();
        RequireRunning();
        TcpConnection.RequireRemote(remote); // [MUST-46]
        local = ChooseLocal(local, remote); // once, before the SYN
        var tcp = new TcpConnection(settings ?? Settings, local, UsableMtu, _initialSequence.TimestampOffset(local, remote));
        tcp.OpenActive(remote, ChooseIss(local, remote, now), now);
        return Adopt(new HostedConnection(this, tcp, _nextId(), ConnectionRole.Client, Applications.Manual), now);
    }

    /// <summary>
    /// Sends on a listener (RFC 9293 3.10.2): it stops listening, becomes the active side of a connection and sends when that is open.
    /// </summary>
    /// <param name="listener">The listener.</param>
    /// <param name="data">The octets.</param>
    /// <param name="remote">Whom to call.</param>
    /// <param name="now">The time.</param>
    /// <returns>The connection, which has the listener's port.</returns>
    /// <exception cref="TcpCallException">No connection is possible with that end, or the listener is closed.</exception>
    public HostedConnection SendWhileListening(Listener listener, ReadOnlySpan<byte> data, Endpoint remote, Timestamp now)
    {
        ArgumentNullException.ThrowIfNull(listener);
        RequireRunning();
        TcpConnection.RequireRemote(remote);
        HostedConnection control = listener.Control;
        if (control.State != TcpState.Listen)
        {
            throw new TcpCallException(
                TcpCallError.ConnectionExists, $"The listener on {control.Local} is {control.State}: it listens no more.");
        }

        Endpoint local = ChooseLocal(listener.Local, remote);
        _demultiplexer.Remove(listener);
        _listeners.Remove(listener);
        control.Tcp.BindLocal(local);
        control.Tcp.SendWhileListening(data, remote, ChooseIss(local, remote, now), now);
        control.Id = _nextId();
        control.Role = ConnectionRole.Client;
        return Adopt(control, now);
    }

    /// <summary>Tells the host that something was called on a connection of its own, so that it looks for what follows.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="now">The time.</param>
    public void Touch(HostedConnection connection, Timestamp now)
    {
        ArgumentNullException.ThrowIfNull(connection);
        Settle(connection, now);
    }

    /// <summary>
    /// The address that a connection to somewhere leaves from, where its user names none: of the same family, the one that has the longest
    /// prefix in common with the peer's; of equals the first (RFC 1122 3.3.4.3, RFC 6724 5 rule 8) [MUST-44]. A connection keeps it [MUST-45].
    /// </summary>
    /// <param name="remote">Where to.</param>
    /// <exception cref="TcpCallException">The host has no address of that family.</exception>
    public IpAddress SourceFor(IpAddress remote)
    {
        IpAddress best = default;
        int longest = -1;
        foreach (IpAddress address in Addresses)
        {
            if (address.IsIPv6 == remote.IsIPv6 && address.CommonPrefixLength(remote) is int length && length > longest)
            {
                best = address;
                longest = length;
            }
        }

        if (longest >= 0)
        {
            return best;
        }

        throw new TcpCallException(
            TcpCallError.InvalidAddress, $"Host {Name} has no {(remote.IsIPv6 ? "IPv6" : "IPv4")} address to reach {remote}.");
    }

    private HostedConnection Adopt(HostedConnection connection, Timestamp now)
    {
        _connections.Add(connection);
        _demultiplexer.Add(connection);
        Settle(connection, now);
        return connection;
    }

    private Endpoint ChooseLocal(Endpoint local, Endpoint remote)
    {
        IpAddress address = local.Address.IsUnspecified ? SourceFor(remote.Address) : local.Address;
        if (!Owns(address))
        {
            throw new TcpCallException(
                TcpCallError.InvalidAddress, $"{address} is no address of host {Name}: its addresses are {string.Join(", ", Addresses)}.");
        }

        if (local.Port != 0)
        {
            local = new Endpoint(address, local.Port);
            return _demultiplexer.FindConnection(local, remote) is null
                ? local
                : throw new TcpCallException(TcpCallError.PortInUse, $"Host {Name} has a connection from {local} to {remote} already.");
        }

        return _ports.TryTake(candidate => _demultiplexer.IsPortUsed(candidate), out ushort port)
            ? new Endpoint(address, port)
            : throw new TcpCallException(TcpCallError.InsufficientResources, $"All ephemeral ports of host {Name} are taken.");
    }

    private void RequireRunning()
    {
        if (!IsRunning)
        {
            throw new TcpCallException(TcpCallError.HostDown, Network?.Obstacle ?? $"Host {Name} is down.");
        }
    }
}
