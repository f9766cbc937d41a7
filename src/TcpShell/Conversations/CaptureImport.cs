using System.Globalization;
using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Tracing;

namespace TcpShell.Conversations;

/// <summary>What is read of a capture.</summary>
public enum CaptureContent
{
    /// <summary>Conversations.</summary>
    Conversation,

    /// <summary>Segments, each with the verdict of the analysis.</summary>
    Segment,
}

/// <summary>Reads captures for a cmdlet: with progress, errors and warnings as its own, until the user stops it.</summary>
internal sealed class CaptureImport
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);

    private readonly Cmdlet _cmdlet;
    private readonly AnalysisOptions _options;
    private readonly ConversationFilter? _filter;
    private readonly CancellationToken _stop;
    private readonly ProgressClock _progress = new();
    private readonly List<CaptureRun> _begun = [];
    private long _total;

    /// <param name="cmdlet">Whose errors, warnings and progress they are.</param>
    /// <param name="options">What is looked at.</param>
    /// <param name="filter">What is wanted; null for all.</param>
    /// <param name="stop">Is cancelled when the user stops the pipeline.</param>
    public CaptureImport(Cmdlet cmdlet, AnalysisOptions options, ConversationFilter? filter, CancellationToken stop)
    {
        _cmdlet = cmdlet;
        _options = options;
        _filter = filter;
        _stop = stop;
    }

    /// <summary>How many captures could not be read, or not to where they end. Those that are damaged do not count: what precedes the damage is all there is.</summary>
    public int Failures { get; private set; }

    /// <summary>The conversations of captures, one capture after the other, whatever number of processors is busy.</summary>
    /// <param name="captures">Captures, each of one file or of several that are read as one.</param>
    /// <param name="processors">How many may be busy.</param>
    public IEnumerable<TcpConversation> Conversations(IReadOnlyList<IReadOnlyList<string>> captures, int processors)
    {
        if (captures.Count == 1 || processors == 1)
        {
            foreach (IReadOnlyList<string> files in captures)
            {
                foreach (TcpConversation conversation in Conversations(Begin(files, processors, IsStopped)))
                {
                    yield return conversation;
                }
            }

            yield break;
        }

        CaptureRun[] runs = [.. captures.Select(files => Begin(files, threads: 1, IsStopped))];
        using var parallel = new ParallelRuns(runs, processors);
        for (int i = 0; i < runs.Length; i++)
        {
            foreach (TcpConversation? conversation in parallel.Take(i, s_patience))
            {
                Look(runs[i]);
                if (conversation is not null)
                {
                    yield return conversation;
                }
            }

            _cmdlet.Report(runs[i]);
        }
    }

    /// <summary>The segments of one capture.</summary>
    /// <param name="files">The files, read as one.</param>
    public IEnumerable<SegmentRecord> Segments(IReadOnlyList<string> files) => Read(files, run => run.Segments());

    /// <summary>The segments of conversations, one capture after the other, in the captures' order.</summary>
    /// <param name="conversations">The conversations; each counts once.</param>
    public IEnumerable<(TcpConversation Conversation, SegmentRecord Segment)> Segments(IEnumerable<TcpConversation> conversations) =>
        conversations.Distinct().GroupBy(conversation => string.Join('\n', conversation.Files))
            .SelectMany(capture => Read(capture.First().Files, run => ConversationPackets.Segments(run.Readers, [.. capture])));

    /// <summary>The segments of each conversation, with progress to the end. A conversation does not keep them: its capture is read again, each capture once.</summary>
    /// <param name="conversations">The conversations; each counts once.</param>
    public Dictionary<TcpConversation, List<SegmentRecord>> SegmentsOfEach(IEnumerable<TcpConversation> conversations)
    {
        Dictionary<TcpConversation, List<SegmentRecord>> each = conversations.Distinct().ToDictionary(conversation => conversation, _ => new List<SegmentRecord>());
        foreach ((TcpConversation conversation, SegmentRecord segment) in Segments(each.Keys.ToList()))
        {
            each[conversation].Add(segment);
        }

        EndProgress();

        // Why it has none was told as an error.
        return each.Where(one => one.Value.Count > 0).ToDictionary();
    }

    /// <summary>The streams of one conversation, from its captures, which are read again.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="maximumWaiting">The most octets of each direction that wait for what is missing before them.</param>
    public IEnumerable<StreamPiece> Stream(TcpConversation conversation, int maximumWaiting) =>
        Read(conversation.Files, run => ConversationPackets.Stream(run.Readers, conversation, maximumWaiting));

    /// <summary>Takes the display of progress away, if there is one; also when enough has come and the rest is not wanted.</summary>
    public void EndProgress()
    {
        try
        {
            _progress.End(_cmdlet);
        }
        catch (PipelineStoppedException)
        {
            // Then it is gone already.
        }
    }

    private IEnumerable<T> Read<T>(IReadOnlyList<string> files, Func<CaptureRun, IEnumerable<T>> read)
    {
        // All of it happens on the pipeline's thread: so the reading itself looks round, whether or not anything comes out of it.
        CaptureRun? reading = null;
        bool IsOver()
        {
            ShowProgress(reading!);
            return IsStopped();
        }

        using CaptureRun run = reading = Begin(files, threads: 1, IsOver);
        if (run.Open())
        {
            using IEnumerator<T> items = read(run).GetEnumerator();
            while (MoveNext(items, files))
            {
                ThrowIfStopped();
                yield return items.Current;
            }
        }

        ThrowIfStopped();
        Failures += run.Troubles.Count(trouble => trouble.Failure is not null);
        _cmdlet.Report(run);
    }

    private bool MoveNext<T>(IEnumerator<T> items, IReadOnlyList<string> files)
    {
        try
        {
            return items.MoveNext();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            ThrowIfStopped();
            Failures++;
            _cmdlet.WriteError(ErrorRecords.CaptureNotReadable(failure, string.Join(", ", files)));
            return false;
        }
    }

    private IEnumerable<TcpConversation> Conversations(CaptureRun run)
    {
        using (run)
        {
            bool goesOn = run.Open();
            while (goesOn)
            {
                goesOn = run.Advance();
                Look(run);
                while (run.TryTake(out TcpConversation? conversation))
                {
                    yield return conversation;
                }
            }

            ThrowIfStopped();
            _cmdlet.Report(run);
        }
    }

    private CaptureRun Begin(IReadOnlyList<string> files, int threads, Func<bool> isOver)
    {
        var run = new CaptureRun(files, _options, _filter, threads, isOver);
        _begun.Add(run);
        _total += files.Sum(LengthOf);
        return run;
    }

    private static long LengthOf(string file)
    {
        try
        {
            return new FileInfo(file).Length;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return 0; // opening it tells what is wrong
        }
    }

    private void Look(CaptureRun run)
    {
        ThrowIfStopped();
        ShowProgress(run);
    }

    private bool IsStopped() => _stop.IsCancellationRequested;

    // A capture that ended because of that looks like one that is cut; nobody shall hear of it.
    private void ThrowIfStopped()
    {
        if (IsStopped())
        {
            throw new PipelineStoppedException();
        }
    }

    private void ShowProgress(CaptureRun run)
    {
        if (_progress.IsDue)
        {
            long read = _begun.Sum(begun => begun.BytesRead);
            string status = string.Create(CultureInfo.InvariantCulture, $"{_begun.Sum(begun => begun.Frames):N0} packets, {read / 1e6:N0} of {_total / 1e6:N0} MB");
            _progress.Show(_cmdlet, $"Reading {Path.GetFileName(run.Files[0])}", status, _total > 0 ? (double)read / _total : null);
        }
    }
}
