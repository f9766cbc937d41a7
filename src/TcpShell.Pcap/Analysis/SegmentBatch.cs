using System.Runtime.CompilerServices;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>The segments of the next frames, as many as fit into the processor's nearer caches. After each of them the analysis looks at what can be let go of, so that the result does not depend on who works on what.</summary>
internal sealed class SegmentBatch
{
    private const int Frames = 256;

    private readonly FrameHeader[] _headers = new FrameHeader[Frames];
    private readonly SegmentSummary[] _segments = new SegmentSummary[Frames];
    private int _count;

    /// <summary>What the decoder had counted at the end of the batch.</summary>
    public DecoderCounts Counts { get; private set; }

    /// <summary>The latest time of the capture so far, in nanoseconds.</summary>
    public long Latest { get; private set; }

    /// <summary>Whether the capture ends with it.</summary>
    public bool IsLast { get; private set; }

    /// <summary>What ended the reading unexpectedly.</summary>
    public Exception? Failure { get; set; }

    /// <summary>The segments.</summary>
    public ReadOnlySpan<SegmentSummary> Segments => _segments.AsSpan(0, _count);

    /// <summary>Reads the next frames.</summary>
    /// <param name="source">Where they come from.</param>
    /// <param name="decoder">What decodes them.</param>
    /// <param name="filter">Which times are wanted; null for all.</param>
    /// <param name="latest">The latest time before.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill(FrameSource source, FrameDecoder decoder, ConversationFilter? filter, long latest)
    {
        int count = 0;
        SegmentSummary[] segments = _segments;
        Span<FrameHeader> wanted = _headers;
        IsLast = false;
        while (wanted.Length > 0 && !IsLast)
        {
            int read = source.Read(wanted, out CaptureReader reader);
            foreach (ref readonly FrameHeader frame in wanted[..read])
            {
                latest = Math.Max(latest, frame.Time);
                if ((filter is null || filter.FitsTime(frame.Time)) && decoder.TryDecode(reader, frame, ref segments[count]))
                {
                    count++;
                }
            }

            IsLast = read == 0;
            wanted = wanted[read..];
            if (reader.MayHaveToWait)
            {
                // What a pipe has brought shall not wait for what it brings next.
                break;
            }
        }

        _count = count;

        Latest = latest;
        Counts = decoder.Counts;
    }
}

/// <summary>What a decoder has counted.</summary>
internal readonly record struct DecoderCounts(long Frames, long Segments, long Fragments, long Malformed, long Unsupported, long FragmentsDropped);
