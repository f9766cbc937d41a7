using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>
/// The receive sequence variables (RFC 9293 3.3.1, figure 4):
/// <code>
///              1          2          3
///         ----------|----------|----------
///                RCV.NXT    RCV.NXT + RCV.WND
///   1 received, 2 allowed to come, 3 not allowed yet
/// </code>
/// </summary>
public sealed class ReceiveSequenceSpace
{
    /// <summary>IRS: the number of the peer's SYN.</summary>
    public SeqNumber Irs { get; internal set; }

    /// <summary>RCV.NXT: the next number expected.</summary>
    public SeqNumber Nxt { get; internal set; }

    /// <summary>
    /// The right edge of the window as the peer knows it. It never moves back [SHLD-14]: where the scale rounds a later window down,
    /// everything that was ever offered is still taken [7323-5].
    /// </summary>
    public SeqNumber Edge { get; internal set; }

    /// <summary>RCV.WND: octets from RCV.NXT to the right edge that the peer was told.</summary>
    public uint Wnd => (uint)Math.Max(0, Edge - Nxt);

    /// <summary>The window as the last segment told it: RCV.WND less what the scale rounds away (RFC 7323 2.4).</summary>
    public uint Told { get; internal set; }

    /// <summary>RCV.UP: the number after the last urgent octet announced by the peer.</summary>
    public SeqNumber Up { get; internal set; }

    /// <summary>The shift count of our windows, 0 to 14 (RFC 7323).</summary>
    public int WindowShift { get; internal set; }

    /// <summary>Last.ACK.sent (RFC 7323 4.3): the acknowledgment number in the last segment sent.</summary>
    public SeqNumber LastAckSent { get; internal set; }

    /// <summary>
    /// Whether a segment may be looked at: the acceptability test of RFC 9293 3.10.7.4, table 6 [U-4].
    /// </summary>
    /// <param name="sequence">SEG.SEQ.</param>
    /// <param name="length">SEG.LEN.</param>
    internal bool IsAcceptable(SeqNumber sequence, int length)
    {
        uint window = Wnd;
        if (length == 0)
        {
            return window == 0 ? sequence == Nxt : sequence.IsInWindow(Nxt, window);
        }

        return window > 0 && (sequence.IsInWindow(Nxt, window) || (sequence + (length - 1)).IsInWindow(Nxt, window));
    }
}
