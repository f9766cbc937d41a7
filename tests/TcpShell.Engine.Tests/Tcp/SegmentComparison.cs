using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>Says in which fields a segment differs from what a test expects.</summary>
internal static class SegmentComparison
{
    /// <summary>The fields that differ; empty if none does.</summary>
    public static string Differences(SegmentText wanted, in TcpSegment segment, Numbers numbers)
    {
        var differences = new List<string>();
        Compare("flags", wanted.Flags.ToTcpdump(), segment.Flags.ToTcpdump(), differences);
        Compare("sequence number", wanted.Sequence(numbers), segment.SequenceNumber, differences);
        Compare("length", wanted.Length, segment.Payload.Length, differences);
        if (wanted.Acknowledgment(numbers) is { } acknowledgment)
        {
            Compare("acknowledgment number", acknowledgment, segment.AcknowledgmentNumber, differences);
        }

        if (wanted.Window is { } window)
        {
            Compare("window", window, segment.Window, differences);
        }

        if (wanted.Urgent is { } urgent)
        {
            Compare("urgent pointer", urgent, segment.UrgentPointer, differences);
        }

        if (wanted.Options is not null)
        {
            TcpOptions options = wanted.ReadOptions(numbers);
            Compare("MSS", options.MaximumSegmentSize, segment.Options.MaximumSegmentSize, differences);
            Compare("window scale", options.WindowScale, segment.Options.WindowScale, differences);
            Compare("SACK permitted", options.SackPermitted, segment.Options.SackPermitted, differences);
            Compare("timestamps", options.Timestamps, segment.Options.Timestamps, differences);
            Compare("user timeout", options.UserTimeout, segment.Options.UserTimeout, differences);
            Compare("SACK", Blocks(options, numbers), Blocks(segment.Options, numbers), differences);
        }

        return string.Join("; ", differences);
    }

    /// <summary>A copy whose payload stays valid.</summary>
    public static TcpSegment Keep(in TcpSegment segment) => new()
    {
        SourcePort = segment.SourcePort,
        DestinationPort = segment.DestinationPort,
        SequenceNumber = segment.SequenceNumber,
        AcknowledgmentNumber = segment.AcknowledgmentNumber,
        Flags = segment.Flags,
        ReservedBits = segment.ReservedBits,
        Window = segment.Window,
        UrgentPointer = segment.UrgentPointer,
        Options = segment.Options,
        Payload = segment.Payload.ToArray(),
    };

    private static string Blocks(in TcpOptions options, Numbers numbers) =>
        string.Join(' ', options.Sack.ToArray().Select(block => $"{numbers.FromPeer(block.Left)}:{numbers.FromPeer(block.Right)}"));

    private static void Compare<T>(string field, T wanted, T got, List<string> differences)
    {
        if (!EqualityComparer<T>.Default.Equals(wanted, got))
        {
            differences.Add($"{field}: expected {wanted}, got {got}");
        }
    }
}
