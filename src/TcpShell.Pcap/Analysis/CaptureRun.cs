using System.Diagnostics.CodeAnalysis;
using TcpShell.Pcap.Files;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>A file of a <see cref="CaptureRun"/> that could not be read, or not to its end.</summary>
/// <param name="File">The file.</param>
/// <param name="Failure">Why it could not be opened or read; null if it is damaged.</param>
/// <param name="Damage">Where it is damaged; null if it is not.</param>
/// <param name="FramesBefore">How many frames were read.</param>
public readonly record struct CaptureTrouble(string File, Exception? Failure, CaptureProblem? Damage, long FramesBefore);

/// <summary>
/// The analysis of one capture, or of several as one, from opening the files to what is to be said of them at the end: their conversations, or
/// their segments. Nothing that is wrong with a file ends it with an exception: <see cref="Troubles"/> has it, and what was read before holds.
/// </summary>
public sealed class CaptureRun : IDisposable
{
    private readonly List<CaptureTrouble> _failures = [];
    private readonly AnalysisOptions? _options;
    private readonly ConversationFilter? _filter;
    private readonly int _threads;
    private readonly Func<bool>? _isOver;
    private CaptureReader[] _readers = [];
    private CaptureAnalysis? _analysis;
    private ConversationTracker? _tracker;
    private readonly ReadingProgress _progress = new();
    private (AnalysisLimits Limits, long Unsupported)? _atEnd;

    /// <summary>Prepares an analysis; no file is touched yet.</summary>
    /// <param name="files">The captures; several are read as one, in the order of time.</param>
    /// <param name="options">What is looked at, and the limits; null for the usual.</param>
    /// <param name="filter">Which conversations are wanted; null for all.</param>
    /// <param name="threads">How many threads may work, from 1.</param>
    /// <param name="isOver">
    /// Asked often, by the thread that reads, also while a pipe is silent: once it says so, the captures end as if they were cut there. Null reads
    /// to the end.
    /// </param>
    public CaptureRun(
        IReadOnlyList<string> files, AnalysisOptions? options = null, ConversationFilter? filter = null, int threads = 1, Func<bool>? isOver = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        Files = files;
        _options = options;
        _filter = filter;
        _threads = threads;
        _isOver = isOver;
    }

    /// <summary>The captures.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The captures that could be opened.</summary>
    public IReadOnlyList<CaptureReader> Readers => _readers;

    /// <summary>What is wrong with the files, as far as known.</summary>
    public IEnumerable<CaptureTrouble> Troubles => _failures.Concat(
        _readers.Where(reader => (reader.Problem is not null || reader.Failure is not null) && !TooManyFilesException.IsReason(reader.Failure))
            .Select(reader => new CaptureTrouble(reader.Path, reader.Failure, reader.Problem, reader.FramesRead)));

    /// <summary>How often limits changed the result.</summary>
    public AnalysisLimits Limits => _atEnd?.Limits ?? _analysis?.Limits ?? (_tracker?.Limits ?? default) with { SegmentsUnlisted = 0, StateChangesDropped = 0 };

    /// <summary>Frames read so far; another thread may ask.</summary>
    public long Frames => _progress.Frames;

    /// <summary>Frames with a link type that is not known.</summary>
    public long Unsupported => _atEnd?.Unsupported ?? _analysis?.Unsupported ?? _tracker?.Unsupported ?? 0;

    /// <summary>Octets of the files that were read so far; another thread may ask.</summary>
    public long BytesRead => _progress.Bytes;

    /// <summary>Opens the files.</summary>
    /// <returns>Whether there is anything to read.</returns>
    public bool Open()
    {
        var opened = new List<CaptureReader>();
        foreach (string file in Files)
        {
            try
            {
                CaptureReader reader = _isOver is null ? CaptureReader.Open(file) : CaptureReader.Open(file, _isOver);
                opened.Add(reader);
                reader.NoteProgressIn(_progress);
                if (Files.Count > 1)
                {
                    reader.Rest();
                }
            }
            catch (Exception failure) when (TooManyFilesException.IsReason(failure))
            {
                // Those that are open leave no room for anything else, not even for telling so.
                opened.ForEach(reader => reader.Dispose());
                _failures.Add(new(file, new TooManyFilesException(Files.Count, opened.Count), null, 0));
                return false;
            }
            catch (Exception failure) when (failure is CaptureFormatException or IOException or UnauthorizedAccessException)
            {
                _failures.Add(new(file, failure, null, 0));
            }
        }

        _readers = [.. opened];
        return _readers.Length > 0;
    }

    /// <summary>Goes on for about a thousand frames.</summary>
    /// <returns>Whether there may be more. What <see cref="TryTake"/> gives after the last call is all that was left.</returns>
    public bool Advance()
    {
        try
        {
            return (_analysis ??= new(_readers, _options, _filter, _threads)).Advance();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _failures.Add(new(Files[0], failure, null, Frames));
            return false;
        }
    }

    /// <summary>Takes a conversation that has come out.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake([NotNullWhen(true)] out TcpConversation? conversation)
    {
        conversation = null;
        return _analysis?.TryTake(out conversation) ?? false;
    }

    /// <summary>Reads the segments instead of the conversations, each with the verdict of the analysis; after <see cref="Open"/>.</summary>
    /// <returns>The segments of the conversations that the filter wants. How one ends is not known yet, so endings are not looked at.</returns>
    /// <exception cref="IOException">A capture cannot be read.</exception>
    public IEnumerable<SegmentRecord> Segments()
    {
        // Each segment has its remark; the conversations need no lists of them.
        AnalysisOptions options = (_options ?? new()) with { MaximumListedSegments = 0, MaximumStateChanges = 0 };
        var recorder = new SegmentRecorder(options.MaximumOpenConversations, string.Join(';', _readers.Select(reader => reader.Path)));
        _tracker = new(options, _filter);
        foreach (CapturedFrame frame in FrameSource.InOrder(_readers))
        {
            TcpConversation? conversation = _tracker.Add(frame, out DecodedPacket packet, out SegmentAnalysis? analysis);
            if (_filter is not null && !_filter.FitsTime(frame.Timestamp.Nanoseconds))
            {
                continue;
            }

            int number = (int)Math.Min(frame.Number, int.MaxValue);
            if (conversation is { IsSkipped: true })
            {
                recorder.Skip(frame.Timestamp, number);
                continue;
            }

            SegmentRecord? segment = recorder.Record(
                packet, frame.Timestamp, frame.Comment ?? "", number, analysis?.Remark ?? "", conversation?.Stream ?? SegmentRecord.NoStream);
            if (segment is not null && (_filter is null || analysis is not null))
            {
                yield return segment;
            }
        }

        _tracker.Finish();
    }

    /// <summary>Closes the files and gives the memory back; what is to be said of the analysis stays.</summary>
    public void Dispose()
    {
        if (_atEnd is null)
        {
            _atEnd = (Limits, Unsupported);
            _analysis?.Dispose();
            Array.ForEach(_readers, reader => reader.Dispose());
            _analysis = null;
            _tracker = null;
        }
    }
}
