using System.Diagnostics;
using TcpShell.Hunt.Fuzzing;
using TcpShell.Hunt.Invariants;
using TcpShell.Tcp;

namespace TcpShell.Hunt.Commands;

/// <summary>Random segments for connections in every state, and random packets for a host, on all processors.</summary>
internal sealed class FuzzCommand(Options options, TextWriter output)
{
    private const int Batch = 10_000;

    // One packet for a host on this many segments for a connection.
    private const int SegmentsForPacket = 10;
    private const long MostMemory = 256L * 1024 * 1024;
    private static readonly TimeSpan s_progressEvery = TimeSpan.FromSeconds(10);

    private readonly Lock _output = new();
    private readonly long[] _byState = new long[Enum.GetValues<TcpState>().Length];
    private long _segments;
    private long _packets;
    private int _behaviours;
    private int _failures;

    /// <returns>Whether nothing was found.</returns>
    public bool Run()
    {
        var clock = Stopwatch.StartNew();
        using var progress = new Timer(_ => Progress(clock), null, s_progressEvery, s_progressEvery);
        Thread[] threads = [.. Enumerable.Range(0, options.Threads).Select(index => new Thread(() => Work(options.Start + index)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Progress(clock);
        foreach (TcpState state in Enum.GetValues<TcpState>())
        {
            output.WriteLine($"  {_byState[(int)state]} segments in {state}");
        }

        long memory = GC.GetTotalMemory(forceFullCollection: true);
        output.WriteLine($"  {memory / 1024} KiB of memory in use at the end");
        return _failures == 0 && memory < MostMemory;
    }

    private void Work(long seed)
    {
        var segments = new SegmentFuzzer(seed);
        var packets = new PacketFuzzer(seed);
        long share = options.Segments / options.Threads;
        while (segments.Segments < share)
        {
            long before = segments.Segments;
            try
            {
                segments.Run((int)Math.Min(Batch, share - segments.Segments));
                packets.Run(Batch / SegmentsForPacket);
            }
            catch (Exception broken) when (broken is not OutOfMemoryException)
            {
                // The fuzzer that failed cannot go on; another one does, from another seed.
                Report(broken, segments, packets);
                Count(segments);
                share -= segments.Segments;
                (segments, packets) = (new SegmentFuzzer(seed + 1000), new PacketFuzzer(seed + 1000));
                seed += 1000;
                before = 0;
            }

            Interlocked.Add(ref _segments, segments.Segments - before);
            Interlocked.Add(ref _packets, Batch / SegmentsForPacket);
        }

        Count(segments);
    }

    private void Count(SegmentFuzzer fuzzer)
    {
        lock (_output)
        {
            _behaviours = Math.Max(_behaviours, fuzzer.Behaviours);
            for (int state = 0; state < _byState.Length; state++)
            {
                _byState[state] += fuzzer.SegmentsByState[state];
            }
        }
    }

    private void Report(Exception broken, SegmentFuzzer segments, PacketFuzzer packets)
    {
        string what = broken is InvariantException invariant ? $"{invariant.Invariant}: {invariant.Message}" : broken.ToString();
        lock (_output)
        {
            _failures++;
            output.WriteLine(what);
            output.WriteLine(segments.Describe());
            output.WriteLine(packets.Describe());
        }
    }

    private void Progress(Stopwatch clock)
    {
        long done = Interlocked.Read(ref _segments);
        double seconds = clock.Elapsed.TotalSeconds;
        lock (_output)
        {
            output.WriteLine(
                $"{done} of {options.Segments} segments, {Interlocked.Read(ref _packets)} packets, {seconds:0} s, {done / seconds:0} segments/s, "
                + $"{_behaviours} behaviours, {_failures} failures");
        }
    }
}
