using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Live.Probing;

/// <summary>Tries the handshakes of many ports at once from a host of ours, in a lab or on an interface, and sees the answers themselves.</summary>
/// <remarks>
/// Half-open, it sends requests that no connection has made: our host knows nothing of them and resets what is answered (RFC 9293 3.10.7.1), so
/// the peer never counts the connection as open. Otherwise a connection is opened and aborted.
/// </remarks>
public sealed class NetworkProber : IDisposable
{
    private static readonly TimeSpan s_firstRepetition = TimeSpan.FromSeconds(1);

    private readonly TcpNetwork _network;
    private readonly TcpHost _host;
    private readonly bool _halfOpen;
    private readonly TimeSpan _timeout;
    private readonly SeededRandom _random;
    private readonly Dictionary<(Endpoint Local, Endpoint Remote), Probe> _probes = [];
    private readonly Queue<PortProbe> _finished = new();
    private readonly List<TracedPacket> _early = [];
    private Timestamp? _lastRequest;

    // What this host asks itself is answered while it asks, when nobody knows yet from which port.
    private Endpoint? _starting;

    /// <summary>Makes a prober.</summary>
    /// <param name="network">The network.</param>
    /// <param name="host">The host that asks.</param>
    /// <param name="halfOpen">Whether the handshakes are broken off.</param>
    /// <param name="timeout">How long to wait for each answer.</param>
    public NetworkProber(TcpNetwork network, TcpHost host, bool halfOpen, TimeSpan timeout)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(host);
        _network = network;
        _host = host;
        _halfOpen = halfOpen;
        _timeout = timeout;
        _random = new SeededRandom(network.Seed ^ network.Now.Nanoseconds, "port probes");
        using NetworkHold hold = network.Hold();
        network.PacketSent += SeeSent;
        network.PacketArrived += See;
    }

    /// <summary>
    /// Probes a port of a lab, of which nothing is left: what runs for the first time is compiled then, and would otherwise be part of the first round
    /// trip on a real network.
    /// </summary>
    /// <param name="halfOpen">Whether the handshakes are to be broken off.</param>
    /// <returns>What became of it.</returns>
    public static PortProbe? WarmUp(bool halfOpen)
    {
        var lab = new SimulatedNetwork();
        DefaultLab.Furnish(lab);
        using var prober = new NetworkProber(lab, lab.Hosts[0], halfOpen, s_firstRepetition);
        prober.Start(new Endpoint(lab.FindHost(DefaultLab.Server)!.Addresses[0], 80));
        prober.Look();
        lab.RunUntil(() => prober.HasResults, s_firstRepetition);
        prober.TryTake(out PortProbe? result);
        return result;
    }

    /// <summary>Ports that have not answered yet.</summary>
    public int Pending => _probes.Count;

    /// <summary>Sends the request to a port.</summary>
    /// <param name="target">The port.</param>
    /// <exception cref="TcpCallException">The host has no address of that version, or it is down; or the address is loopback's or a broadcast's and the network a link.</exception>
    public void Start(Endpoint target)
    {
        using NetworkHold hold = _network.Hold();
        if (_network is LiveNetwork live && HostAddresses.WhyUnreachable(target.Address, live.Addresses) is { } objection)
        {
            throw new TcpCallException(TcpCallError.InvalidAddress, $"No port of {target.Address} can be probed over {live.Name}: {objection}.");
        }

        if (_halfOpen)
        {
            var local = new Endpoint(_host.SourceFor(target.Address), ChoosePort(target));
            var probe = new Probe(target, _network.Now);
            _probes.Add((local, target), probe);
            Send(local, probe);
            return;
        }

        // The connection repeats its request by itself for as long as it is waited for.
        _lastRequest = null;
        _early.Clear();
        _starting = target;
        HostedConnection connection = _network.Connect(_host, target);
        _starting = null;
        connection.IsRemembered = false;
        _probes[(connection.Local, target)] = new Probe(target, _network.Now) { Connection = connection, LastSent = _lastRequest ?? _network.Now };
        _early.ForEach(See);
    }

    /// <summary>Repeats requests that are due, and gives up those whose time is over. To be called when something happened.</summary>
    /// <returns>When it has to be called again at the latest; null if nobody is waited for.</returns>
    public Timestamp? Look()
    {
        using NetworkHold hold = _network.Hold();
        Timestamp? next = null;
        foreach ((Endpoint Local, Endpoint Remote) ends in _probes.Keys.ToArray())
        {
            Probe probe = _probes[ends];
            Timestamp end = probe.Started + _timeout;
            if (_network.Now >= end)
            {
                Finish(ends, probe, new PortProbe { Target = probe.Target, Answer = PortAnswer.Silence, Via = _network.Name, HalfOpen = _halfOpen });
                continue;
            }

            if (_halfOpen && _network.Now >= probe.NextAttempt)
            {
                Send(ends.Local, probe);
            }

            Timestamp due = _halfOpen && probe.NextAttempt < end ? probe.NextAttempt : end;
            next = next is null || due < next ? due : next;
        }

        return next;
    }

    /// <summary>Takes what became of a port.</summary>
    /// <param name="result">What became of it.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake(out PortProbe? result)
    {
        using NetworkHold hold = _network.Hold();
        return _finished.TryDequeue(out result);
    }

    /// <summary>Whether there is something to take.</summary>
    public bool HasResults => _finished.Count > 0;

    /// <summary>Ends the probes that are not over.</summary>
    public void Dispose()
    {
        using NetworkHold hold = _network.Hold();
        _network.PacketSent -= SeeSent;
        _network.PacketArrived -= See;
        foreach (Probe probe in _probes.Values)
        {
            Abort(probe);
        }

        _probes.Clear();
    }

    private static TcpOptions Options => new()
    {
        MaximumSegmentSize = 1460,
        SackPermitted = true,
        Timestamps = new TcpTimestamps(1, 0),
        WindowScale = 7,
    };

    private ushort ChoosePort(Endpoint target)
    {
        Endpoint local;
        do
        {
            local = new Endpoint(_host.SourceFor(target.Address), (ushort)(32768 + _random.Next(16384)));
        }
        while (_probes.ContainsKey((local, target)));
        return local.Port;
    }

    private void Send(Endpoint local, Probe probe)
    {
        probe.Attempts++;
        probe.NextAttempt = _network.Now + (s_firstRepetition * (1 << Math.Min(probe.Attempts - 1, 6)));
        var header = new PacketHeader(local.Address, probe.Target.Address);
        var segment = new TcpSegment
        {
            SourcePort = local.Port,
            DestinationPort = probe.Target.Port,
            SequenceNumber = probe.Sequence ??= (uint)_random.NextUInt64(),
            Flags = TcpFlags.SYN,
            Window = 64240,
            Options = Options,
        };
        var packet = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, packet);
        _network.Inject(packet, "port probe");
    }

    /// <summary>
    /// Round trips begin when a request leaves, not when somebody thought of it: what is done for the first time takes its time. Our requests are few among
    /// all that is sent meanwhile, and are known by their flags.
    /// </summary>
    private void SeeSent(TracedPacket packet)
    {
        if (packet.Reason is null || !PacketPeek.TryReadFlags(packet.Bytes.Span, out TcpFlags flags) || !flags.Has(TcpFlags.SYN) || flags.Has(TcpFlags.ACK))
        {
            return;
        }

        _lastRequest = packet.Sent;
        DecodedPacket decoded = packet.Decode();
        if (_probes.TryGetValue((decoded.SourceEndpoint, decoded.DestinationEndpoint), out Probe? probe))
        {
            probe.LastSent = packet.Sent;
        }
    }

    /// <summary>Runs while the network is held: on its pump's thread, or on that of whoever moves the time.</summary>
    private void See(TracedPacket packet)
    {
        if ((_probes.Count == 0 && _starting is null) || (PacketPeek.TryReadFlags(packet.Bytes.Span, out TcpFlags peeked) && !IsAnswer(peeked)))
        {
            return;
        }

        DecodedPacket decoded = packet.Decode();
        bool isError = decoded.Status == PacketStatus.IcmpError;
        (Endpoint Local, Endpoint Remote) ends = isError
            ? (decoded.SourceEndpoint, decoded.DestinationEndpoint)
            : (decoded.DestinationEndpoint, decoded.SourceEndpoint);
        if (decoded.Status is not (PacketStatus.Tcp or PacketStatus.IcmpError))
        {
            return;
        }

        if (!_probes.TryGetValue(ends, out Probe? probe))
        {
            if (ends.Remote == _starting)
            {
                _early.Add(packet);
            }

            return;
        }

        TcpFlags flags = decoded.Segment.Flags;
        PortAnswer? answer = isError ? PortAnswer.Icmp
            : flags.Has(TcpFlags.SYN | TcpFlags.ACK) ? PortAnswer.SynAck
            : flags.Has(TcpFlags.RST) ? PortAnswer.Rst
            : null;
        if (answer is null)
        {
            return;
        }

        // An error of this host's own tells that nobody answered, so there is no round trip.
        int attempts = probe.Connection is { } connection ? (int)connection.Retransmissions + 1 : probe.Attempts;
        Finish(ends, probe, new PortProbe
        {
            Target = probe.Target,
            Answer = answer.Value,
            Rtt = isError && _host.Addresses.Contains(decoded.IcmpSource) ? null : (packet.Arrived ?? _network.Now) - packet.Waited - probe.LastSent,
            Attempts = attempts,
            HalfOpen = _halfOpen,
            Options = answer == PortAnswer.SynAck ? (TcpOptions?)decoded.Segment.Options : null,
            Window = isError ? null : decoded.Segment.Window,
            Ttl = isError ? null : decoded.Ttl,
            IcmpError = isError ? IcmpError.Of(decoded).Kind : null,
            IcmpSource = isError ? (IpAddress?)decoded.IcmpSource : null,
            Via = _network.Name,
        });
    }

    private static bool IsAnswer(TcpFlags flags) => flags.Has(TcpFlags.SYN | TcpFlags.ACK) || flags.Has(TcpFlags.RST);

    private void Finish((Endpoint Local, Endpoint Remote) ends, Probe probe, PortProbe result)
    {
        _probes.Remove(ends);
        Abort(probe);
        _finished.Enqueue(result with { Attempts = result.Attempts ?? (probe.Connection is { } connection ? (int)connection.Retransmissions + 1 : probe.Attempts) });
    }

    private void Abort(Probe probe)
    {
        if (probe.Connection is { State: not TcpState.Closed } connection)
        {
            _network.Abort(connection);
        }
    }

    private sealed class Probe(Endpoint target, Timestamp started)
    {
        public Endpoint Target { get; } = target;

        public Timestamp Started { get; } = started;

        public HostedConnection? Connection { get; init; }

        public int Attempts { get; set; }

        public Timestamp LastSent { get; set; }

        public Timestamp NextAttempt { get; set; }

        public uint? Sequence { get; set; }
    }
}
