using TcpShell.Wire;

namespace TcpShell.Live.SharpPcap;

/// <summary>
/// The Ethernet addresses of a link's hosts, and the packets that wait until one is known. It has no clock and no device: it is told the time, and
/// says what to send.
/// </summary>
/// <param name="ask">Sends a question for an address: to its former Ethernet address, or to everybody where that is null.</param>
/// <param name="send">Sends a packet to an Ethernet address, and tells whether the device took it.</param>
/// <param name="lose">Takes back a packet that has waited in vain: nobody has the address (RFC 1122 2.4, RFC 4861 7.2.2).</param>
internal sealed class NeighborTable(Action<IpAddress, MacAddress?> ask, Func<MacAddress, byte[], bool> send, Action<byte[]> lose)
{
    /// <summary>Hosts that are known at most. Forged questions take the free places, and then no more; only what this host sends itself drives others out.</summary>
    public const int MaximumNeighbors = 1024;

    /// <summary>Packets that wait for one host at most; a host that is not there shall not take more.</summary>
    public const int MaximumWaiting = 16;

    // Claims that are remembered, of all hosts together.
    private const int MaximumClaims = 4096;

    // RFC 4861 10: RETRANS_TIMER and MAX_MULTICAST_SOLICIT, and REACHABLE_TIME.
    private static readonly TimeSpan s_askAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(30);
    private const int MaximumQuestions = 3;

    private readonly Dictionary<IpAddress, Neighbor> _neighbors = [];
    private readonly HashSet<(IpAddress Address, MacAddress Mac)> _claims = [];

    /// <summary>Hosts in the table, known or asked for.</summary>
    public int Count => _neighbors.Count;

    /// <summary>When something is due; null if nothing is.</summary>
    public TimeSpan? NextTime { get; private set; }

    /// <summary>Sends a packet to a host of the link, as soon as its Ethernet address is known.</summary>
    /// <returns>False if it was not taken: too many wait, or the device refuses it.</returns>
    public bool Send(IpAddress address, ReadOnlySpan<byte> packet, TimeSpan now)
    {
        Neighbor neighbor = Find(address);
        if (neighbor.Mac is { } mac)
        {
            // What is not confirmed any more is used while it is asked for (RFC 4861's STALE): an idle connection goes on without a pause.
            if (now - neighbor.Confirmed > s_fresh && neighbor.Questions == 0)
            {
                Ask(address, neighbor, now);
            }

            return send(mac, packet.ToArray());
        }

        if (neighbor.Waiting.Count >= MaximumWaiting)
        {
            return false;
        }

        neighbor.Waiting.Enqueue(packet.ToArray());
        if (neighbor.Questions == 0)
        {
            Ask(address, neighbor, now);
        }

        return true;
    }

    /// <summary>Somebody has told his Ethernet address.</summary>
    /// <param name="address">His address.</param>
    /// <param name="mac">His Ethernet address.</param>
    /// <param name="now">The time.</param>
    /// <param name="isCaller">Whether he has asked for us and will want an answer: then he is remembered though nobody asked for him, if there is room.</param>
    public void Learn(IpAddress address, MacAddress mac, TimeSpan now, bool isCaller)
    {
        if (!_neighbors.ContainsKey(address) && (!isCaller || _neighbors.Count >= MaximumNeighbors))
        {
            return;
        }

        Neighbor neighbor = Find(address);
        if (neighbor.Mac is { } known && known != mac && !MovesTo(mac, address, neighbor, now))
        {
            return;
        }

        neighbor.IsContested = false;
        neighbor.Mac = mac;
        neighbor.Confirmed = now;
        neighbor.Questions = 0;
        while (neighbor.Waiting.TryDequeue(out byte[]? packet))
        {
            send(mac, packet);
        }
    }

    /// <summary>Asks again where an answer is missing, and gives up where it has been missing for long.</summary>
    public void HandleTime(TimeSpan now)
    {
        if (NextTime is null || now < NextTime)
        {
            return;
        }

        NextTime = null;
        foreach ((IpAddress address, Neighbor neighbor) in _neighbors.Where(pair => pair.Value.Questions > 0).ToArray())
        {
            if (now < neighbor.Asked + s_askAgain)
            {
                Schedule(neighbor);
            }
            else if (neighbor.Questions < MaximumQuestions)
            {
                Ask(address, neighbor, now);
            }
            else if (neighbor.IsContested)
            {
                // Nobody has made good a claim, so whoever had the address keeps it: his answers may be lost among the claims.
                neighbor.IsContested = false;
                neighbor.Questions = 0;
            }
            else
            {
                // Nobody answers: what waits is lost, and the next packet asks anew.
                _neighbors.Remove(address);
                foreach (byte[] packet in neighbor.Waiting)
                {
                    lose(packet);
                }
            }
        }
    }

    /// <summary>
    /// Whether a host has got another Ethernet address. Anybody can claim that. So the one who had it is asked first, and only where he is silent everybody is;
    /// and then only a claim that is repeated counts. Whoever has the address repeats his, for everybody is asked twice; one forged claim among many does not.
    /// </summary>
    private bool MovesTo(MacAddress claimed, IpAddress address, Neighbor neighbor, TimeSpan now)
    {
        if (_claims.Count >= MaximumClaims)
        {
            _claims.Clear();
        }

        bool isRepeated = !_claims.Add((address, claimed));
        if (neighbor.Questions >= MaximumQuestions)
        {
            return isRepeated;
        }

        neighbor.IsContested = true;
        if (neighbor.Questions == 0 && now - neighbor.Asked >= s_askAgain)
        {
            Ask(address, neighbor, now);
        }

        return false;
    }

    private void Ask(IpAddress address, Neighbor neighbor, TimeSpan now)
    {
        neighbor.Questions++;
        neighbor.Asked = now;
        Schedule(neighbor);
        bool isLast = neighbor.Questions >= MaximumQuestions;
        ask(address, isLast ? null : neighbor.Mac);
        if (isLast && neighbor.IsContested)
        {
            ask(address, null);
        }
    }

    private void Schedule(Neighbor neighbor)
    {
        TimeSpan due = neighbor.Asked + s_askAgain;
        NextTime = NextTime is { } next && next < due ? next : due;
    }

    private Neighbor Find(IpAddress address)
    {
        if (!_neighbors.TryGetValue(address, out Neighbor? neighbor))
        {
            if (_neighbors.Count >= MaximumNeighbors)
            {
                _neighbors.Remove(_neighbors.MinBy(pair => pair.Value.Confirmed).Key);
            }

            _neighbors[address] = neighbor = new Neighbor();
        }

        return neighbor;
    }

    private sealed class Neighbor
    {
        public MacAddress? Mac { get; set; }

        public TimeSpan Confirmed { get; set; }

        public TimeSpan Asked { get; set; } = -s_askAgain;

        public int Questions { get; set; }

        /// <summary>Whether somebody else has claimed the address since it was confirmed.</summary>
        public bool IsContested { get; set; }

        public Queue<byte[]> Waiting { get; } = new();
    }
}
