using TcpShell.Pcap.Files;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// The changes of state of connections whose frames pass, both ends', as soon as a frame shows them. See <see cref="ConversationTracker"/> for how they are
/// found. Memory is taken for open connections only, within the limits of <see cref="AnalysisOptions"/>: for watching without end.
/// </summary>
public sealed class StateChangeWatch
{
    private const int FramesBetweenSweeps = 1024;

    private readonly AnalysisOptions _options;
    private readonly FlowAnalysis _flows;
    private readonly FrameDecoder _decoder;
    private long _latest = long.MinValue;
    private int _sinceSweep;
    private int _streams;

    /// <summary>Starts with no connection.</summary>
    /// <param name="options">What is looked at, and the limits; null for the usual.</param>
    public StateChangeWatch(AnalysisOptions? options = null)
    {
        _options = options ?? new();
        _flows = new(_options);
        _decoder = new(_options, FlowTable.Secret);
    }

    /// <summary>Connections that are open, or closed a moment ago.</summary>
    public int OpenConversations => _flows.Open;

    /// <summary>Takes the next frame.</summary>
    /// <param name="frame">The frame; its data is not kept.</param>
    /// <returns>The changes of state that it shows, in their order; of one connection no more than <see cref="TcpConversation.MaximumStateChanges"/>.</returns>
    public IReadOnlyList<StateChange> Add(in CapturedFrame frame)
    {
        DecodedPacket packet = PacketDecoder.Decode(frame.Data, frame.LinkType, (int)Math.Min(frame.OriginalLength, int.MaxValue));
        var segment = new SegmentSummary { Time = frame.Timestamp.Nanoseconds, Frame = frame.Number };
        if (!_decoder.TryTake(packet, ref segment, out _))
        {
            return [];
        }

        TcpConversation? conversation = _flows.Add(segment, out _, out _);
        foreach (TcpConversation begun in _flows.Begun)
        {
            begun.Stream = _streams++;
        }

        _flows.Begun.Clear();
        _latest = Math.Max(_latest, segment.Time);
        if (++_sinceSweep >= FramesBetweenSweeps)
        {
            Sweep();
        }

        _flows.Released.Clear();
        return conversation?.TakeNewStateChanges() ?? [];
    }

    /// <summary>Lets go of what is over, and of what was quiet for longest where there is too much.</summary>
    private void Sweep()
    {
        _sinceSweep = 0;
        _flows.Sweep(_latest);
        int surplus = _flows.Open - _options.MaximumOpenConversations;
        if (surplus > 0)
        {
            foreach (TcpConversation quiet in _flows.All().OrderBy(open => open.EndTime).Take(surplus + (_options.MaximumOpenConversations / 8)).ToList())
            {
                _flows.Remove(quiet, ReleaseReason.Evicted);
            }
        }
    }
}
