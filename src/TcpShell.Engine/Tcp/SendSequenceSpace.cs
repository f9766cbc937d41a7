using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>
/// The send sequence variables (RFC 9293 3.3.1, figure 3):
/// <code>
///              1         2          3          4
///         ----------|----------|----------|----------
///                SND.UNA    SND.NXT    SND.UNA + SND.WND
///   1 acknowledged, 2 in flight, 3 allowed to be sent, 4 not allowed yet
/// </code>
/// </summary>
public sealed class SendSequenceSpace
{
    /// <summary>ISS: the number of our SYN.</summary>
    public SeqNumber Iss { get; internal set; }

    /// <summary>SND.UNA: the oldest number that is not acknowledged.</summary>
    public SeqNumber Una { get; internal set; }

    /// <summary>SND.NXT: the next number to send.</summary>
    public SeqNumber Nxt { get; internal set; }

    /// <summary>The highest SND.NXT ever; above it only while a zero-window probe that nobody took is sent again as ordinary data.</summary>
    public SeqNumber Max { get; internal set; }

    /// <summary>SND.WND: octets that the peer can take from SND.UNA on, scaled; less than 2^30 [MUST-1, REC-1].</summary>
    public uint Wnd { get; internal set; }

    /// <summary>The largest SND.WND seen: RFC 5961 5.2's MAX.SND.WND, and the measure for silly windows.</summary>
    public uint MaxWnd { get; internal set; }

    /// <summary>SND.WL1: the sequence number of the segment that last set SND.WND.</summary>
    public SeqNumber Wl1 { get; internal set; }

    /// <summary>SND.WL2: the acknowledgment number of the segment that last set SND.WND.</summary>
    public SeqNumber Wl2 { get; internal set; }

    /// <summary>SND.UP: the number after the last urgent octet; equal to or before SND.UNA where nothing is urgent.</summary>
    public SeqNumber Up { get; internal set; }

    /// <summary>The shift count of the peer's windows, 0 to 14 (RFC 7323).</summary>
    public int WindowShift { get; internal set; }

    /// <summary>Octets sent and not acknowledged, SYN and FIN included.</summary>
    public int Outstanding => Nxt - Una;

    /// <summary>Octets that the window still allows; negative after the peer took back part of its window [MUST-34].</summary>
    public long UsableWindow => (long)Wnd - Outstanding;
}
