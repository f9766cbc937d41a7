using System.Collections.Concurrent;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Analyses several captures at a time and gives their conversations as if they were read one after the other. Who is ahead waits when a few
/// thousand conversations have gathered, so that memory does not grow with the number of files.
/// </summary>
public sealed class ParallelRuns : IDisposable
{
    private const int ConversationsAhead = 4096;

    private readonly IReadOnlyList<CaptureRun> _runs;
    private readonly BlockingCollection<TcpConversation>[] _queues;
    private readonly SemaphoreSlim _ahead;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _workers;
    private int _next = -1;

    /// <summary>Begins to read.</summary>
    /// <param name="runs">The captures, in the order in which they are wanted.</param>
    /// <param name="workers">How many are read at a time, from 1.</param>
    public ParallelRuns(IReadOnlyList<CaptureRun> runs, int workers)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        _runs = runs;
        _queues = [.. runs.Select(_ => new BlockingCollection<TcpConversation>(ConversationsAhead))];
        _ahead = new SemaphoreSlim(2 * workers);
        _workers = [.. Enumerable.Range(0, Math.Min(workers, runs.Count)).Select(_ => Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
    }

    /// <summary>The conversations of one capture; to be asked for in the order of the captures, each once.</summary>
    /// <param name="index">Which.</param>
    /// <param name="patience">How long to wait for the next one; a null is given then, so that the caller can look round.</param>
    public IEnumerable<TcpConversation?> Take(int index, TimeSpan patience)
    {
        BlockingCollection<TcpConversation> queue = _queues[index];
        while (!queue.IsCompleted)
        {
            if (queue.TryTake(out TcpConversation? conversation, patience) || !queue.IsCompleted)
            {
                yield return conversation;
            }
        }

        _ahead.Release();
    }

    /// <summary>Ends the reading and closes all captures.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Task.WaitAll(_workers);
        foreach (BlockingCollection<TcpConversation> queue in _queues)
        {
            queue.Dispose();
        }

        foreach (CaptureRun run in _runs)
        {
            run.Dispose();
        }

        _ahead.Dispose();
        _stop.Dispose();
    }

    private void Work()
    {
        try
        {
            // In their order: the one that is asked for next is always in somebody's hands.
            while (true)
            {
                _ahead.Wait(_stop.Token);
                int index = Interlocked.Increment(ref _next);
                if (index >= _runs.Count)
                {
                    return;
                }

                Read(_runs[index], _queues[index]);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody wants the rest.
        }
    }

    private void Read(CaptureRun run, BlockingCollection<TcpConversation> queue)
    {
        try
        {
            bool goesOn = run.Open();
            while (goesOn)
            {
                goesOn = run.Advance();
                while (run.TryTake(out TcpConversation? conversation))
                {
                    queue.Add(conversation, _stop.Token);
                }

                _stop.Token.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            // Now, not with all others: thousands of files would be open at the end.
            run.Dispose();
            queue.CompleteAdding();
        }
    }
}
