using System.Runtime.CompilerServices;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>The windows that one end told, in octets.</summary>
internal struct ToldWindows
{
    // RFC 7323 2.3: a larger shift count counts as this one.
    private const int MaximumShift = 14;
    private const sbyte UnknownShift = -1;

    public ToldWindows()
    {
    }

    /// <summary>The shift count by which they are multiplied; negative while it is not known.</summary>
    public sbyte Shift { get; private set; } = UnknownShift;

    /// <summary>The last one.</summary>
    public uint Last { get; private set; }

    /// <summary>The smallest, SYNs left aside.</summary>
    public uint Minimum { get; private set; } = uint.MaxValue;

    /// <summary>The largest, SYNs left aside.</summary>
    public uint Maximum { get; private set; }

    /// <summary>Whether there was one that was not a SYN's.</summary>
    public readonly bool AreAny => Minimum <= Maximum;

    /// <summary>Takes the window of a segment. A SYN's is not scaled (RFC 7323 2.2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Note(in SegmentSummary segment)
    {
        if (segment.Has(TcpFlags.SYN))
        {
            Last = segment.Window;
            return;
        }

        uint window = (uint)segment.Window << Math.Max(0, (int)Shift);
        Last = window;
        Minimum = Math.Min(Minimum, window);
        Maximum = Math.Max(Maximum, window);
    }

    /// <summary>Takes what the SYNs agreed on.</summary>
    /// <param name="isKnown">Whether they were seen.</param>
    /// <param name="scale">The window scale option of this end; null where one of the ends had none.</param>
    public void NoteShift(bool isKnown, byte? scale) =>
        Shift = scale is { } shift ? (sbyte)Math.Min((int)shift, MaximumShift) : isKnown ? (sbyte)0 : UnknownShift;
}
