using System.Runtime.CompilerServices;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// The round trips of one end as the analysis takes them: numbers in pieces, which nothing moves any more. <see cref="RttStatistics"/> are made of them
/// once somebody asks, or once there are more than are kept as they are.
/// </summary>
/// <remarks>Most conversations have few, and nobody looks at most of those: a third of the memory of a conversation was its round trips.</remarks>
internal struct RttSamples
{
    // A piece with the newest ones, or their statistics.
    private object? _kept;

    /// <summary>What they come to; null if there are none.</summary>
    public RttStatistics? Statistics
    {
        get
        {
            if (_kept is Piece newest)
            {
                _kept = newest.Summed();
            }

            return (RttStatistics?)_kept;
        }
    }

    /// <summary>Takes a sample.</summary>
    /// <param name="nanoseconds">The round trip; not negative.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long nanoseconds)
    {
        if (_kept is Piece { IsFull: false } newest)
        {
            newest.Add(RttStatistics.SampleOf(nanoseconds));
        }
        else
        {
            AddToNext(nanoseconds);
        }
    }

    private void AddToNext(long nanoseconds)
    {
        if (_kept is Piece { Count: >= RttStatistics.ExactSamples - Piece.Size })
        {
            _ = Statistics;
        }

        if (_kept is RttStatistics statistics)
        {
            statistics.Add(nanoseconds);
            return;
        }

        var next = new Piece((Piece?)_kept);
        next.Add(RttStatistics.SampleOf(nanoseconds));
        _kept = next;
    }

    /// <summary>Some samples, and where those before them are.</summary>
    private sealed class Piece(Piece? before)
    {
        public const int Size = 13;

        private readonly Piece? _before = before;
        private Samples _samples;

        /// <summary>Samples in this piece and in those before it.</summary>
        public int Count { get; private set; } = before?.Count ?? 0;

        public bool IsFull => Count % Size == 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(uint sample) => _samples[Count++ % Size] = sample;

        public RttStatistics Summed()
        {
            var statistics = new RttStatistics(Count);
            AddTo(statistics);
            return statistics;
        }

        private void AddTo(RttStatistics statistics)
        {
            _before?.AddTo(statistics);
            int before = _before?.Count ?? 0;
            foreach (uint sample in _samples[..(Count - before)])
            {
                statistics.Add(sample);
            }
        }

        [InlineArray(Size)]
        private struct Samples
        {
            private uint _first;
        }
    }
}
