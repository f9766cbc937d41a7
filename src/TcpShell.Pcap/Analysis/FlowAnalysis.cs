using System.Runtime.CompilerServices;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>The second half of an analysis: sorts segments into conversations and lets go of those that are over.</summary>
internal sealed class FlowAnalysis
{
    private const int MaximumGone = 1024;

    private readonly AnalysisOptions _options;
    private readonly ConversationFilter? _filter;
    private readonly FlowTable _table = new();
    private readonly PriorityQueue<TcpConversation, long> _leaving = new();
    private readonly long _quietTime;
    private readonly long _idleTimeout;
    private long _lastIdleLook = long.MinValue;

    // Entries of _leaving whose conversations came out before their time.
    private int _gone;

    /// <summary>Starts with no conversation.</summary>
    public FlowAnalysis(AnalysisOptions options, ConversationFilter? filter = null)
    {
        _options = options;
        _filter = filter;
        IsListing = options.MaximumListedTotal > 0;
        _quietTime = NanosecondsOf(options.QuietTime);
        _idleTimeout = options.IdleTimeout is { } timeout ? NanosecondsOf(timeout) : long.MaxValue;
    }

    /// <summary>Conversations that began and have no number yet, in their order.</summary>
    public List<TcpConversation> Begun { get; } = [];

    /// <summary>Conversations that were let go of.</summary>
    public List<TcpConversation> Released { get; } = [];

    /// <summary>Conversations that are open, or closed a moment ago.</summary>
    public int Open => _table.Count;

    /// <summary>Conversations that came out because they were idle.</summary>
    public long TimedOut { get; private set; }

    /// <summary>Segments with a remark that its open conversations list.</summary>
    public long Listed { get; private set; }

    /// <summary>Whether further ones are listed, not only counted.</summary>
    public bool IsListing { get; set; }

    /// <summary>Takes the next segment, or what else is about a conversation.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="flags">What is remarkable about it.</param>
    /// <param name="ackRtt">The round trip that it tells, in nanoseconds; -1 if none.</param>
    /// <returns>The conversation; null where something is about none that is known.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TcpConversation? Add(in SegmentSummary segment, out TcpAnalysisFlags flags, out long ackRtt)
    {
        flags = TcpAnalysisFlags.None;
        ackRtt = -1;
        TcpConversation? conversation = _table.Find(segment, out bool isClients);
        if (segment.Kind != PacketStatus.Tcp)
        {
            Note(conversation, segment.Kind);
            return conversation;
        }

        if (conversation is null || (segment.Has(TcpFlags.SYN) && conversation.IsReusedBy(segment, isClients)))
        {
            if (conversation is not null)
            {
                flags = TcpAnalysisFlags.PortReuse;
                _table.Remove(conversation);
                Release(conversation, ReleaseReason.PortsReused, segment.Frame);
            }

            conversation = Begin(segment, out isClients);
        }

        if (conversation.IsSkipped)
        {
            conversation.Skip(segment, isClients);
            return conversation;
        }

        flags = conversation.Add(segment, isClients, flags, out ackRtt);
        if (flags != TcpAnalysisFlags.None)
        {
            LookAtList(isClients ? conversation.Client : conversation.Server);
        }

        if (!conversation.IsSteady && !conversation.IsLeaving && conversation.IsOver)
        {
            conversation.IsLeaving = true;
            _leaving.Enqueue(conversation, After(segment.Time, _quietTime));
        }

        return conversation;
    }

    /// <summary>Lets go of what has been quiet for long enough.</summary>
    /// <param name="now">The latest time of the capture so far.</param>
    public void Sweep(long now)
    {
        while (_leaving.TryPeek(out TcpConversation? next, out long first) && first <= now)
        {
            _leaving.Dequeue();
            long due = After(next.EndTime, _quietTime);
            if (next.Released == ReleaseReason.None && due > now)
            {
                _leaving.Enqueue(next, due);
                continue;
            }

            if (next.Released == ReleaseReason.None)
            {
                Remove(next, ReleaseReason.Closed);
            }

            _gone--;
        }

        if (_gone > MaximumGone && 2 * _gone > _leaving.Count)
        {
            ForgetGone();
        }

        // One eighth of the timeout is as exact as a timeout needs to be.
        if (_idleTimeout < long.MaxValue && now > After(_lastIdleLook, _idleTimeout / 8))
        {
            _lastIdleLook = now;
            RemoveIdle(now);
        }
    }

    /// <summary>All open conversations, in no order.</summary>
    public IEnumerable<TcpConversation> All() => _table.All();

    /// <summary>Lets go of an open conversation.</summary>
    public void Remove(TcpConversation conversation, ReleaseReason reason)
    {
        _table.Remove(conversation);
        Release(conversation, reason, long.MaxValue);
    }

    /// <summary>Lets go of all open conversations.</summary>
    public void RemoveAll()
    {
        Released.EnsureCapacity(Released.Count + _table.Count);
        foreach (TcpConversation conversation in _table.All())
        {
            // No frame's doing, and no count to carry forward: what is touched here of thousands of conversations has left the caches long ago.
            conversation.Released = conversation.IsLeaving ? ReleaseReason.Closed : ReleaseReason.EndOfCapture;
            Released.Add(conversation);
        }

        _table.Clear();
        _leaving.Clear();
        _gone = 0;
        Listed = 0;
    }

    private static long NanosecondsOf(TimeSpan time) => time.Ticks > long.MaxValue / 100 ? long.MaxValue : time.Ticks * 100;

    private static long After(long time, long duration) => time > long.MaxValue - duration ? long.MaxValue : time + duration;

    private static void Note(TcpConversation? conversation, PacketStatus what)
    {
        if (conversation is not null)
        {
            conversation.Fragments += what == PacketStatus.Fragment ? 1 : 0;
            conversation.Malformed += what == PacketStatus.Malformed ? 1 : 0;
            conversation.IcmpErrors += what == PacketStatus.IcmpError ? 1 : 0;
        }
    }

    // A limit may let go of many before their time: their memory shall not wait for it.
    private void ForgetGone()
    {
        var open = _leaving.UnorderedItems.Where(entry => entry.Element.Released == ReleaseReason.None).ToList();
        _leaving.Clear();
        _leaving.EnqueueRange(open);
        _gone = 0;
    }

    private void RemoveIdle(long now)
    {
        foreach (TcpConversation idle in _table.All().Where(conversation => After(conversation.EndTime, _idleTimeout) <= now).ToList())
        {
            TimedOut += idle.IsLeaving ? 0 : 1;
            Remove(idle, idle.IsLeaving ? ReleaseReason.Closed : ReleaseReason.Idle);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private TcpConversation Begin(in SegmentSummary segment, out bool isFromClient)
    {
        var conversation = new TcpConversation(segment, _options, out isFromClient);
        conversation.IsSkipped = _filter is not null && !_filter.FitsEnds(conversation);
        _table.Add(conversation);
        Begun.Add(conversation);
        return conversation;
    }

    private void LookAtList(TcpConversationSide sender)
    {
        if (IsListing)
        {
            Listed += sender.IsLastListed ? 1 : 0;
        }
        else
        {
            sender.UnlistLast();
        }
    }

    private void Release(TcpConversation conversation, ReleaseReason reason, long frame)
    {
        conversation.Released = reason;
        conversation.ReleaseFrame = frame;
        _gone += conversation.IsLeaving ? 1 : 0;
        Listed -= conversation.Client.FlaggedSegments.Count + conversation.Server.FlaggedSegments.Count;
        Released.Add(conversation);
    }
}
