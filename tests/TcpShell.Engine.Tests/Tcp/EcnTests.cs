using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 3168. The letters are tcpdump's: E is ECE, W is CWR. SMSS is 1000.</summary>
public sealed class EcnTests
{
    private static readonly TcpSettings s_accepts = TcpHarness.Plain with { Ecn = EcnMode.Accept };
    private static readonly TcpSettings s_asks = TcpHarness.Plain with { Ecn = EcnMode.Request, Nagle = false };
    private static readonly TcpSettings s_off = TcpHarness.Plain with { Ecn = EcnMode.Off };

    [Fact]
    [Trait("Proves", "3168-1")]
    [Trait("Proves", "SHLD-8")]
    public void ActiveOpen_BothForms_InForce() =>
        new TcpHarness(s_asks).OpenActive().Expect("> SEW 100").Inject("< S.E 300 ack 101 win 65535 <mss 1000>").Check(InForce(true)).Ignore();

    [Theory]
    [Trait("Proves", "3168-1")]
    [InlineData("< S. 300 ack 101 win 65535 <mss 1000>")]
    [InlineData("< S.EW 300 ack 101 win 65535 <mss 1000>")] // reserved bits, reflected
    [InlineData("< S.W 300 ack 101 win 65535 <mss 1000>")]
    public void ActiveOpen_OtherForm_NotInForce(string answer) =>
        new TcpHarness(s_asks).OpenActive().Expect("> SEW 100").Inject(answer).Check(InForce(false)).Ignore()
            .Send(1000).Expect("> P. 101:1101(1000) ack 301");

    [Theory]
    [Trait("Proves", "3168-1")]
    [InlineData(EcnMode.Accept)]
    [InlineData(EcnMode.Off)]
    public void ActiveOpen_NotAskedFor_PeersFormMeansNothing(EcnMode mode) =>
        new TcpHarness(s_asks with { Ecn = mode }).OpenActive().Expect("> S 100").Inject("< S.E 300 ack 101 win 65535 <mss 1000>")
            .Check(InForce(false)).Ignore();

    [Theory]
    [Trait("Proves", "3168-1")]
    [InlineData(EcnMode.Accept, "< SEW 300 win 65535 <mss 1000>", "> S.E 100 ack 301", true)]
    [InlineData(EcnMode.Request, "< SEW 300 win 65535 <mss 1000>", "> S.E 100 ack 301", true)]
    [InlineData(EcnMode.Off, "< SEW 300 win 65535 <mss 1000>", "> S. 100 ack 301", false)]
    [InlineData(EcnMode.Accept, "< S 300 win 65535 <mss 1000>", "> S. 100 ack 301", false)]
    [InlineData(EcnMode.Accept, "< SE 300 win 65535 <mss 1000>", "> S. 100 ack 301", false)]
    [InlineData(EcnMode.Request, "< SW 300 win 65535 <mss 1000>", "> S. 100 ack 301", false)]
    public void PassiveOpen_AgreesIfAskedInForm(EcnMode mode, string request, string answer, bool inForce) =>
        new TcpHarness(s_asks with { Ecn = mode }).OpenPassive().Inject(request).Expect(answer).Inject("< . 301 ack 101").Check(InForce(inForce));

    [Fact]
    [Trait("Proves", "3168-1")]
    [Trait("Proves", "3168-2")]
    public void PassiveOpen_RequestAgainWithoutEcn_NotInForce() =>
        new TcpHarness(s_accepts).OpenPassive().Inject("< SEW 300 win 65535 <mss 1000>").Expect("> S.E 100 ack 301")
            .Inject("< S 300 win 65535 <mss 1000>").Expect("> S. 100 ack 301")
            .Inject("< . 301 ack 101").Check(InForce(false));

    [Fact]
    [Trait("Proves", "3168-1")]
    public void SimultaneousOpen_BothAsk_InForce() =>
        new TcpHarness(s_asks).OpenActive().Expect("> SEW 100").Inject("< SEW 300 win 65535 <mss 1000>").Expect("> S.E 100 ack 301")
            .Inject("< S.E 300 ack 101 win 65535 <mss 1000>").Check(InForce(true)).Ignore();

    [Fact]
    [Trait("Proves", "3168-2")]
    public void SimultaneousOpen_OneDoesNotAsk_NotInForce() =>
        new TcpHarness(s_accepts).OpenActive().Expect("> S 100").Inject("< SEW 300 win 65535 <mss 1000>").Expect("> S. 100 ack 301")
            .Inject("< S. 300 ack 101 win 65535 <mss 1000>").Check(InForce(false)).Ignore();

    [Fact]
    [Trait("Proves", "3168-8")]
    public void SynSent_Silence_AsksWithoutEcn() =>
        new TcpHarness(s_asks).OpenActive().Expect("> SEW 100").Advance(1000).Expect("> S 100", TransmitReason.RetransmissionTimeout)
            .Inject("< S.E 300 ack 101 win 65535 <mss 1000>").Check(InForce(false)).Ignore();

    [Fact]
    [Trait("Proves", "3168-8")]
    public void SynSent_Reset_AsksOnceMoreWithoutEcn() =>
        new TcpHarness(s_asks).OpenActive().Expect("> SEW 100")
            .Inject("< R. 0 ack 101").ExpectState(TcpState.SynSent).Expect("> S 100")
            .Inject("< R. 0 ack 101").ExpectFailure(ConnectionError.Refused);

    [Fact]
    [Trait("Proves", "3168-2")]
    [Trait("Proves", "3168-3")]
    public void Established_Data_FirstTimeOnlyIsEctZero()
    {
        Established(s_asks).Send(1000).ExpectEct("> P. 101:1101(1000) ack 301")
            .Advance(300).Expect("> P. 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout) // the harness checks that it is not
            .Inject("< . 301 ack 1101")
            .Close().Expect("> F. 1101 ack 301");
    }

    [Fact]
    [Trait("Proves", "3168-2")]
    public void Established_NotInForce_NothingIsEct() =>
        InState.Established(s_off).Send(1000)
            .Check(connection => Assert.False(connection.EcnInForce))
            .Expect("> P. 101:1101(1000) ack 301");

    [Fact]
    [Trait("Proves", "3168-4")]
    public void Established_MarkArrives_EchoedUntilCwr()
    {
        TcpHarness harness = Established(s_asks);
        harness.Inject(Ecn.Ect0, "< . 301:1301(1000) ack 101").Expect("> . 101 ack 1301");
        harness.Inject(Ecn.Ce, "< . 1301:2301(1000) ack 101").Expect("> .E 101 ack 2301");
        harness.Inject(Ecn.Ect0, "< . 2301:3301(1000) ack 101").Expect("> .E 101 ack 3301");
        harness.Send(500).ExpectEct("> P.E 101:601(500) ack 3301");
        harness.Inject(Ecn.Ect0, "< .W 3301:4301(1000) ack 601").Expect("> . 601 ack 4301");
        harness.Inject(Ecn.Ce, "< .W 4301:5301(1000) ack 601").Expect("> .E 601 ack 5301"); // CWR of the last one, and a mark again
    }

    [Fact]
    [Trait("Proves", "3168-4")]
    public void Established_MarkWithoutDataOrOutsideOfTheWindow_NotEchoed()
    {
        TcpHarness harness = Established(s_asks);
        harness.Inject(Ecn.Ce, "< . 301 ack 101").ExpectNothing();
        harness.Inject(Ecn.Ce, "< . 290301:290401(100) ack 101").Expect("> . 101 ack 301");
        harness.Inject(Ecn.Ect0, "< . 301:1301(1000) ack 101").Expect("> . 101 ack 1301");
    }

    [Fact]
    [Trait("Proves", "3168-4")]
    public void Established_NobodyAgreed_MarkIsNotEchoed() =>
        InState.Established(s_off).Inject(Ecn.Ce, "< . 301:1301(1000) ack 101").Expect("> . 101 ack 1301");

    [Fact]
    [Trait("Proves", "3168-5")]
    [Trait("Proves", "3168-6")]
    [Trait("Proves", "3168-9")]
    [Trait("Proves", "SHLD-8")]
    public void Established_Echo_OneReductionForAWindow()
    {
        TcpHarness harness = Established(s_asks).Send(20_000).Ignore().Check(Window(10_000));
        harness.Inject("< .E 301 ack 1101").Check(Window(5000)).ExpectNothing(); // half, no growth, and nothing is sent again
        harness.Inject("< .E 301 ack 6101").Check(Window(5000)).ExpectEct("> .W 10101:11101(1000) ack 301"); // 4000 were in flight
        harness.Inject("< .E 301 ack 10101").Check(Window(5000)); // all of this was sent before the reduction
        harness.ExpectEct("> . 11101:12101(1000) ack 301").ExpectEct("> . 12101:13101(1000) ack 301")
            .ExpectEct("> . 13101:14101(1000) ack 301").ExpectEct("> . 14101:15101(1000) ack 301").ExpectNothing();
        harness.Inject("< .E 301 ack 11101").Check(Window(2500)).ExpectNothing(); // and this after it: another congestion
        harness.Inject("< . 301 ack 13101").ExpectNothing().Inject("< . 301 ack 14101").ExpectEct("> .W 15101:16101(1000) ack 301").Ignore();
    }

    [Fact]
    [Trait("Proves", "3168-5")]
    public void Established_EchoAndLossInOneWindow_OneReduction()
    {
        TcpHarness harness = Established(s_asks).Send(10_000).Ignore();
        harness.Inject("< .E 301 ack 1101").Check(Window(5000));
        harness.Inject("< .E 301 ack 1101", "< .E 301 ack 1101", "< .E 301 ack 1101").Expect("> . 1101:2101(1000) ack 301", TransmitReason.FastRetransmit)
            .Check(connection => Assert.Equal(5000, connection.SlowStartThreshold)).Ignore();
    }

    [Fact]
    [Trait("Proves", "3168-5")]
    public void Established_LossThenEchoInOneWindow_OneReduction()
    {
        TcpHarness harness = Established(s_asks).Send(10_000).Ignore();
        harness.Inject("< . 301 ack 101", "< . 301 ack 101", "< . 301 ack 101").Ignore().Check(connection => Assert.Equal(5000, connection.SlowStartThreshold));
        harness.Inject("< .E 301 ack 10101").Check(Window(5000));
    }

    [Fact]
    [Trait("Proves", "3168-6")]
    public void Timeout_CwrOnTheFirstNewDataNotOnTheRetransmission()
    {
        TcpHarness harness = Established(s_asks).Send(1000).Ignore();
        harness.Advance(300).Expect("> P. 101:1101(1000) ack 301", TransmitReason.RetransmissionTimeout);
        harness.Inject("< . 301 ack 1101").Send(1000).ExpectEct("> P.W 1101:2101(1000) ack 301");
    }

    [Fact]
    [Trait("Proves", "3168-7")]
    [Trait("Proves", "9438-11")]
    public void WindowOfOneSegment_Echo_NewDataWaitsForTheTimer()
    {
        TcpHarness harness = Established(s_asks with { InitialWindowSegments = 1 }).Send(5000).ExpectEct("> . 101:1101(1000) ack 301");
        harness.Advance(100).Inject("< .E 301 ack 1101").Check(connection => Assert.Equal(1000, connection.CongestionWindow)).ExpectNothing();
        harness.Advance(249).ExpectNothing(); // two samples of 100 ms: RTO is 100 + 4 * 37.5
        harness.Advance(1).ExpectEct("> .W 1101:2101(1000) ack 301").ExpectNothing();
        harness.Check(connection => Assert.Equal(0, connection.Counters.Timeouts));
        harness.Advance(100).Inject("< .E 301 ack 2101").ExpectNothing().Advance(213).ExpectEct("> .W 2101:3101(1000) ack 301").ExpectNothing();
        harness.Advance(100).Inject("< . 301 ack 3101").Check(connection => Assert.Equal(2000, connection.CongestionWindow))
            .ExpectEct("> . 3101:4101(1000) ack 301").ExpectEct("> P. 4101:5101(1000) ack 301");
    }

    private static TcpHarness Established(TcpSettings settings) =>
        new TcpHarness(settings).OpenActive().Ignore().Advance(100).Inject("< S.E 300 ack 101 win 65535 <mss 1000>").Ignore().Check(InForce(true));

    private static Action<TcpConnection> InForce(bool expected) => connection => Assert.Equal(expected, connection.EcnInForce);

    private static Action<TcpConnection> Window(int octets) => connection => Assert.Equal(octets, connection.CongestionWindow);
}
