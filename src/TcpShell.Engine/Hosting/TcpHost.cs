using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hosting;

/// <summary>
/// Many connections on one host: listeners, ports, and which packet is for whom. Like a connection it has no clock and no network of
/// its own; after every call poll it: <see cref="TryPollTransmit"/>, <see cref="TryPollStateChange"/>, <see cref="PollTimeout"/>.
/// </summary>
public sealed partial class TcpHost
{
    // Listings and lessons look back at connections that are no more; a long-lived host must not keep them all.
    private const int ClosedConnectionsKept = 1000;

    // Entries of the queue of deadlines for each connection, at most.
    private const int DeadlinesKept = 8;

    // Answers that no connection sends are bounded by what arrives, but nobody is forced to poll between arrivals.
    private const int MaximumReplies = 1000;

    private static readonly Comparer<HostedConnection> s_byId = Comparer<HostedConnection>.Create((one, other) => one.Id.CompareTo(other.Id));

    private readonly Demultiplexer _demultiplexer = new();
    private readonly PortAllocator _ports;
    private readonly List<HostedConnection> _connections = [];
    private readonly Queue<HostedConnection> _closed = new();
    private readonly List<Listener> _listeners = [];
    private readonly List<Listener> _stoppedListeners = [];
    private readonly Queue<StateChange> _stateChanges = new();
    private readonly Queue<HostedConnection> _dirty = new();
    private readonly Queue<OutgoingPacket> _replies = new();
    private readonly PriorityQueue<HostedConnection, (Timestamp At, long Order)> _deadlines = new();
    private readonly InitialSequence _initialSequence;
    private readonly SynCookies _cookies;
    private readonly Func<int> _nextId;
    private long _scheduled;
    private readonly CallTrace? _calls;
    private ushort _identification;

    /// <summary>Makes a host that runs and has no connections.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="addresses">Its unicast addresses, at least one; each connection leaves from the one that is nearest to its peer's.</param>
    /// <param name="settings">What its connections are made with.</param>
    /// <param name="secret">The secret of its initial sequence numbers, 16 octets.</param>
    /// <param name="mtu">The largest IP packet that its interface carries, in octets.</param>
    /// <param name="nextId">Numbers for its connections; null counts from 1.</param>
    /// <param name="firstPort">The ephemeral port that is handed out first. A lesson shows the same ports each time; where earlier runs are remembered, another one is better.</param>
    /// <exception cref="ArgumentException">There is no address, or one that no host can have, or a setting that cannot be.</exception>
    public TcpHost(
        string name,
        IReadOnlyList<IpAddress> addresses,
        TcpSettings settings,
        ReadOnlySpan<byte> secret,
        int mtu = 1500,
        Func<int>? nextId = null,
        ushort firstPort = PortAllocator.First)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(addresses);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        if (addresses.Count == 0 || addresses.Any(address => !address.IsUnicast))
        {
            throw new ArgumentException($"Host {name} needs unicast addresses.", nameof(addresses));
        }

        Name = name;
        Addresses = addresses;
        Settings = settings;
        Mtu = mtu;
        _ports = new PortAllocator(firstPort);
        _initialSequence = new InitialSequence(secret);
        _cookies = new SynCookies(secret);
        int last = 0;
        _nextId = nextId ?? (() => ++last);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its addresses.</summary>
    public IReadOnlyList<IpAddress> Addresses { get; }

    /// <summary>What its connections are made with, unless they bring settings of their own.</summary>
    public TcpSettings Settings { get; }

    /// <summary>The largest IP packet that its interface carries, in octets.</summary>
    public int Mtu { get; }

    /// <summary>
    /// The MTU of its routes, in octets; null for the interface's. It bounds what every connection sends, and the MSS that new ones announce.
    /// </summary>
    public int? RouteMtu { get; set; }

    /// <summary>The network that it is in; null for a host outside of one.</summary>
    public TcpNetwork? Network { get; init; }

    /// <summary>Where the calls of its programs are noted; null where nowhere.</summary>
    internal CallTrace? Calls
    {
        get => _calls ?? Network?.Trace.Calls;
        init => _calls = value;
    }

    /// <summary>Whether it is up.</summary>
    public bool IsRunning { get; private set; } = true;

    /// <summary>What it has counted.</summary>
    public HostCounters Counters { get; } = new();

    /// <summary>Its listeners.</summary>
    public IReadOnlyList<Listener> Listeners => Copy(_listeners);

    /// <summary>Its connections that are not closed, in the order of their making.</summary>
    public IReadOnlyList<HostedConnection> Connections => Copy(_connections);

    /// <summary>Its last thousand connections that are closed.</summary>
    public IReadOnlyList<HostedConnection> ClosedConnections => Copy(_closed);

    /// <summary>Chooses initial sequence numbers from both ends' addresses, where a test or a lesson wants certain ones; null for RFC 6528's.</summary>
    public Func<Endpoint, Endpoint, SeqNumber>? IssChooser { get; set; }

    /// <summary>
    /// Whether its interface takes no packet, because the queue before it is full: data is kept and tried again, any other segment is lost without a trace.
    /// </summary>
    public bool InterfaceIsFull { get; set; }

    /// <summary>Entries of the queue of deadlines, stale ones as well.</summary>
    internal int DeadlineCount => _deadlines.Count;

    /// <summary>When a timer fires next; null if none runs.</summary>
    public Timestamp? PollTimeout()
    {
        while (_deadlines.TryPeek(out HostedConnection? connection, out (Timestamp At, long Order) entry))
        {
            if (connection.Tcp.PollTimeout() <= entry.At)
            {
                return entry.At;
            }

            // Entries are not removed when a timer is set anew; one that no longer holds is corrected when it comes to the front.
            _deadlines.Dequeue();
            connection.Scheduled.Pop();
            Schedule(connection);
        }

        return null;
    }

    /// <summary>Lets the timers fire that are due.</summary>
    /// <param name="now">The time.</param>
    public void HandleTimeout(Timestamp now)
    {
        while (PollTimeout() is { } deadline && deadline <= now)
        {
            HostedConnection connection = _deadlines.Dequeue();
            connection.Scheduled.Pop();
            connection.Tcp.InterfaceIsFull = InterfaceIsFull;
            connection.Tcp.HandleTimeout(now);
            Settle(connection, now);
        }
    }

    /// <summary>Takes the next packet to send.</summary>
    /// <param name="now">The time.</param>
    /// <param name="packet">The packet.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryPollTransmit(Timestamp now, out OutgoingPacket packet)
    {
        while (_replies.TryDequeue(out packet))
        {
            if (!InterfaceIsFull)
            {
                return true;
            }
        }

        while (_dirty.TryPeek(out HostedConnection? connection))
        {
            UsePathMtu(connection, now);
            connection.Tcp.InterfaceIsFull = InterfaceIsFull;
            if (connection.Tcp.TryPollTransmit(now, out OutgoingSegment outgoing))
            {
                if (InterfaceIsFull)
                {
                    continue;
                }

                byte[] bytes = Write(connection.Local.Address, connection.Remote.Address, outgoing.Segment, connection.Settings, outgoing.Ecn);
                packet = new(bytes, outgoing.Reason, outgoing.Attempt, outgoing.Note, connection.Id);
                return true;
            }

            _dirty.Dequeue();
            connection.IsDirty = false;
            connection.History.Take(connection.Tcp, now);
            Schedule(connection);
        }

        return false;
    }

    /// <summary>Takes the next change of state.</summary>
    /// <param name="change">The change, with host and connection number.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryPollStateChange(out StateChange? change) => _stateChanges.TryDequeue(out change);

    /// <summary>Whether an address is one of this host's.</summary>
    /// <param name="address">The address.</param>
    public bool Owns(IpAddress address)
    {
        // Not Addresses.Contains: this is asked for every packet, and hosts have one or two addresses.
        for (int i = 0; i < Addresses.Count; i++)
        {
            if (Addresses[i] == address)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The power goes: every connection is forgotten and nobody is told. Packets that arrive are lost until <see cref="Restart"/>.
    /// </summary>
    /// <param name="now">The time.</param>
    public void Crash(Timestamp now)
    {
        IsRunning = false;
        foreach (HostedConnection connection in AllConnections())
        {
            connection.Tcp.HostStops(now, "the host crashes");
            Settle(connection, now);
        }

        GoDown();
        _replies.Clear();
    }

    /// <summary>The host is shut down: every connection is aborted, so that peers get a RST.</summary>
    /// <param name="now">The time.</param>
    /// <param name="forGood">Whether it will hear no answer: see <see cref="TcpConnection.AbortForGood"/>.</param>
    public void Stop(Timestamp now, bool forGood = false)
    {
        IsRunning = false;
        foreach (HostedConnection connection in AllConnections())
        {
            if (connection.State != TcpState.Closed)
            {
                if (forGood)
                {
                    connection.Tcp.AbortForGood(now);
                }
                else
                {
                    connection.Tcp.Abort(now);
                }
            }

            Settle(connection, now);
        }

        GoDown();
    }

    /// <summary>The host comes up again: with its listeners, and without any memory of its connections.</summary>
    /// <param name="now">The time.</param>
    public void Restart(Timestamp now)
    {
        if (IsRunning)
        {
            return;
        }

        IsRunning = true;
        Listener[] before = [.. _stoppedListeners];
        _stoppedListeners.Clear();
        foreach (Listener listener in before)
        {
            Listen(listener.Local, now, listener.Application, listener.Backlog, listener.Control.Settings);
        }
    }

    /// <summary><c>client (10.0.0.1)</c>.</summary>
    public override string ToString() => $"{Name} ({string.Join(", ", Addresses)})";

    private T[] Copy<T>(IReadOnlyCollection<T> list)
    {
        using NetworkHold hold = Network?.Hold() ?? default;
        return [.. list];
    }

    private HostedConnection[] AllConnections() => [.. _connections, .. _listeners.Select(listener => listener.Control)];

    private void GoDown()
    {
        _stoppedListeners.AddRange(_listeners);
        _listeners.Clear();
        _demultiplexer.Clear();
        _pathMtus.Clear();
    }

    /// <summary>
    /// After anything was done to a connection: tell its application, note its changes of state, plan its timers and its output.
    /// </summary>
    private void Settle(HostedConnection connection, Timestamp now)
    {
        while (connection.Tcp.TryPollEvent(out ConnectionEvent happened))
        {
            if (happened.Change is { } change)
            {
                Note(connection, change);
            }

            bool speaks = connection.State is not (TcpState.Closed or TcpState.Listen);
            if (speaks && connection.Role == ConnectionRole.Server)
            {
                connection.Application.Handle(connection, happened.Kind, now);
            }
        }

        if (connection.Tcp.TakeAdviceToIp())
        {
            _pathMtus.Forget(connection.Remote.Address);
        }

        if (!connection.IsDirty)
        {
            connection.IsDirty = true;
            _dirty.Enqueue(connection);
        }

        Schedule(connection);
    }

    private void Note(HostedConnection connection, StateChange change)
    {
        change = change with { Host = Name, ConnectionId = connection.Id };
        connection.Record(change);
        _stateChanges.Enqueue(change);
        if (connection.Listener is { } listener)
        {
            listener.HalfOpen += (change.To == TcpState.SynReceived ? 1 : 0) - (change.From == TcpState.SynReceived ? 1 : 0);
            if (change.To == TcpState.Established)
            {
                listener.Offer(connection);
            }

            // A user who closes in SYN-RECEIVED leads past ESTABLISHED; only what follows shows that the peer has confirmed.
            if (change.To == TcpState.Established || change is { From: > TcpState.SynReceived, To: not TcpState.Closed })
            {
                EndPredecessor(connection, change.Time);
            }
        }

        if (change.To == TcpState.Closed || (change.To == TcpState.Listen && connection.Role == ConnectionRole.Server))
        {
            Forget(connection, change);
        }
    }

    /// <summary>A connection that is closed, or whose request was forgotten while its listener goes on listening.</summary>
    private void Forget(HostedConnection connection, StateChange change)
    {
        _demultiplexer.Remove(connection, change.Local, change.Remote);
        if (connection.Predecessor is { State: TcpState.TimeWait } predecessor)
        {
            _demultiplexer.Add(predecessor); // [MAY-2] the way back: the newer request came to nothing
        }

        if (RemoveFromList(connection) && connection.IsRemembered)
        {
            _closed.Enqueue(connection);
            if (_closed.Count > ClosedConnectionsKept)
            {
                _closed.Dequeue();
            }
        }

        Listener? listener = _listeners.Find(candidate => candidate.Control == connection);
        if (listener is not null && IsRunning)
        {
            _demultiplexer.Remove(listener);
            _listeners.Remove(listener);
        }

        connection.Application.Ended(connection);
    }

    private void EndPredecessor(HostedConnection connection, Timestamp now)
    {
        if (connection.Predecessor is { } predecessor)
        {
            connection.Predecessor = null;
            if (predecessor.State == TcpState.TimeWait)
            {
                predecessor.Tcp.EndTimeWait(now);
                Settle(predecessor, now);
            }
        }
    }

    /// <summary>The list is in the order of the connections' numbers, so that one of many is found without looking at all.</summary>
    private bool RemoveFromList(HostedConnection connection)
    {
        int index = _connections.BinarySearch(connection, s_byId);
        if (index < 0)
        {
            return false;
        }

        _connections.RemoveAt(index);
        return true;
    }

    private void Schedule(HostedConnection connection)
    {
        bool isScheduled = connection.Scheduled.TryPeek(out Timestamp scheduled);
        if (connection.Tcp.PollTimeout() is { } deadline && (!isScheduled || deadline < scheduled))
        {
            connection.Scheduled.Push(deadline);
            _deadlines.Enqueue(connection, (deadline, _scheduled++));
            ForgetStaleDeadlines();
        }
    }

    /// <summary>
    /// Entries of connections that are no more stay until their time has come, which can be hours. Before there are many more of them than
    /// connections they are left out, so that no peer that opens and resets can fill the memory.
    /// </summary>
    private void ForgetStaleDeadlines()
    {
        if (_deadlines.Count <= DeadlinesKept * (_connections.Count + _listeners.Count + 1))
        {
            return;
        }

        _deadlines.Clear();
        foreach (HostedConnection connection in AllConnections())
        {
            connection.Scheduled.Clear();
            if (connection.Tcp.PollTimeout() is { } deadline)
            {
                connection.Scheduled.Push(deadline);
                _deadlines.Enqueue(connection, (deadline, _scheduled++));
            }
        }
    }

    private SeqNumber ChooseIss(Endpoint local, Endpoint remote, Timestamp now) =>
        IssChooser?.Invoke(local, remote) ?? _initialSequence.Next(local, remote, now);

    private byte[] Write(IpAddress source, IpAddress destination, in TcpSegment segment, TcpSettings settings, Ecn ecn = Ecn.NotEct)
    {
        // Read for each packet anew, since the user may change them while the connection is open [MUST-48, MUST-49, SHLD-21, SHLD-22].
        var header = new PacketHeader(source, destination)
        {
            Identification = ++_identification, // another one for a retransmission too
            Ttl = (byte)settings.TimeToLive,
            TrafficClass = (byte)(settings.Dscp << 2 | (int)ecn),
            DontFragment = settings.PathMtuDiscovery, // [1191-4]
        };
        var bytes = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, bytes);
        return bytes;
    }
}
