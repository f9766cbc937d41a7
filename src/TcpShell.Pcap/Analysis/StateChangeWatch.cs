using TcpShell.Pcap.Files;
using TcpShell.Tcp;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// The changes of state of connections whose frames pass, both ends', as soon as a frame shows them. See <see cref="ConversationTracker"/> for how they are
/// found. Memory is taken for open connections only, within the limits of <see cref="AnalysisOptions"/>: for watching without end.
/// </summary>
public sealed class StateChangeWatch
{
    private readonly ConversationTracker _tracker;

    /// <summary>Starts with no connection.</summary>
    /// <param name="options">What is looked at, and the limits; null for the usual.</param>
    public StateChangeWatch(AnalysisOptions? options = null) => _tracker = new(options);

    /// <summary>Connections that are open, or closed a moment ago.</summary>
    public int OpenConversations => _tracker.OpenConversations;

    /// <summary>Takes the next frame.</summary>
    /// <param name="frame">The frame; its data is not kept.</param>
    /// <returns>The changes of state that it shows, in their order; of one connection no more than <see cref="AnalysisOptions.MaximumStateChanges"/>.</returns>
    public IReadOnlyList<StateChange> Add(in CapturedFrame frame) => _tracker.Add(frame)?.TakeNewStateChanges() ?? [];
}
