namespace TcpShell.Simulation;

/// <summary>One direction between two hosts: when does a packet that enters now come out?</summary>
internal sealed class Link(LinkOptions options, SeededRandom jitter)
{
    private readonly Queue<Timestamp> _departures = new();
    private Timestamp _free;
    private Timestamp _lastArrival;

    public LinkOptions Options { get; } = options;

    /// <summary>Whether so many packets wait that the one sent last is to be marked.</summary>
    public bool IsCongested => _departures.Count - 2 >= Options.MarkThreshold; // the last one itself, and the one on the wire, do not wait

    /// <summary>Sends a packet.</summary>
    /// <param name="size">Octets.</param>
    /// <param name="now">The time.</param>
    /// <param name="arrival">When its last bit comes out.</param>
    /// <param name="loss">Why it does not come out.</param>
    /// <returns>Whether it comes out.</returns>
    public bool TrySend(int size, Timestamp now, out Timestamp arrival, out string loss)
    {
        arrival = default;
        loss = "";
        if (size > Options.Mtu)
        {
            loss = $"larger than the link's MTU ({size} of {Options.Mtu} octets)";
            return false;
        }

        while (_departures.TryPeek(out Timestamp departure) && departure <= now)
        {
            _departures.Dequeue();
        }

        Timestamp sent = now;
        if (Options.Bandwidth is { } bandwidth)
        {
            // The packet that is being sent is no longer in the queue.
            if (_departures.Count > Options.QueueLength)
            {
                loss = $"queue full ({Options.QueueLength} packets wait for the link)";
                return false;
            }

            Timestamp start = _free > now ? _free : now;
            long nanoseconds = (long)((Int128)size * 8 * 1_000_000_000 / bandwidth);
            sent = new Timestamp(start.Nanoseconds + nanoseconds);
            _free = sent;
            _departures.Enqueue(sent);
        }

        arrival = sent + Options.Latency;
        if (Options.Jitter > TimeSpan.Zero)
        {
            arrival += Options.Jitter * jitter.NextDouble();
            arrival = arrival < _lastArrival ? _lastArrival : arrival;
        }

        _lastArrival = arrival;
        return true;
    }
}
