using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Hosting;

// The way of a packet: noted in the trace, through the impairments and over the link, to its host or out of here.
public abstract partial class TcpNetwork
{
    private const int MaximumNames = 1000;

    private readonly Dictionary<IpAddress, string> _names = [];
    private readonly List<Impairment> _impairments = [];
    private readonly EventQueue<Arrival> _arrivals = new();
    private readonly int[] _impairmentsMade = new int[Enum.GetValues<ImpairmentKind>().Length];

    /// <summary>Where all its own randomness comes from: that of impairments, links and, in a lab, initial sequence numbers.</summary>
    public long Seed { get; }

    /// <summary>What is done to packets on their way; a copy.</summary>
    public IReadOnlyList<Impairment> Impairments
    {
        get
        {
            using NetworkHold hold = Hold();
            return [.. _impairments];
        }
    }

    /// <summary>The packets so far, as many as its limit allows.</summary>
    public PacketTrace Trace { get; }

    /// <summary>Packets that are on their way, as far as that is known here.</summary>
    public int InFlight => _arrivals.Count;

    /// <summary>Told of each packet when it is sent, before anything else happens: what its fate is stands in it already.</summary>
    public event Action<TracedPacket>? PacketSent;

    /// <summary>Told of each packet when it has arrived and was processed, before the answers to it are sent.</summary>
    public event Action<TracedPacket>? PacketArrived;

    /// <summary>When the next packet that is on its way arrives; null if none is.</summary>
    protected Timestamp? NextArrival => _arrivals.Next;

    private protected EventQueue<Arrival> Arrivals => _arrivals;

    /// <summary>Adds something bad.</summary>
    /// <param name="kind">What is done.</param>
    /// <param name="selector">To which packets.</param>
    /// <param name="delay">By how much to delay; null for <see cref="UsualDelay"/>.</param>
    public Impairment AddImpairment(ImpairmentKind kind, PacketSelector selector, TimeSpan? delay = null)
    {
        if (kind == ImpairmentKind.Refuse)
        {
            throw new ArgumentException("What refuses packets tells why: see AddRefusal.", nameof(kind));
        }

        TimeSpan by = delay ?? UsualDelay;
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero, nameof(delay));
        return Add(kind, selector, by, error: null, mtu: 0);
    }

    /// <summary>Takes something bad away.</summary>
    /// <param name="impairment">One of <see cref="Impairments"/>.</param>
    /// <returns>Whether it was there.</returns>
    public bool RemoveImpairment(Impairment impairment)
    {
        using NetworkHold hold = Hold();
        return _impairments.Remove(impairment);
    }

    /// <summary>Puts a packet into the network that no connection has made.</summary>
    /// <param name="packet">The octets from the IP header on, legal or not.</param>
    /// <param name="note">Why, for the reader of a trace.</param>
    /// <exception cref="ArgumentException">The packet has no IP header, so nobody knows where it shall go.</exception>
    public TracedPacket Inject(ReadOnlyMemory<byte> packet, string note = "")
    {
        DecodedPacket decoded = PacketDecoder.Decode(packet, LinkType.Raw);
        if (decoded.IpHeaderLength == 0)
        {
            throw new ArgumentException(decoded.ProblemText ?? "The packet has no IP header.", nameof(packet));
        }

        using NetworkHold hold = Hold();
        return Transmit(packet.ToArray(), TransmitReason.Crafted, 1, note, 0);
    }

    /// <summary>How much an impairment delays if nobody says it; at least 1 ms.</summary>
    protected virtual TimeSpan UsualDelay => TimeSpan.FromMilliseconds(1);

    /// <summary>Takes what a host wants to send and puts it on its way; notes its changes of state.</summary>
    /// <param name="host">One of <see cref="Hosts"/>.</param>
    protected virtual void Pump(TcpHost host)
    {
        CollectStateChanges(host);
        while (host.TryPollTransmit(Now, out OutgoingPacket packet))
        {
            Transmit(packet.Bytes, packet.Reason, packet.Attempt, packet.Note, packet.ConnectionId);
        }

        CollectStateChanges(host);
    }

    /// <summary>A packet comes in from somebody whose reasons are not known here.</summary>
    /// <param name="packet">The octets from the IP header on; they belong to the network from now on.</param>
    /// <param name="read">When the interface gave it, which may be a while ago.</param>
    protected void ComesIn(byte[] packet, Timestamp read) => Transmit(packet, reason: null, 0, "", 0, Now - read);

    /// <summary>A packet arrives whose destination is none of the hosts that run.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="destination">Where it shall go.</param>
    /// <param name="text">What became of it, in words; empty for an uneventful way.</param>
    /// <returns>What became of it.</returns>
    protected virtual PacketFate Forward(TracedPacket packet, IpAddress destination, out string text)
    {
        ArgumentNullException.ThrowIfNull(packet);
        text = $"{packet.To} is {(FindHost(destination) is null ? "nobody's address" : "down")}";
        return PacketFate.Unreachable;
    }

    /// <summary>Lets the next packet arrive, if its time has come.</summary>
    /// <param name="now">The time.</param>
    /// <returns>Whether one arrived.</returns>
    protected bool DeliverNext(Timestamp now)
    {
        if (_arrivals.Next is not { } arrival || arrival > now)
        {
            return false;
        }

        Arrival next = _arrivals.Take();
        Deliver(next, PacketDecoder.Decode(next.Packet.ArrivedBytes, LinkType.Raw));
        return true;
    }

    /// <summary>Takes all impairments away at once.</summary>
    protected void ClearImpairments() => _impairments.Clear();

    /// <summary>Whether the link carries a packet, and until when; what becomes of one that it does not carry is noted in it.</summary>
    private protected virtual bool TryCarry(TracedPacket packet, in DecodedPacket decoded, ref PathEffects path, out Timestamp arrival)
    {
        arrival = packet.Sent;
        return true;
    }

    private protected void Deliver(Arrival arrival, in DecodedPacket decoded)
    {
        TracedPacket packet = arrival.Packet;
        packet.Arrived = Now;
        packet.ArrivedOrder = Trace.NextOrder();
        if (FindHost(arrival.Destination) is not { IsRunning: true } host)
        {
            packet.Fate = Forward(packet, arrival.Destination, out string text);
            packet.FateText = text.Length > 0 ? text : packet.FateText;
            PacketArrived?.Invoke(packet);
            return;
        }

        packet.Fate = arrival.Corrupted ? PacketFate.Corrupted : PacketFate.Delivered;
        long before = StateChanges.Total;
        packet.Verdict = host.PacketArrives(decoded, Now);
        CollectStateChanges(host);
        if (StateChanges.Total > before)
        {
            packet.StateChanges = [.. StateChanges.From(before)];
        }

        PacketArrived?.Invoke(packet);
        Pump(host);
    }

    private protected TracedPacket AddCopy(TracedPacket original, IpAddress destination, Timestamp arrival, string why, bool corrupted)
    {
        var copy = new TracedPacket
        {
            Number = Trace.NextNumber(),
            Sent = Now,
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

    /// <summary>Sends a packet through the impairments and over the link.</summary>
    private TracedPacket Transmit(byte[] bytes, TransmitReason? reason, int attempt, string note, int connectionId, TimeSpan waited = default)
    {
        DecodedPacket decoded = PacketDecoder.Decode(bytes, LinkType.Raw);
        var packet = new TracedPacket
        {
            Number = Trace.NextNumber(),
            Sent = Now,
            Waited = waited,
            From = NameOf(decoded.Sender),
            To = NameOf(decoded.Receiver),
            Bytes = bytes,
            ArrivedBytes = bytes,
            Reason = reason,
            Attempt = attempt,
            Note = note,
            ConnectionId = connectionId,
        };
        Trace.Add(packet);
        bool goes = Impair(packet, decoded, out PathEffects path, out Timestamp arrival);
        bool atOnce = goes && IsRealTime && arrival <= packet.Sent;
        if (goes && !atOnce)
        {
            _arrivals.Add(arrival, new Arrival(packet, decoded.Receiver, path.Corruption is not null));
        }

        if (goes && path.Duplication is { } duplication)
        {
            AddCopy(packet, decoded.Receiver, arrival + duplication.Delay, $"copied by {duplication}", path.Corruption is not null);
        }

        PacketSent?.Invoke(packet);
        if (atOnce)
        {
            // Decoded once, unless its octets were changed on the way.
            bool isUnchanged = path.Corruption is null && !path.IsMarked;
            Deliver(
                new Arrival(packet, decoded.Receiver, path.Corruption is not null),
                isUnchanged ? decoded : PacketDecoder.Decode(packet.ArrivedBytes, LinkType.Raw));
        }

        return packet;
    }

    /// <summary>What the impairments and the link do to a packet.</summary>
    /// <returns>Whether it arrives; if not, its fate is noted in it.</returns>
    private bool Impair(TracedPacket packet, in DecodedPacket decoded, out PathEffects path, out Timestamp arrival)
    {
        path = default;
        arrival = default;
        foreach (Impairment impairment in _impairments)
        {
            if (impairment.Hit(packet.From, packet.To, decoded, isLost: path.Loss is not null))
            {
                path.Apply(impairment, decoded);
            }
        }

        if (path.Loss is { } loss)
        {
            packet.Fate = PacketFate.Lost;
            packet.FateText = $"{(loss.Kind == ImpairmentKind.Refuse ? "refused" : "dropped")} by {loss}";
            if (loss.Error is { } error)
            {
                AnswerByRouter(packet, decoded, error, loss.Mtu);
            }

            return false;
        }

        if (!TryCarry(packet, decoded, ref path, out arrival))
        {
            return false;
        }

        arrival += path.Delay;
        packet.ArrivedBytes = path.CorruptedBytes ?? packet.Bytes;
        packet.ArrivedBytes = path.IsMarked ? EcnExtensions.Marked(packet.ArrivedBytes.Span) : packet.ArrivedBytes;
        packet.FateText = path.Text;
        return true;
    }

    private Impairment Add(ImpairmentKind kind, PacketSelector selector, TimeSpan delay, IcmpErrorKind? error, int mtu)
    {
        ArgumentNullException.ThrowIfNull(selector);
        selector.Validate();
        using NetworkHold hold = Hold();
        int ordinal = ++_impairmentsMade[(int)kind];
        var impairment = new Impairment(_impairmentsMade.Sum(), kind, ordinal, selector, delay, Seed) { Network = this, Error = error, Mtu = mtu };

        // Kept in the order in which they are tried: by kind, then by age.
        int index = _impairments.FindIndex(other => other.Kind > kind);
        _impairments.Insert(index < 0 ? _impairments.Count : index, impairment);
        return impairment;
    }

    private string NameOf(IpAddress address)
    {
        if (FindHost(address) is { } host)
        {
            return host.Name;
        }

        if (address == s_router || address == s_routerIPv6)
        {
            return RouterName;
        }

        // Written once for all packets of a peer; a liar with many addresses fills no memory.
        if (!_names.TryGetValue(address, out string? name))
        {
            if (_names.Count >= MaximumNames)
            {
                _names.Clear();
            }

            name = address.ToString();
            _names.Add(address, name);
        }

        return name;
    }
}
