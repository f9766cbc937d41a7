using System.Buffers;
using System.Runtime.InteropServices;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// The open conversations of an analysis, in one part or in several that threads share among them: numbers those that begin, lets go of the
/// quietest where too many are open, takes those that came out, and counts what the limits did. Every way to read a capture has its
/// conversations here, so that numbers and limits are the same whatever is wanted of it.
/// </summary>
internal sealed class OpenFlows
{
    private const long AfterAllFrames = long.MaxValue / 2;

    private readonly AnalysisOptions _options;
    private readonly ConversationFilter? _filter;
    private long _evicted;
    private long _unlisted;
    private long _dropped;

    /// <summary>Starts with no conversation.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="filter">Which conversations are wanted; null for all.</param>
    /// <param name="parts">Into how many parts they are divided.</param>
    public OpenFlows(AnalysisOptions options, ConversationFilter? filter, int parts = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaximumOpenConversations, 1, nameof(options));
        _options = options;
        _filter = filter;
        Parts = [.. Enumerable.Range(0, parts).Select(_ => new FlowAnalysis(options, filter))];
    }

    /// <summary>The captures that conversations are told to come from.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The parts.</summary>
    public FlowAnalysis[] Parts { get; }

    /// <summary>Conversations so far, wanted or not.</summary>
    public int Streams { get; private set; }

    /// <summary>Conversations that are open, or closed a moment ago.</summary>
    public int Count
    {
        get
        {
            int open = 0;
            foreach (FlowAnalysis part in Parts)
            {
                open += part.Open;
            }

            return open;
        }
    }

    /// <summary>How often limits changed the result.</summary>
    /// <param name="fragmentsDropped">What the decoder gave up.</param>
    public AnalysisLimits Limits(long fragmentsDropped) => new(_evicted, Parts.Sum(part => part.TimedOut), fragmentsDropped, _unlisted, _dropped);

    /// <summary>Gives conversations that began their numbers, in the order of their first frames.</summary>
    public void NumberNewOnes()
    {
        List<TcpConversation> begun = Parts[0].Begun;
        if (Parts.Length > 1)
        {
            begun = [.. Parts.SelectMany(part => part.Begun).OrderBy(conversation => conversation.FirstFrame)];
        }

        foreach (TcpConversation conversation in begun)
        {
            conversation.Stream = Streams++;
            conversation.IsSkipped |= _filter is not null && !_filter.FitsStream(conversation.Stream);
        }

        foreach (FlowAnalysis part in Parts)
        {
            part.Begun.Clear();
        }
    }

    /// <summary>Looks at what the open conversations take together.</summary>
    public void KeepLimits()
    {
        EvictSurplus();
        long listed = 0;
        foreach (FlowAnalysis part in Parts)
        {
            listed += part.Listed;
        }

        foreach (FlowAnalysis part in Parts)
        {
            part.IsListing = listed < _options.MaximumListedTotal;
        }
    }

    /// <summary>Takes the conversations that came out.</summary>
    /// <param name="finished">Where those go that are wanted; null if nobody wants them.</param>
    public void TakeReleased(Queue<TcpConversation>? finished)
    {
        List<TcpConversation> released = Parts[0].Released;
        for (int i = 1; i < Parts.Length; i++)
        {
            released.AddRange(Parts[i].Released);
            Parts[i].Released.Clear();
        }

        if (released.Count == 0)
        {
            return;
        }

        Sort(released);
        finished?.EnsureCapacity(finished.Count + released.Count);
        foreach (TcpConversation conversation in released)
        {
            if (!conversation.IsSkipped && (_filter?.FitsEnding(conversation) ?? true))
            {
                _unlisted += conversation.Client.UnlistedSegments + conversation.Server.UnlistedSegments;
                _dropped += conversation.DroppedStateChanges;
                conversation.Files = Files;
                finished?.Enqueue(conversation);
            }
        }

        released.Clear();
    }

    // By numbers that stand side by side: at the end of a capture these are all that are open, and comparing them would look for each of them in memory
    // time and again.
    private static void Sort(List<TcpConversation> released)
    {
        if (released.Count == 1)
        {
            return;
        }

        long[] order = ArrayPool<long>.Shared.Rent(released.Count);
        for (int i = 0; i < released.Count; i++)
        {
            TcpConversation conversation = released[i];
            order[i] = conversation.ReleaseFrame < long.MaxValue ? conversation.ReleaseFrame : AfterAllFrames + conversation.FirstFrame;
        }

        order.AsSpan(0, released.Count).Sort(CollectionsMarshal.AsSpan(released));
        ArrayPool<long>.Shared.Return(order);
    }

    // Those that were quiet for longest, and an eighth more, so that not every new one has to look for one.
    private void EvictSurplus()
    {
        int surplus = Count - _options.MaximumOpenConversations;
        if (surplus <= 0)
        {
            return;
        }

        var oldest = Parts.SelectMany(part => part.All().Select(conversation => (Part: part, Conversation: conversation)))
            .OrderBy(open => open.Conversation.EndTime)
            .ThenBy(open => open.Conversation.FirstFrame)
            .Take(surplus + (_options.MaximumOpenConversations / 8))
            .ToList();
        foreach ((FlowAnalysis part, TcpConversation conversation) in oldest)
        {
            _evicted += conversation.IsLeaving || conversation.IsSkipped ? 0 : 1;
            part.Remove(conversation, conversation.IsLeaving ? ReleaseReason.Closed : ReleaseReason.Evicted);
        }
    }
}
