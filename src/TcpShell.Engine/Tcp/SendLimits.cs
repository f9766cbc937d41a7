using TcpShell.Text;

namespace TcpShell.Tcp;

/// <summary>What held a sender back, and for how long; complete up to the last change.</summary>
public sealed class SendLimits
{
    private readonly TimeSpan[] _spent = new TimeSpan[Enum.GetValues<SendLimit>().Length];
    private Timestamp _since;

    internal SendLimits()
    {
    }

    /// <summary>What holds it back now.</summary>
    public SendLimit Current { get; private set; }

    /// <summary>How long something was on its way or waited to be sent.</summary>
    public TimeSpan Busy => Application + CongestionWindow + ReceiveWindow + SendBuffer;

    /// <summary>How long everything that the user had given was on its way, or waited for company.</summary>
    public TimeSpan Application => _spent[(int)SendLimit.Application];

    /// <summary>How long data waited for cwnd.</summary>
    public TimeSpan CongestionWindow => _spent[(int)SendLimit.CongestionWindow];

    /// <summary>How long data waited for the peer's window.</summary>
    public TimeSpan ReceiveWindow => _spent[(int)SendLimit.ReceiveWindow];

    /// <summary>How long the user had to wait because the send buffer was full of data on its way.</summary>
    public TimeSpan SendBuffer => _spent[(int)SendLimit.SendBuffer];

    /// <summary><c>busy 1.5s: application 20ms, cwnd 1.4s, receive window 0s, send buffer 0s</c>.</summary>
    public override string ToString() =>
        $"busy {Text(Busy)}: application {Text(Application)}, cwnd {Text(CongestionWindow)}, receive window {Text(ReceiveWindow)}, send buffer {Text(SendBuffer)}";

    /// <summary>The same with the time since the last change.</summary>
    /// <param name="now">The time; not before the last change.</param>
    public SendLimits Until(Timestamp now)
    {
        var copy = new SendLimits { Current = Current, _since = now };
        _spent.CopyTo(copy._spent, 0);
        copy._spent[(int)Current] += now - _since;
        return copy;
    }

    internal void Enter(SendLimit limit, Timestamp now)
    {
        if (limit != Current)
        {
            _spent[(int)Current] += now - _since;
            _since = now;
            Current = limit;
        }
    }

    private static string Text(TimeSpan duration) => DurationText.Format(duration);
}

/// <summary>What holds a sender back.</summary>
public enum SendLimit
{
    /// <summary>Nothing: nothing is on its way, nothing waits.</summary>
    None,

    /// <summary>The user: all that it has given is on its way, or too little to be worth a segment.</summary>
    Application,

    /// <summary>cwnd, or that what is lost goes first.</summary>
    CongestionWindow,

    /// <summary>The peer's window.</summary>
    ReceiveWindow,

    /// <summary>The send buffer: the user would give more.</summary>
    SendBuffer,
}
