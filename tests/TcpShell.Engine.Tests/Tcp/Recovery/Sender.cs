using TcpShell.Tcp;

namespace TcpShell.Engine.Tests.Tcp.Recovery;

/// <summary>
/// Senders with data in flight. SMSS is 1000, SND.NXT was 101 before the data; the handshake took 100 ms, so that SRTT and the smallest
/// round-trip time are 100 ms and RTO is 300 ms. The congestion control is Reno, so that ssthresh is half of what was in flight.
/// </summary>
internal static class Sender
{
    public static TcpSettings Plain { get; } = TcpHarness.Plain with { Nagle = false, Congestion = CongestionAlgorithm.Reno, HyStart = HyStartMode.Off };

    public static TcpSettings Rack { get; } = Plain with { SelectiveAcknowledgment = true, LossRecovery = LossRecovery.Rack };

    public static TcpSettings Rfc6675 { get; } = Plain with { SelectiveAcknowledgment = true, LossRecovery = LossRecovery.Rfc6675 };

    /// <summary>An open connection that was given data; what it sent is forgotten.</summary>
    /// <param name="settings">Its settings; the peer permits SACK.</param>
    /// <param name="octets">How much data.</param>
    /// <param name="window">The initial window in segments.</param>
    public static TcpHarness Sent(TcpSettings settings, int octets, int window = 10) =>
        Open(settings with { InitialWindowSegments = window }).Send(octets).IgnoreSent();

    public static TcpHarness Open(TcpSettings settings)
    {
        string timestamps = settings.Timestamps ? ",TS val 55 ecr 1000000" : "";
        return InState.SynSent(settings).Advance(100).Inject($"< S. 300:300(0) ack 101 win 65535 <mss {(settings.Timestamps ? 1012 : 1000)},sackOK{timestamps}>").Ignore();
    }

    public static Action<TcpConnection> Window(int window, int threshold) =>
        connection => Assert.Equal((window, threshold), (connection.CongestionWindow, connection.SlowStartThreshold));

    public static Action<TcpConnection> Phase(RecoveryPhase phase) => connection => Assert.Equal(phase, connection.RecoveryPhase);

    /// <summary>Octets in flight and cwnd.</summary>
    public static Action<TcpConnection> Flight(int flight, int window) =>
        connection => Assert.Equal((flight, window), (connection.Unacknowledged.InFlight, connection.CongestionWindow));

    /// <summary>The timer that runs, of those that watch over what is in flight.</summary>
    public static Action<TcpConnection> Timer(TimerKind kind) => connection => Assert.Equal(
        [kind],
        connection.Timers.Running().Select(timer => timer.Key).Where(key => key is TimerKind.Retransmission or TimerKind.TailLossProbe or TimerKind.Reordering or TimerKind.Persist));
}
