using TcpShell.Hosting;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Simulation;

/// <summary>
/// Hosts on links in virtual time. Nothing happens by itself: time moves when somebody steps or runs the network, and then at once
/// from one event to the next. The packets are real ones, octet for octet. The same seed and the same calls give the same packets.
/// </summary>
public sealed partial class SimulatedNetwork : TcpNetwork
{
    // What a lab's time zero is in a capture file: any fixed moment will do, and this one is easily seen to be no real date of capture.
    private static readonly DateTimeOffset s_epoch = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<TcpHost> _hosts = [];
    private readonly Dictionary<IpAddress, TcpHost> _owners = [];
    private readonly List<Impairment> _impairments = [];
    private readonly Dictionary<(string From, string To), Link> _links = [];
    private readonly EventQueue<Arrival> _arrivals = new();
    private readonly int[] _impairmentsMade = new int[Enum.GetValues<ImpairmentKind>().Length];
    private Timestamp _now;
    private int _lastConnection;

    /// <summary>Makes an empty network.</summary>
    /// <param name="seed">Where all its randomness comes from.</param>
    /// <param name="links">What its links are like, unless told otherwise; null for 10 ms of latency and nothing else.</param>
    /// <param name="name">Its name.</param>
    public SimulatedNetwork(long seed = 0, LinkOptions? links = null, string name = "lab")
        : base(name)
    {
        Seed = seed;
        DefaultLink = links ?? new LinkOptions();
        DefaultLink.Validate();
    }

    /// <summary>The moment that time zero of every simulated network is written as in a capture file.</summary>
    public static DateTimeOffset Epoch => s_epoch;

    /// <summary>Where all its randomness comes from.</summary>
    public long Seed { get; }

    /// <summary>What a link is like that nobody has said anything else of.</summary>
    public LinkOptions DefaultLink { get; }

    /// <inheritdoc/>
    public override Timestamp Now => _now;

    /// <inheritdoc/>
    public override IReadOnlyList<TcpHost> Hosts => _hosts;

    /// <summary>What is done to packets on their way.</summary>
    public IReadOnlyList<Impairment> Impairments => _impairments;

    /// <summary>The packets so far.</summary>
    public PacketTrace Trace { get; } = new();

    /// <summary>Told of each packet when it is sent, before anything else happens: what its fate is stands in it already.</summary>
    public event Action<TracedPacket>? PacketSent;

    /// <summary>Told of each packet when it has arrived and was processed, before the answers to it are sent.</summary>
    public event Action<TracedPacket>? PacketArrived;

    /// <summary>Packets that are on their way.</summary>
    public int InFlight => _arrivals.Count;

    /// <summary>When something happens next; null if nothing ever will unless somebody acts.</summary>
    public Timestamp? NextEvent
    {
        get
        {
            Timestamp? next = _arrivals.Next;
            foreach (TcpHost host in _hosts)
            {
                if (host.PollTimeout() is { } deadline && (next is null || deadline < next))
                {
                    next = deadline;
                }
            }

            return next;
        }
    }

    /// <summary>Adds a host.</summary>
    /// <param name="name">Its name; no other host may have it.</param>
    /// <param name="addresses">Its addresses; null takes the next free one of 10.0.0.0/16.</param>
    /// <param name="settings">Settings of its connections; null for the profile <c>linux</c>.</param>
    /// <exception cref="ArgumentException">The name or an address is taken, or is none that a host can have.</exception>
    public TcpHost AddHost(string name, IReadOnlyList<IpAddress>? addresses = null, TcpSettings? settings = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (_hosts.Exists(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
        {
            throw new ArgumentException($"There is a host {name} already.", nameof(name));
        }

        if (IpAddress.TryParse(name, out _))
        {
            throw new ArgumentException($"'{name}' is an address, which cannot be a host's name.", nameof(name));
        }

        addresses ??= [NextAddress()];
        foreach (IpAddress address in addresses)
        {
            if (FindHost(address) is { } owner)
            {
                throw new ArgumentException($"Host {owner.Name} has the address {address} already.", nameof(addresses));
            }
        }

        var secret = new byte[InitialSequence.SecretSize];
        new SeededRandom(Seed, $"secret of {name}").Fill(secret);
        var host = new TcpHost(name, addresses, settings ?? TcpSettings.Linux, secret, DefaultLink.Mtu, () => ++_lastConnection)
        {
            Network = this,
        };
        _hosts.Add(host);
        foreach (IpAddress address in addresses)
        {
            _owners[address] = host;
        }

        return host;
    }

    /// <inheritdoc/>
    public override TcpHost? FindHost(IpAddress address) => _owners.GetValueOrDefault(address);

    /// <summary>
    /// Says what the link between two hosts is like, in both directions, from now on. Packets on their way are not touched.
    /// </summary>
    /// <param name="one">The name of one host.</param>
    /// <param name="other">The name of the other.</param>
    /// <param name="options">What it is like.</param>
    /// <exception cref="ArgumentException">There is no such host, or the link cannot be like that.</exception>
    public void SetLink(string one, string other, LinkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        one = RequireHost(one, nameof(one));
        other = RequireHost(other, nameof(other));
        _links[(one, other)] = MakeLink(one, other, options);
        _links[(other, one)] = MakeLink(other, one, options);
    }

    /// <summary>Adds something bad.</summary>
    /// <param name="kind">What is done.</param>
    /// <param name="selector">To which packets.</param>
    /// <param name="delay">By how much to delay; null for the default link's latency (at least 1 ms).</param>
    public Impairment AddImpairment(ImpairmentKind kind, PacketSelector selector, TimeSpan? delay = null)
    {
        if (kind == ImpairmentKind.Refuse)
        {
            throw new ArgumentException("What refuses packets tells why: see AddRefusal.", nameof(kind));
        }

        TimeSpan least = TimeSpan.FromMilliseconds(1);
        TimeSpan by = delay ?? (DefaultLink.Latency > least ? DefaultLink.Latency : least);
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero, nameof(delay));
        return AddImpairment(kind, selector, by, error: null, mtu: 0);
    }

    private Impairment AddImpairment(ImpairmentKind kind, PacketSelector selector, TimeSpan delay, IcmpErrorKind? error, int mtu)
    {
        ArgumentNullException.ThrowIfNull(selector);
        selector.Validate();
        int ordinal = ++_impairmentsMade[(int)kind];
        var impairment = new Impairment(_impairmentsMade.Sum(), kind, ordinal, selector, delay, Seed) { Network = this, Error = error, Mtu = mtu };

        // Kept in the order in which they are tried: by kind, then by age.
        int index = _impairments.FindIndex(other => other.Kind > kind);
        _impairments.Insert(index < 0 ? _impairments.Count : index, impairment);
        return impairment;
    }

    /// <summary>Takes something bad away.</summary>
    /// <param name="impairment">One of <see cref="Impairments"/>.</param>
    /// <returns>Whether it was there.</returns>
    public bool RemoveImpairment(Impairment impairment) => _impairments.Remove(impairment);

    /// <summary>Lets the next event happen: a packet arrives, or the timers of a host fire. Time moves to it.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Step()
    {
        if (NextEvent is not { } next)
        {
            return false;
        }

        _now = next > _now ? next : _now;
        if (_arrivals.Next is { } arrival && arrival <= _now)
        {
            Deliver(_arrivals.Take());
            return true;
        }

        foreach (TcpHost host in _hosts)
        {
            if (host.PollTimeout() <= _now)
            {
                host.HandleTimeout(_now);
                Pump(host);
                return true;
            }
        }

        return true;
    }

    /// <summary>Lets time pass.</summary>
    /// <param name="duration">How long.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; time stands at the last event.</exception>
    public void RunFor(TimeSpan duration, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        RunTo(_now + duration, null, cancellation);
    }

    /// <inheritdoc/>
    public override bool RunUntil(Func<bool> condition, TimeSpan limit, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero);
        return RunTo(_now + limit, condition, cancellation);
    }

    /// <summary>Runs until nothing can happen any more, or until the limit.</summary>
    /// <param name="limit">How long at most, in virtual time.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>Whether nothing can happen any more.</returns>
    public bool RunUntilIdle(TimeSpan limit, CancellationToken cancellation = default) =>
        RunUntil(() => NextEvent is null, limit, cancellation);

    /// <inheritdoc/>
    public override TracedPacket Inject(ReadOnlyMemory<byte> packet, string note = "")
    {
        DecodedPacket decoded = PacketDecoder.Decode(packet, LinkType.Raw);
        if (decoded.IpHeaderLength == 0)
        {
            throw new ArgumentException(decoded.ProblemText ?? "The packet has no IP header.", nameof(packet));
        }

        return Transmit(new OutgoingPacket(packet.ToArray(), TransmitReason.Crafted, 1, note, 0));
    }

    /// <summary><c>lab (client, server)</c>.</summary>
    public override string ToString() => $"{Name} ({string.Join(", ", _hosts.Select(host => host.Name))})";

    /// <inheritdoc/>
    protected override void Pump(TcpHost host)
    {
        CollectStateChanges(host);
        while (host.TryPollTransmit(_now, out OutgoingPacket packet))
        {
            Transmit(packet);
        }

        CollectStateChanges(host);
    }

    private bool RunTo(Timestamp end, Func<bool>? condition, CancellationToken cancellation)
    {
        while (condition?.Invoke() != true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (NextEvent is not { } next || next > end)
            {
                // A wait that cannot come true must not spend the time it could have waited: only a plain run reaches its end.
                _now = condition is null || NextEvent is not null ? end : _now;
                return false;
            }

            Step();
        }

        return true;
    }

    /// <summary>Sends a packet through the impairments and the link.</summary>
    private TracedPacket Transmit(OutgoingPacket packet)
    {
        TracedPacket traced = PutOnLink(packet);
        PacketSent?.Invoke(traced);
        return traced;
    }

    private TracedPacket PutOnLink(OutgoingPacket packet)
    {
        DecodedPacket decoded = PacketDecoder.Decode(packet.Bytes, LinkType.Raw);
        string from = NameOf(decoded.Sender);
        string to = NameOf(decoded.Receiver);
        var traced = new TracedPacket
        {
            Number = Trace.NextNumber(),
            Sent = _now,
            From = from,
            To = to,
            Bytes = packet.Bytes,
            ArrivedBytes = packet.Bytes,
            Reason = packet.Reason,
            Attempt = packet.Attempt,
            Note = packet.Note,
            ConnectionId = packet.ConnectionId,
        };
        Trace.Add(traced);

        var path = new PathEffects();
        foreach (Impairment impairment in _impairments)
        {
            if (impairment.Hit(from, to, decoded, isLost: path.Loss is not null))
            {
                path.Apply(impairment, decoded);
            }
        }

        if (path.Loss is { } loss)
        {
            traced.Fate = PacketFate.Lost;
            traced.FateText = $"{(loss.Kind == ImpairmentKind.Refuse ? "refused" : "dropped")} by {loss}";
            if (loss.Error is { } error)
            {
                AnswerByRouter(traced, decoded, error, loss.Mtu);
            }

            return traced;
        }

        Link link = LinkBetween(from, to);
        if (decoded.Ttl <= link.Options.Hops && decoded.Sender != RouterOf(decoded))
        {
            traced.Fate = PacketFate.Lost;
            traced.FateText = $"its time to live of {decoded.Ttl} does not suffice for {link.Options.Hops} router(s)";
            AnswerByRouter(traced, decoded, IcmpErrorKind.TimeExceeded);
            return traced;
        }

        if (!link.TrySend(packet.Bytes.Length, _now, out Timestamp arrival, out string reason))
        {
            traced.Fate = PacketFate.Lost;
            traced.FateText = reason;
            if (packet.Bytes.Length > link.Options.Mtu && (decoded.IsIPv6 || decoded.DontFragment))
            {
                AnswerByRouter(traced, decoded, IcmpErrorKind.PacketTooBig, link.Options.Mtu);
            }

            return traced;
        }

        traced.ArrivedBytes = path.CorruptedBytes ?? traced.Bytes;
        if (link.IsCongested && decoded.Status != PacketStatus.IcmpError && decoded.TrafficClass.ToEcn() != Ecn.NotEct)
        {
            path.Say($"marked by the link ({link.Options.MarkThreshold} packets or more wait)");
            traced.ArrivedBytes = EcnExtensions.Marked(traced.ArrivedBytes.Span);
        }
        else if (path.Mark is not null)
        {
            traced.ArrivedBytes = EcnExtensions.Marked(traced.ArrivedBytes.Span);
        }

        traced.FateText = path.Text;
        _arrivals.Add(arrival + path.Delay, new Arrival(traced, decoded.Receiver, path.Corruption is not null));
        if (path.Duplication is { } duplication)
        {
            AddCopy(traced, decoded.Receiver, arrival + path.Delay + duplication.Delay, $"copied by {duplication}", path.Corruption is not null);
        }

        return traced;
    }

    private TracedPacket AddCopy(TracedPacket original, IpAddress destination, Timestamp arrival, string why, bool corrupted)
    {
        var copy = new TracedPacket
        {
            Number = Trace.NextNumber(),
            Sent = _now,
            From = original.From,
            To = original.To,
            Bytes = original.Bytes,
            ArrivedBytes = original.ArrivedBytes,
            Reason = original.Reason,
            Attempt = original.Attempt,
            Note = original.Note,
            ConnectionId = original.ConnectionId,
            CopyOf = original.Number,
            FateText = why,
        };
        Trace.Add(copy);
        _arrivals.Add(arrival, new Arrival(copy, destination, corrupted));
        return copy;
    }

    private void Deliver(Arrival arrival)
    {
        TracedPacket packet = arrival.Packet;
        packet.Arrived = _now;
        if (FindHost(arrival.Destination) is not { IsRunning: true } host)
        {
            packet.Fate = PacketFate.Unreachable;
            packet.FateText = $"{packet.To} is {(FindHost(arrival.Destination) is null ? "nobody's address" : "down")}";
            PacketArrived?.Invoke(packet);
            return;
        }

        packet.Fate = arrival.Corrupted ? PacketFate.Corrupted : PacketFate.Delivered;
        long before = StateChanges.Total;
        packet.Verdict = host.PacketArrives(packet.ArrivedBytes, _now);
        CollectStateChanges(host);
        if (StateChanges.Total > before)
        {
            packet.StateChanges = [.. StateChanges.From(before)];
        }

        PacketArrived?.Invoke(packet);
        Pump(host);
    }

    private Link LinkBetween(string from, string to)
    {
        if (!_links.TryGetValue((from, to), out Link? link))
        {
            link = MakeLink(from, to, DefaultLink);
            _links.Add((from, to), link);
        }

        return link;
    }

    private Link MakeLink(string from, string to, LinkOptions options) => new(options, new SeededRandom(Seed, $"jitter {from} > {to}"));

    private string RequireHost(string name, string parameter) =>
        FindHost(name)?.Name ?? throw new ArgumentException($"There is no host {name} in network {Name}.", parameter);

    private string NameOf(IpAddress address) =>
        FindHost(address)?.Name ?? (address == s_router || address == s_routerIPv6 ? RouterName : address.ToString());

    private IpAddress NextAddress()
    {
        for (int last = 1; last < 65535; last++)
        {
            IpAddress address = IpAddress.FromBytes([10, 0, (byte)(last >> 8), (byte)last]);
            if (FindHost(address) is null)
            {
                return address;
            }
        }

        throw new ArgumentException("All addresses of 10.0.0.0/16 are taken; give the host one of its own.");
    }

    private readonly record struct Arrival(TracedPacket Packet, IpAddress Destination, bool Corrupted);
}
