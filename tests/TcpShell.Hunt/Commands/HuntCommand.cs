using System.Collections.Concurrent;
using System.Diagnostics;
using TcpShell.Hunt.Running;
using TcpShell.Hunt.Scenarios;

namespace TcpShell.Hunt.Commands;

/// <summary>Runs the scenarios of many seeds, on all processors.</summary>
internal sealed class HuntCommand(Options options, TextWriter output)
{
    // A bug that shows often is shrunk a few times only, and its seeds are named some times more.
    private const int ShrunkOfEach = 2;
    private const int NamedOfEach = 20;
    private const int Batch = 64;
    private static readonly TimeSpan s_progressEvery = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, int> _failures = new();
    private readonly Lock _output = new();
    private long _next;
    private long _done;
    private long _packets;
    private long _steps;

    /// <returns>Whether all runs were without a failure.</returns>
    public bool Run()
    {
        var clock = Stopwatch.StartNew();
        _next = options.Start;
        using var progress = new Timer(_ => Progress(clock), null, s_progressEvery, s_progressEvery);
        Thread[] threads = [.. Enumerable.Range(0, options.Threads).Select(_ => new Thread(Work))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Progress(clock);
        foreach ((string invariant, int count) in _failures.OrderByDescending(failure => failure.Value))
        {
            output.WriteLine($"  {count} x {invariant}");
        }

        return _failures.IsEmpty;
    }

    private void Work()
    {
        long end = options.Start + options.Seeds;
        while (Interlocked.Add(ref _next, Batch) - Batch is long first && first < end)
        {
            for (long seed = first; seed < Math.Min(first + Batch, end); seed++)
            {
                RunResult result = ScenarioRun.Execute(ScenarioGenerator.Make(seed));
                Interlocked.Increment(ref _done);
                Interlocked.Add(ref _packets, result.Packets);
                Interlocked.Add(ref _steps, result.Steps);
                if (result.Failure is { } failure)
                {
                    Report(result, failure, _failures.AddOrUpdate(failure.Invariant, 1, (_, count) => count + 1));
                }
            }
        }
    }

    private void Report(RunResult result, Failure failure, int count)
    {
        if (count > NamedOfEach)
        {
            return;
        }

        lock (_output)
        {
            output.WriteLine($"Seed {result.Scenario.Seed} breaks {failure.Invariant}{(count > ShrunkOfEach ? "." : "; it is made smaller ...")}");
        }

        if (count > ShrunkOfEach)
        {
            return;
        }

        Scenario smaller = ScenarioShrinker.Shrink(result.Scenario, run => run.Failure?.Invariant == failure.Invariant);
        lock (_output)
        {
            FailureReport.Write(output, options.Out, ScenarioRun.Execute(smaller, keepTrace: true));
        }
    }

    private void Progress(Stopwatch clock)
    {
        long done = Interlocked.Read(ref _done);
        double seconds = clock.Elapsed.TotalSeconds;
        lock (_output)
        {
            output.WriteLine(
                $"{options.Start + done} of {options.Start + options.Seeds} seeds, {Interlocked.Read(ref _packets)} packets, {Interlocked.Read(ref _steps)} steps, "
                + $"{seconds:0} s, {done / seconds:0} seeds/s, {_failures.Values.Sum()} failures");
        }
    }
}
