using System.Runtime.CompilerServices;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Reads captures of any size once, and gives each TCP conversation as soon as it is over and quiet, the others at the end. Memory is taken
/// for open conversations only, within the limits of <see cref="AnalysisOptions"/>.
/// </summary>
/// <remarks>
/// <code>
/// using CaptureReader reader = CaptureReader.Open(path);
/// using var analysis = new CaptureAnalysis([reader]);
/// while (analysis.Advance()) { while (analysis.TryTake(out TcpConversation? conversation)) { ... } }
/// </code>
/// With several threads one reads and decodes, the others share the conversations among them. What comes out, and in what order, is the
/// same for any number of threads. See <see cref="ConversationTracker"/> for what makes a conversation, and for the verdict on each segment.
/// </remarks>
public sealed class CaptureAnalysis : IDisposable
{
    private readonly ConversationFilter? _filter;
    private readonly FrameSource _source;
    private readonly FrameDecoder _decoder;
    private readonly OpenFlows _flows;
    private readonly Queue<TcpConversation> _finished = new();
    private readonly SegmentBatch? _batch;
    private readonly ReadAhead? _ahead;
    private DecoderCounts _counts;
    private long _latest = long.MinValue;
    private bool _isAtEnd;

    /// <summary>Begins an analysis.</summary>
    /// <param name="readers">The captures. Several are read side by side in the order of their times, as one; frames are numbered over all of them. They stay open.</param>
    /// <param name="options">What is looked at, and the limits; null for the usual.</param>
    /// <param name="filter">Which conversations are wanted; null for all.</param>
    /// <param name="threads">How many threads may work, from 1.</param>
    public CaptureAnalysis(IReadOnlyList<CaptureReader> readers, AnalysisOptions? options = null, ConversationFilter? filter = null, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(readers);
        ArgumentOutOfRangeException.ThrowIfLessThan(readers.Count, 1, nameof(readers));
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        options ??= new();
        _filter = filter;
        _source = new(readers);
        _decoder = new(options, FlowTable.Secret);
        _flows = new(options, filter, Math.Max(1, threads - 1)) { Files = [.. readers.Select(reader => reader.Path)] };
        if (threads > 1)
        {
            _ahead = new(_source, _decoder, filter);
        }
        else
        {
            _batch = new();
        }
    }

    /// <summary>Frames read so far.</summary>
    public long Frames => _counts.Frames;

    /// <summary>Frames with a TCP segment.</summary>
    public long Segments => _counts.Segments;

    /// <summary>Frames with a fragment of an IP packet with TCP.</summary>
    public long Fragments => _counts.Fragments;

    /// <summary>Frames that are cut or have lengths that cannot be.</summary>
    public long Malformed => _counts.Malformed;

    /// <summary>Frames with a link type that is not known.</summary>
    public long Unsupported => _counts.Unsupported;

    /// <summary>Conversations that are open now, or closed a moment ago.</summary>
    public int OpenConversations => _flows.Count;

    /// <summary>Conversations so far, wanted or not.</summary>
    public int Streams => _flows.Streams;

    /// <summary>How often limits changed the result.</summary>
    public AnalysisLimits Limits => _flows.Limits(_counts.FragmentsDropped);

    /// <summary>The conversations of captures, as they come out.</summary>
    /// <param name="readers">The captures.</param>
    /// <param name="options">What is looked at, and the limits; null for the usual.</param>
    /// <param name="filter">Which conversations are wanted; null for all.</param>
    /// <param name="threads">How many threads may work, from 1.</param>
    public static IEnumerable<TcpConversation> Read(IReadOnlyList<CaptureReader> readers, AnalysisOptions? options = null, ConversationFilter? filter = null, int threads = 1)
    {
        using var analysis = new CaptureAnalysis(readers, options, filter, threads);
        bool goesOn = true;
        while (goesOn)
        {
            goesOn = analysis.Advance();
            while (analysis.TryTake(out TcpConversation? conversation))
            {
                yield return conversation;
            }
        }
    }

    /// <summary>Reads some hundred frames.</summary>
    /// <returns>Whether there may be more. What <see cref="TryTake"/> gives after the last call is all that was left.</returns>
    /// <exception cref="TooManyFilesException">More captures than may be open at once have the same time.</exception>
    public bool Advance()
    {
        if (_isAtEnd)
        {
            return false;
        }

        SegmentBatch batch = NextBatch();
        if (batch.Failure is { } failure)
        {
            _isAtEnd = true;
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        _counts = batch.Counts;
        _latest = batch.Latest;
        if (_flows.Parts.Length == 1)
        {
            Analyse(batch, 0);
        }
        else
        {
            AnalyseTogether(batch);
        }

        _flows.NumberNewOnes();
        _flows.KeepLimits();
        _isAtEnd = batch.IsLast;
        if (_isAtEnd)
        {
            Array.ForEach(_flows.Parts, flow => flow.RemoveAll());
        }

        _flows.TakeReleased(_finished);
        _ahead?.GiveBack(batch);
        return !_isAtEnd;
    }

    /// <summary>Takes a conversation that has come out.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TcpConversation? conversation) => _finished.TryDequeue(out conversation);

    /// <summary>Ends the reading; the captures stay open.</summary>
    public void Dispose() => _ahead?.Dispose();

    private SegmentBatch NextBatch()
    {
        if (_ahead is not null)
        {
            return _ahead.Take();
        }

        _batch!.Fill(_source, _decoder, _filter, _latest);
        return _batch;
    }

    private void AnalyseTogether(SegmentBatch batch) => Parallel.For(0, _flows.Parts.Length, part => Analyse(batch, part));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Analyse(SegmentBatch batch, int part)
    {
        FlowAnalysis flow = _flows.Parts[part];
        uint parts = (uint)_flows.Parts.Length;
        foreach (ref readonly SegmentSummary segment in batch.Segments)
        {
            // The upper half of the hash: the lower one says where in the table.
            if (parts == 1 || (segment.Hash >> 16) % parts == part)
            {
                flow.Add(segment, out _, out _);
            }
        }

        flow.Sweep(batch.Latest);
    }
}
