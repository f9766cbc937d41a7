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
    private readonly Dictionary<(string From, string To), Link> _links = [];
    private Timestamp _now;
    private int _lastConnection;

    /// <summary>Makes an empty network.</summary>
    /// <param name="seed">Where all its randomness comes from.</param>
    /// <param name="links">What its links are like, unless told otherwise; null for 10 ms of latency and nothing else.</param>
    /// <param name="name">Its name.</param>
    public SimulatedNetwork(long seed = 0, LinkOptions? links = null, string name = "lab")
        : base(name, seed)
    {
        DefaultLink = links ?? new LinkOptions();
        DefaultLink.Validate();
    }

    /// <summary>The moment that time zero of every simulated network is written as in a capture file.</summary>
    public static DateTimeOffset Epoch => s_epoch;

    /// <summary>What a link is like that nobody has said anything else of.</summary>
    public LinkOptions DefaultLink { get; }

    /// <inheritdoc/>
    public override Timestamp Now => _now;

    /// <inheritdoc/>
    public override DateTimeOffset Origin => s_epoch;

    /// <inheritdoc/>
    public override bool IsIdle => NextEvent is null;

    /// <inheritdoc/>
    public override bool IsQuiet => InFlight == 0;

    /// <inheritdoc/>
    public override IReadOnlyList<TcpHost> Hosts => _hosts;

    /// <summary>When something happens next; null if nothing ever will unless somebody acts.</summary>
    public Timestamp? NextEvent
    {
        get
        {
            Timestamp? next = NextArrival;
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

    /// <summary>Lets the next event happen: a packet arrives, or the timers of a host fire. Time moves to it.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Step()
    {
        if (NextEvent is not { } next)
        {
            return false;
        }

        _now = next > _now ? next : _now;
        if (DeliverNext(_now))
        {
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

    /// <summary><c>lab (client, server)</c>.</summary>
    public override string ToString() => $"{Name} ({string.Join(", ", _hosts.Select(host => host.Name))})";

    /// <inheritdoc/>
    protected override TimeSpan UsualDelay => DefaultLink.Latency > base.UsualDelay ? DefaultLink.Latency : base.UsualDelay;

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

    private protected override bool TryCarry(TracedPacket packet, in DecodedPacket decoded, ref PathEffects path, out Timestamp arrival)
    {
        arrival = default;
        Link link = LinkBetween(packet.From, packet.To);
        if (decoded.Ttl <= link.Options.Hops && decoded.Sender != RouterOf(decoded))
        {
            packet.Fate = PacketFate.Lost;
            packet.FateText = $"its time to live of {decoded.Ttl} does not suffice for {link.Options.Hops} router(s)";
            AnswerByRouter(packet, decoded, IcmpErrorKind.TimeExceeded);
            return false;
        }

        if (!link.TrySend(packet.Bytes.Length, _now, out arrival, out string reason))
        {
            packet.Fate = PacketFate.Lost;
            packet.FateText = reason;
            if (packet.Bytes.Length > link.Options.Mtu && (decoded.IsIPv6 || decoded.DontFragment))
            {
                AnswerByRouter(packet, decoded, IcmpErrorKind.PacketTooBig, link.Options.Mtu);
            }

            return false;
        }

        if (link.IsCongested && decoded.Status != PacketStatus.IcmpError && decoded.TrafficClass.ToEcn() != Ecn.NotEct)
        {
            path.MarkByLink(link.Options.MarkThreshold!.Value);
        }

        return true;
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
}
