using System.Runtime.CompilerServices;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>The first half of an analysis: what is in each frame. Fragments are put together here, and what is no segment is counted.</summary>
internal sealed class FrameDecoder
{
    private readonly FragmentReassembly _fragments;
    private readonly bool _verify;
    private readonly ulong _secret;
    private long _frames;
    private long _segments;
    private long _fragmentFrames;
    private long _malformed;
    private long _unsupported;

    /// <summary>Starts with nothing seen.</summary>
    /// <param name="options">Whether checksums are judged, and how much fragments may take.</param>
    /// <param name="secret">The secret of the hashes.</param>
    public FrameDecoder(AnalysisOptions options, ulong secret)
    {
        _fragments = new(options.MaximumFragmentBytes);
        _verify = options.VerifyChecksums;
        _secret = secret;
    }

    /// <summary>What was counted so far.</summary>
    public DecoderCounts Counts => new(_frames, _segments, _fragmentFrames, _malformed, _unsupported, _fragments.Dropped);

    /// <summary>Decodes a frame that a reader has just read.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="segment">What is in it.</param>
    /// <returns>Whether it has to do with a conversation.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryDecode(CaptureReader reader, in FrameHeader frame, ref SegmentSummary segment)
    {
        segment.Time = frame.Time;
        segment.Frame = frame.Number;
        if (_verify || !SegmentReader.TryReadUsual(reader.DataOf(frame), frame.LinkType, frame.OriginalLength, ref segment))
        {
            return TryDecodeOther(reader, frame, ref segment);
        }

        Take(ref segment);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryDecodeOther(CaptureReader reader, in FrameHeader frame, ref SegmentSummary segment)
    {
        if (SegmentReader.TryRead(reader.DataOf(frame), frame.LinkType, frame.OriginalLength, _verify, ref segment))
        {
            Take(ref segment);
            return true;
        }

        return TryDecodeRare(reader, frame, ref segment);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(ref SegmentSummary segment)
    {
        _frames++;
        _segments++;
        segment.Kind = PacketStatus.Tcp;
        segment.Hash = FlowKey.Hash(segment, _secret);
    }

    // Apart, because room for a whole decoded packet would be cleared with each call otherwise.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryDecodeRare(CaptureReader reader, in FrameHeader frame, ref SegmentSummary segment)
    {
        DecodedPacket packet = PacketDecoder.Decode(reader.MemoryOf(frame), frame.LinkType, (int)Math.Min(frame.OriginalLength, int.MaxValue));
        return TryTake(packet, ref segment, out _);
    }

    /// <summary>Takes a packet that was decoded already.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="segment">Time and number; then what is in it.</param>
    /// <param name="whole">The packet, put together if this was its last fragment.</param>
    /// <returns>Whether it has to do with a conversation.</returns>
    public bool TryTake(in DecodedPacket packet, ref SegmentSummary segment, out DecodedPacket whole)
    {
        _frames++;
        whole = packet;
        if (packet.IsIpFragment)
        {
            _fragmentFrames += packet.Status == PacketStatus.Fragment ? 1 : 0;
            if (_fragments.TryComplete(packet, segment.Time, out ReadOnlyMemory<byte> octets))
            {
                whole = PacketDecoder.Decode(octets, LinkType.Raw);
            }
        }

        switch (whole.Status)
        {
            case PacketStatus.Tcp:
                _segments++;
                break;
            case PacketStatus.Malformed:
                _malformed++;
                break;
            case PacketStatus.NotTcp:
                _unsupported += whole.Problem == DecodeProblem.LinkTypeUnsupported ? 1 : 0;
                return false;
        }

        SegmentReader.Take(whole, _verify, ref segment);
        segment.Kind = whole.Status;
        segment.Hash = FlowKey.Hash(segment, _secret);
        return whole.Status == PacketStatus.Tcp || segment.SourcePort != 0 || whole.SegmentOctets.Length >= 4;
    }
}
