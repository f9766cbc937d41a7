using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using TcpShell.Tcp;

namespace TcpShell.Live.Kernel;

/// <summary>
/// A <see cref="SystemWatch"/> that looks on a thread of its own, so that no state is missed while whoever takes the changes is busy with the last ones.
/// </summary>
public sealed class SystemWatcher : IDisposable
{
    /// <summary>Changes that wait to be taken at most; then looking waits, too.</summary>
    public const int MaximumWaiting = 100_000;

    private readonly BlockingCollection<StateChange> _changes = new(MaximumWaiting);
    private readonly CancellationTokenSource _stopping = new();
    private readonly SystemWatch _watch;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _duration;
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Begins to watch: what is there now is no change.</summary>
    /// <param name="filter">Which connections.</param>
    /// <param name="interval">How long to wait between two looks at most.</param>
    /// <param name="duration">How long to watch.</param>
    /// <exception cref="LiveException">The system does not tell.</exception>
    public SystemWatcher(SystemFilter filter, TimeSpan interval, TimeSpan duration)
    {
        _watch = new SystemWatch(filter);
        _interval = interval;
        _duration = duration;
        _thread = new Thread(Run) { IsBackground = true, Name = "TcpShell system watch" };
        _thread.Start();
    }

    /// <summary>Waits for the next change.</summary>
    /// <param name="change">The change.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>False if there is none any more: the duration is over, and all were taken.</returns>
    /// <exception cref="LiveException">The system does not tell any more.</exception>
    /// <exception cref="OperationCanceledException">The waiting was ended.</exception>
    public bool TryTake(out StateChange? change, CancellationToken cancellation)
    {
        bool isThere = _changes.TryTake(out change, Timeout.Infinite, cancellation);
        if (!isThere)
        {
            _failure?.Throw();
        }

        return isThere;
    }

    /// <summary>Ends the watching.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _thread.Join();
        _watch.Dispose();
        _changes.Dispose();
        _stopping.Dispose();
    }

    private void Run()
    {
        var clock = Stopwatch.StartNew();
        try
        {
            while (clock.Elapsed < _duration)
            {
                TimeSpan left = _duration - clock.Elapsed;
                _watch.Wait(left < _interval ? left : _interval);
                foreach (StateChange change in _watch.Look())
                {
                    _changes.Add(change, _stopping.Token);
                }

                _stopping.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody wants to know any more.
        }
        catch (LiveException refused)
        {
            _failure = ExceptionDispatchInfo.Capture(refused);
        }
        finally
        {
            _changes.CompleteAdding();
        }
    }
}
