namespace TcpShell.Pcap.Files;

/// <summary>Reads several captures as one.</summary>
internal static class CapturedFrames
{
    /// <summary>The frames of captures in the order of their times; of two with the same time the one of the reader that was named first.</summary>
    public static IEnumerable<CapturedFrame> InOrder(IReadOnlyList<CaptureReader> readers)
    {
        var next = new CapturedFrame?[readers.Count];
        for (int i = 0; i < next.Length; i++)
        {
            next[i] = Next(readers[i]);
        }

        long number = 0;
        while (true)
        {
            int earliest = -1;
            for (int i = 0; i < next.Length; i++)
            {
                if (next[i] is { } frame && (earliest < 0 || frame.Timestamp < next[earliest]!.Value.Timestamp))
                {
                    earliest = i;
                }
            }

            if (earliest < 0)
            {
                yield break;
            }

            yield return next[earliest]!.Value with { Number = ++number };

            // Only now: the frame that was handed out stands in its reader's memory.
            next[earliest] = Next(readers[earliest]);
        }
    }

    private static CapturedFrame? Next(CaptureReader reader) => reader.TryRead(out CapturedFrame frame) ? frame : null;
}
