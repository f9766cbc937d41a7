using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Hosting;

/// <summary>
/// Hosts that can reach each other, and the time they live in. Users act on connections here: each call is carried out at
/// <see cref="Now"/> and what follows is put on its way. Whether time is virtual or real is the network's affair.
/// </summary>
/// <remarks>
/// Where time is real, a thread of the network's own drives it. Whoever acts or looks meets it at one place, <see cref="Hold"/>: the calls here
/// and the lists of hosts and connections do so by themselves, single numbers may be of different moments.
/// </remarks>
public abstract partial class TcpNetwork
{
    /// <summary>Makes a network.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="seed">Where its randomness comes from.</param>
    protected TcpNetwork(string name, long seed = 0)
    {
        Name = name;
        Seed = seed;
        StateChanges = new StateChangeLog(this);
        Trace = new PacketTrace(() => Now, this);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The time.</summary>
    public abstract Timestamp Now { get; }

    /// <summary>The moment that its time zero is, or is taken for in a capture file.</summary>
    public abstract DateTimeOffset Origin { get; }

    /// <summary>Whether time passes by itself, and packets leave the process. Else it moves when somebody moves it.</summary>
    public virtual bool IsRealTime => false;

    /// <summary>Why nothing can be done on this network any more, in one sentence; null while something can.</summary>
    public virtual string? Obstacle => null;

    /// <summary>Whether nothing can happen any more unless somebody acts. Never so where others are who may.</summary>
    public abstract bool IsIdle { get; }

    /// <summary>Whether no packet is on its way, as far as can be known.</summary>
    public abstract bool IsQuiet { get; }

    /// <summary>The hosts that can be acted on, in the order of their making.</summary>
    public abstract IReadOnlyList<TcpHost> Hosts { get; }

    /// <summary>The changes of state of all hosts, in the order in which they happened.</summary>
    public StateChangeLog StateChanges { get; }

    /// <summary>The connections that are not closed, in the order of their numbers.</summary>
    public IEnumerable<HostedConnection> Connections => Hosts.SelectMany(host => host.Connections).OrderBy(connection => connection.Id);

    /// <summary>
    /// Keeps everything as it is, but for what the caller does, until the answer is disposed of: for whoever looks at several things that belong
    /// together. It is not to be kept long, for the network stands still meanwhile. Where time is virtual nothing happens by itself anyway.
    /// </summary>
    public NetworkHold Hold() => new(this);

    /// <summary>Finds a host by its name (in any case) or one of its addresses.</summary>
    /// <param name="nameOrAddress">Name or address.</param>
    /// <returns>The host; null if there is none.</returns>
    public TcpHost? FindHost(string nameOrAddress)
    {
        TcpHost? named = Hosts.FirstOrDefault(host => host.Name.Equals(nameOrAddress, StringComparison.OrdinalIgnoreCase));
        return named ?? (IpAddress.TryParse(nameOrAddress, out IpAddress address) ? FindHost(address) : null);
    }

    /// <summary>Finds the host that has an address.</summary>
    /// <param name="address">The address.</param>
    /// <returns>The host; null if there is none.</returns>
    public virtual TcpHost? FindHost(IpAddress address)
    {
        foreach (TcpHost host in Hosts)
        {
            if (host.Owns(address))
            {
                return host;
            }
        }

        return null;
    }

    /// <summary>Opens a port on a host; see <see cref="TcpHost.Listen"/>.</summary>
    /// <param name="host">The host.</param>
    /// <param name="local">Port and address.</param>
    /// <param name="application">What is done with the connections.</param>
    /// <param name="backlog">How many connections may be half-open at once.</param>
    /// <param name="settings">Settings of its connections; null for the host's.</param>
    public Listener Listen(TcpHost host, Endpoint local, ITcpApplication application, int backlog = 128, TcpSettings? settings = null)
    {
        using NetworkHold hold = Hold();
        Listener listener = Own(host).Listen(local, Now, application, backlog, settings);
        Pump(host);
        return listener;
    }

    /// <summary>Asks for a connection; the SYN is put on its way. See <see cref="TcpHost.Connect"/>.</summary>
    /// <param name="host">The host that asks.</param>
    /// <param name="remote">The other end.</param>
    /// <param name="local">This end; what is unspecified is chosen by the host.</param>
    /// <param name="settings">Its settings; null for the host's.</param>
    public HostedConnection Connect(TcpHost host, Endpoint remote, Endpoint local = default, TcpSettings? settings = null)
    {
        using NetworkHold hold = Hold();
        HostedConnection connection = Own(host).Connect(remote, Now, local, settings);
        Pump(host);
        return connection;
    }

    /// <summary>SEND: see <see cref="TcpConnection.Send"/>.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="data">The octets.</param>
    /// <param name="urgent">Whether the last of them is urgent.</param>
    /// <returns>Octets taken.</returns>
    public int Send(HostedConnection connection, ReadOnlySpan<byte> data, bool urgent = false)
    {
        using NetworkHold hold = Hold();
        int taken = Own(connection).Tcp.Send(data, Now, urgent);
        Touch(connection);
        return taken;
    }

    /// <summary>SEND on a listener, which becomes the active side: see <see cref="TcpHost.SendWhileListening"/>.</summary>
    /// <param name="listener">The listener.</param>
    /// <param name="data">The octets.</param>
    /// <param name="remote">Whom to call.</param>
    public HostedConnection SendWhileListening(Listener listener, ReadOnlySpan<byte> data, Endpoint remote)
    {
        using NetworkHold hold = Hold();
        HostedConnection connection = Own(listener.Owner).SendWhileListening(listener, data, remote, Now);
        Pump(listener.Owner);
        return connection;
    }

    /// <summary>RECEIVE: see <see cref="TcpConnection.Receive"/>.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="destination">Where to put the octets.</param>
    /// <returns>Octets copied.</returns>
    public int Receive(HostedConnection connection, Span<byte> destination)
    {
        using NetworkHold hold = Hold();
        int count = Own(connection).Tcp.Receive(destination, Now);
        Touch(connection);
        return count;
    }

    /// <summary>CLOSE: see <see cref="TcpConnection.Close"/>. A listener just ends.</summary>
    /// <param name="connection">The connection.</param>
    public void Close(HostedConnection connection)
    {
        using NetworkHold hold = Hold();
        Own(connection).Tcp.Close(Now);
        Touch(connection);
    }

    /// <summary>ABORT: see <see cref="TcpConnection.Abort"/>.</summary>
    /// <param name="connection">The connection.</param>
    public void Abort(HostedConnection connection)
    {
        using NetworkHold hold = Hold();
        Own(connection).Tcp.Abort(Now);
        Touch(connection);
    }

    /// <summary>Changes settings of a connection: see <see cref="TcpConnection.ChangeSettings"/>.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="settings">All of its settings.</param>
    public void ChangeSettings(HostedConnection connection, TcpSettings settings)
    {
        using NetworkHold hold = Hold();
        Own(connection).Tcp.ChangeSettings(settings, Now);
        Touch(connection);
    }

    /// <summary>The power of a host goes: see <see cref="TcpHost.Crash"/>.</summary>
    /// <param name="host">The host.</param>
    public void Crash(TcpHost host)
    {
        using NetworkHold hold = Hold();
        Own(host).Crash(Now);
        Pump(host);
    }

    /// <summary>A host is shut down: see <see cref="TcpHost.Stop"/>.</summary>
    /// <param name="host">The host.</param>
    public void Stop(TcpHost host)
    {
        using NetworkHold hold = Hold();
        Own(host).Stop(Now);
        Pump(host);
    }

    /// <summary>A host comes up again: see <see cref="TcpHost.Restart"/>.</summary>
    /// <param name="host">The host.</param>
    public void Restart(TcpHost host)
    {
        using NetworkHold hold = Hold();
        Own(host).Restart(Now);
        Pump(host);
    }

    /// <summary>Lets time pass until something is so.</summary>
    /// <param name="condition">Asked after each event.</param>
    /// <param name="limit">How long at most, in the network's time.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>Whether it became so; if not, the limit was reached or nothing can happen any more.</returns>
    /// <exception cref="OperationCanceledException">The waiting was cancelled.</exception>
    public abstract bool RunUntil(Func<bool> condition, TimeSpan limit, CancellationToken cancellation = default);

    /// <summary>Waits until no other thread holds the network, and holds it.</summary>
    protected internal virtual void Enter()
    {
    }

    /// <summary>Lets go what <see cref="Enter"/> holds.</summary>
    protected internal virtual void Leave()
    {
    }

    /// <summary>Takes the changes of state of a host.</summary>
    /// <param name="host">The host.</param>
    protected void CollectStateChanges(TcpHost host)
    {
        while (host.TryPollStateChange(out StateChange? change))
        {
            StateChanges.Add(change!);
        }
    }

    /// <summary>What was called on a connection itself (<see cref="HostedConnection.Tcp"/>) takes effect: what it wants to send goes out.</summary>
    /// <param name="connection">The connection.</param>
    public void Carry(HostedConnection connection)
    {
        using NetworkHold hold = Hold();
        Touch(Own(connection));
    }

    private void Touch(HostedConnection connection)
    {
        connection.Owner.Touch(connection, Now);
        Pump(connection.Owner);
    }

    private TcpHost Own(TcpHost host) =>
        Hosts.Contains(host) ? host : throw new ArgumentException($"Host {host.Name} is none of network {Name}.", nameof(host));

    private HostedConnection Own(HostedConnection connection)
    {
        Own(connection.Owner);
        return connection;
    }
}
