using TcpShell.Tcp.Congestion;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp.Congestion;

/// <summary>
/// A path as models have it: a window full of segments goes out, and its ACKs come back evenly spread over one round-trip time; then
/// the next window goes out.
/// </summary>
internal sealed class ModelPath(ICongestionControl control, TimeSpan roundTrip)
{
    public const int Smss = 1000;

    private SeqNumber _una = 0xFFFF_0000; // it wraps on the way

    public Timestamp Now { get; private set; } = Timestamp.FromSeconds(1000);

    /// <summary>The control's window in segments.</summary>
    public double Segments => (double)control.Window / Smss;

    public double Threshold => (double)control.SlowStartThreshold / Smss;

    /// <summary>Starts with a window of so many segments that was just reduced from <paramref name="window"/> by a loss.</summary>
    public static ModelPath AfterLoss(ICongestionControl control, TimeSpan roundTrip, int window)
    {
        var path = new ModelPath(control, roundTrip);
        control.Start(Smss, handshakeLost: false);
        control.Window = window * Smss;
        path.Lose();
        return path;
    }

    public void Lose(CongestionSignal signal = CongestionSignal.Loss) => control.Congested(signal, control.Window, Now);

    public void Idle(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    /// <summary>One window of segments is acknowledged, each by an ACK of its own.</summary>
    /// <param name="rtt">The round-trip time of the i-th segment of the window; null for the path's own.</param>
    /// <param name="windowWasFull">Whether the sender had more to send.</param>
    /// <param name="segments">How many segments are acknowledged; null for as many as the window holds.</param>
    public ModelPath Round(Func<int, TimeSpan>? rtt = null, bool windowWasFull = true, int? segments = null)
    {
        int count = segments ?? control.Window / Smss;
        Timestamp start = Now;
        SeqNumber end = _una + (count * Smss);
        for (int i = 1; i <= count; i++)
        {
            Now = start + (roundTrip * ((double)i / count));
            _una += Smss;
            TimeSpan sample = rtt?.Invoke(i) ?? roundTrip;
            control.Acknowledged(new(Smss, Now, _una, end, sample, roundTrip, windowWasFull));
        }

        return this;
    }

    public ModelPath Rounds(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Round();
        }

        return this;
    }
}
