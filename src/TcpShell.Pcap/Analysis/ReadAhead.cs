using System.Collections.Concurrent;

namespace TcpShell.Pcap.Analysis;

/// <summary>Reads and decodes on a thread of its own, a few batches ahead of whoever takes them.</summary>
internal sealed class ReadAhead : IDisposable
{
    private const int Batches = 16;

    private readonly BlockingCollection<SegmentBatch> _filled = [];
    private readonly BlockingCollection<SegmentBatch> _empty = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;

    /// <summary>Begins to read.</summary>
    /// <param name="source">Where frames come from; only this thread uses it, and the decoder, from now on.</param>
    /// <param name="decoder">What decodes them.</param>
    /// <param name="filter">Which times are wanted; null for all.</param>
    public ReadAhead(FrameSource source, FrameDecoder decoder, ConversationFilter? filter)
    {
        for (int i = 0; i < Batches; i++)
        {
            _empty.Add(new());
        }

        _reading = Task.Factory.StartNew(() => Read(source, decoder, filter), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The next batch, once it is there.</summary>
    public SegmentBatch Take() => _filled.Take();

    /// <summary>A batch is done with and can be filled again.</summary>
    public void GiveBack(SegmentBatch batch) => _empty.Add(batch);

    /// <summary>Ends the reading.</summary>
    public void Dispose()
    {
        // The reader may wait for an empty batch: here is one, to find out that nobody wants it filled.
        _stop.Cancel();
        _empty.Add(new());
        _reading.Wait();
        _filled.Dispose();
        _empty.Dispose();
        _stop.Dispose();
    }

    private void Read(FrameSource source, FrameDecoder decoder, ConversationFilter? filter)
    {
        long latest = long.MinValue;
        bool goesOn = true;
        while (goesOn && !_stop.IsCancellationRequested)
        {
            // There are only so many batches: where none is free, the reader is far enough ahead.
            SegmentBatch batch = _empty.Take();
            try
            {
                batch.Fill(source, decoder, filter, latest);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                batch.Failure = failure;
            }

            latest = batch.Latest;
            goesOn = !batch.IsLast && batch.Failure is null;
            _filled.Add(batch);
        }
    }
}
