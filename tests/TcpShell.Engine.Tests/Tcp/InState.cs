using TcpShell.Tcp;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>
/// Harnesses whose connection was led into a state by the shortest way. Our ISS is 100, the peer's 300; the peer's MSS is 1000 and its window
/// 65535; the handshake took 100 ms, so that RTO is 300 ms (SRTT 100, RTTVAR 50). What was sent and told on the way is forgotten.
/// </summary>
internal static class InState
{
    public const string PeerSyn = "< S 300:300(0) win 65535 <mss 1000>";
    public const string PeerSynAck = "< S. 300:300(0) ack 101 win 65535 <mss 1000>";

    /// <summary>All eleven, for theories.</summary>
    public static TheoryData<TcpState> All => [.. Enum.GetValues<TcpState>()];

    /// <summary>The states in which both ends know both initial sequence numbers.</summary>
    public static TheoryData<TcpState> Synchronized => [.. Enum.GetValues<TcpState>().Where(state => state >= TcpState.Established)];

    public static TheoryData<TcpState> AllBut(TcpState one, TcpState other) =>
        [.. Enum.GetValues<TcpState>().Where(state => state != one && state != other)];

    public static TcpHarness Of(TcpState state, TcpSettings? settings = null) => state switch
    {
        TcpState.Closed => Closed(settings),
        TcpState.Listen => Listen(settings),
        TcpState.SynSent => SynSent(settings),
        TcpState.SynReceived => SynReceived(settings),
        TcpState.Established => Established(settings),
        TcpState.FinWait1 => FinWait1(settings),
        TcpState.FinWait2 => FinWait2(settings),
        TcpState.CloseWait => CloseWait(settings),
        TcpState.Closing => Closing(settings),
        TcpState.LastAck => LastAck(settings),
        TcpState.TimeWait => TimeWait(settings),
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    /// <summary>No connection yet.</summary>
    public static TcpHarness Closed(TcpSettings? settings = null) => new(settings);

    public static TcpHarness Listen(TcpSettings? settings = null) => Arrived(Closed(settings).OpenPassive(), TcpState.Listen);

    public static TcpHarness SynSent(TcpSettings? settings = null) => Arrived(Closed(settings).OpenActive(), TcpState.SynSent);

    /// <summary>Opened passively.</summary>
    public static TcpHarness SynReceived(TcpSettings? settings = null) => Arrived(Listen(settings).Inject(PeerSyn), TcpState.SynReceived);

    /// <summary>Opened actively: the peer's SYN crossed ours.</summary>
    public static TcpHarness SynReceivedActive(TcpSettings? settings = null) =>
        Arrived(SynSent(settings).Inject(PeerSyn), TcpState.SynReceived);

    /// <summary>Opened actively. SND.NXT = 101, RCV.NXT = 301.</summary>
    public static TcpHarness Established(TcpSettings? settings = null) =>
        Arrived(SynSent(settings).Advance(100).Inject(PeerSynAck), TcpState.Established);

    /// <summary>Opened passively. SND.NXT = 101, RCV.NXT = 301.</summary>
    public static TcpHarness EstablishedPassive(TcpSettings? settings = null) =>
        Arrived(SynReceived(settings).Advance(100).Inject("< . 301 ack 101"), TcpState.Established);

    /// <summary>Our FIN is 101.</summary>
    public static TcpHarness FinWait1(TcpSettings? settings = null) => Arrived(Established(settings).Close(), TcpState.FinWait1);

    public static TcpHarness FinWait2(TcpSettings? settings = null) =>
        Arrived(FinWait1(settings).Inject("< . 301 ack 102"), TcpState.FinWait2);

    /// <summary>The peer's FIN was 301.</summary>
    public static TcpHarness CloseWait(TcpSettings? settings = null) =>
        Arrived(Established(settings).Inject("< F. 301 ack 101"), TcpState.CloseWait);

    public static TcpHarness Closing(TcpSettings? settings = null) =>
        Arrived(FinWait1(settings).Inject("< F. 301 ack 101"), TcpState.Closing);

    public static TcpHarness LastAck(TcpSettings? settings = null) => Arrived(CloseWait(settings).Close(), TcpState.LastAck);

    public static TcpHarness TimeWait(TcpSettings? settings = null) =>
        Arrived(FinWait2(settings).Inject("< F. 301 ack 102"), TcpState.TimeWait);

    /// <summary>SND.NXT in that state, as <see cref="Of"/> leaves it.</summary>
    public static int SndNxt(TcpState state) => state switch
    {
        TcpState.SynSent or TcpState.SynReceived or TcpState.Established or TcpState.CloseWait => 101,
        _ => 102,
    };

    /// <summary>RCV.NXT in that state, as <see cref="Of"/> leaves it.</summary>
    public static int RcvNxt(TcpState state) => state switch
    {
        TcpState.SynReceived or TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2 => 301,
        _ => 302,
    };

    private static TcpHarness Arrived(TcpHarness harness, TcpState state) => harness.ExpectState(state).Ignore();
}
