using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>The user timeout option: RFC 5482.</summary>
public sealed class UserTimeoutTests
{
    private static readonly TcpSettings s_on = TcpHarness.Plain with { UserTimeoutOption = true };

    [Theory]
    [Trait("Proves", "5482-1")]
    [Trait("Proves", "5482-4")]
    [InlineData(null, "uto 300")] // the general default
    [InlineData(0.2, "uto 1")]
    [InlineData(100.0, "uto 100")]
    [InlineData(100.5, "uto 101")]
    [InlineData(32767.0, "uto 32767")]
    [InlineData(32768.0, "uto 547m")]
    [InlineData(1e9, "uto 32767m")]
    public void SynSent_Enabled_SynTellsTheTimeout(double? seconds, string option) =>
        new TcpHarness(s_on with { UserTimeout = seconds is { } s ? TimeSpan.FromSeconds(s) : null }).OpenActive()
            .Expect($"> S 100 <mss 1460,{option}>");

    [Fact]
    [Trait("Proves", "5482-4")]
    public void SynSent_EnabledAndSynAckArrives_FirstSegmentBehindTheSynTellsAgain() =>
        InState.SynSent(s_on).Inject("< S. 300 ack 101 <mss 1000>").Expect("> . 101 ack 301 <uto 300>")
            .Send(3000).Expect("> . 101:1101(1000) ack 301 <>").Ignore();

    [Fact]
    [Trait("Proves", "5482-4")]
    [Trait("Proves", "6691-2")]
    public void Listen_Enabled_SynAckAndFirstDataTellIt_AndTheDataMakesRoom() =>
        InState.Listen(s_on).Inject("< S 300 <mss 1000>").Expect("> S. 100 ack 301 <mss 1460,uto 300>")
            .Send(2000).ExpectNothing()
            .Inject("< . 301 ack 101").Expect("> . 101:1097(996) ack 301 <uto 300>").Expect("> . 1097:2097(1000) ack 301 <>").Ignore();

    [Fact]
    [Trait("Proves", "5482-4")]
    public void Established_AllOptionsAtOnce_FitInTheHeader() =>
        InState.Listen(s_on with { Timestamps = true, SelectiveAcknowledgment = true })
            .Inject("< S 300 <mss 1000,sackOK,TS val 1 ecr 0>").Ignore()
            .Inject("< . 321:331(10) ack 101 <TS val 1 ecr 0>", "< . 341:351(10) ack 101 <TS val 1 ecr 0>", "< . 361:371(10) ack 101 <TS val 1 ecr 0>")
            .Expect("> . 101 ack 301 <TS val 1000000 ecr 1,uto 300,sack 321:331>").IgnoreSent()
            .Do((connection, now) => connection.ChangeSettings(connection.Settings with { UserTimeout = TimeSpan.FromSeconds(200) }, now))
            .Inject("< . 381:391(10) ack 101 <TS val 1 ecr 0>")
            .Expect("> . 101 ack 301 <TS val 1000000 ecr 1,uto 200,sack 381:391 361:371>")
            .Inject("< . 401:411(10) ack 101 <TS val 1 ecr 0>")
            .Expect("> . 101 ack 301 <TS val 1000000 ecr 1,sack 401:411 381:391 361:371>");

    [Theory]
    [Trait("Proves", "5482-4")]
    [InlineData(true)]
    [InlineData(false)]
    public void Settings_Disabled_NothingIsToldOrTaken(bool passive)
    {
        TcpHarness harness = passive
            ? InState.Listen().Inject("< S 300 <mss 1000,uto 700>").Expect("> S. 100 ack 301 <mss 1460>").Inject("< . 301 ack 101 <uto 700>")
            : InState.SynSent().Inject("< S. 300 ack 101 <mss 1000,uto 700>").Expect("> . 101 ack 301 <>");
        harness.ExpectState(Established).Check(connection => Assert.Equal((null, null), (connection.UserTimeout, connection.PeerUserTimeout)));
    }

    [Theory]
    [Trait("Proves", "5482-2")]
    [Trait("Proves", "5482-1")]
    [InlineData("uto 0", null)]
    [InlineData("uto 0m", null)]
    [InlineData("uto 1", 300)] // ours is longer
    [InlineData("uto 700", 700)]
    [InlineData("uto 20m", 1200)]
    [InlineData("uto 32767m", 3600)] // U_LIMIT
    public void Established_PeersOption_AdoptedWithinTheLimits(string option, int? seconds) =>
        InState.Established(s_on).Ignore().Inject($"< . 301 ack 101 <{option}>")
            .Check(connection => Assert.Equal(seconds, (int?)connection.UserTimeout?.TotalSeconds));

    [Theory]
    [Trait("Proves", "5482-2")]
    [InlineData(100, 400)]
    [InlineData(350, 400)]
    [InlineData(900, 900)]
    public void Established_LowerLimit_IsImposed(int told, int adopted) =>
        InState.Established(s_on with { UserTimeoutLowerLimit = TimeSpan.FromSeconds(400) }).Inject($"< . 301 ack 101 <uto {told}>")
            .Check(connection => Assert.Equal(TimeSpan.FromSeconds(adopted), connection.UserTimeout));

    [Fact]
    [Trait("Proves", "5482-2")]
    public void Settings_LowerLimit_AtLeast100SecondsByDefault() =>
        Assert.True(TcpSettings.Linux.UserTimeoutLowerLimit >= TimeSpan.FromSeconds(100) && TcpSettings.Rfc.UserTimeoutLowerLimit >= TimeSpan.FromSeconds(100));

    [Fact]
    [Trait("Proves", "5482-2")]
    [Trait("Proves", "U-17")]
    public void Established_AdoptedTimeoutAndSilence_EndsTheConnectionThenWhateverR2Says() =>
        InState.Established(s_on with { R2 = 3, MinimumRto = TimeSpan.FromSeconds(30) }).Inject("< . 301 ack 101 <uto 700>").Ignore()
            .Send(10).Expect("> P. 101:111(10) ack 301")
            .Advance(699_999).IgnoreSent().ExpectState(Established)
            .Advance(1).ExpectChange(Established, Closed, TransitionEvent.UserTimeout, "nothing was acknowledged for 700 s")
            .ExpectFailure(ConnectionError.UserTimeout);

    [Fact]
    [Trait("Proves", "5482-3")]
    public void Established_UserSetATimeout_PeersIsToldButNotAdopted() =>
        InState.Established(s_on with { UserTimeout = TimeSpan.FromSeconds(200) }).Ignore()
            .Inject("< . 301 ack 101 <uto 700>").ExpectEvent(ConnectionEventKind.PeerUserTimeout)
            .Check(connection => Assert.Equal(
                (TimeSpan.FromSeconds(200), TimeSpan.FromSeconds(700)), (connection.UserTimeout, connection.PeerUserTimeout)))
            .Inject("< . 301 ack 101 <uto 700>").ExpectNoEvent()
            .Inject("< . 301 ack 101 <uto 800>").ExpectEvent(ConnectionEventKind.PeerUserTimeout);

    [Fact]
    [Trait("Proves", "5482-3")]
    public void Established_UserSetsATimeoutAfterThePeers_TheUsersCounts() =>
        InState.Established(s_on).Ignore().Inject("< . 301 ack 101 <uto 700>")
            .Check(connection => Assert.Equal(TimeSpan.FromSeconds(700), connection.UserTimeout))
            .Do((connection, now) => connection.ChangeSettings(connection.Settings with { UserTimeout = TimeSpan.FromSeconds(200) }, now))
            .Check(connection => Assert.Equal(TimeSpan.FromSeconds(200), connection.UserTimeout));

    [Fact]
    [Trait("Proves", "5482-5")]
    public void SynReceived_PeersOptionOnItsSyn_CountsOnlyWhenEstablished() =>
        InState.Listen(s_on with { SynAckRetries = 100 }).Inject("< S 300 <mss 1000,uto 700>").Ignore()
            .Check(connection => Assert.Null(connection.UserTimeout))
            .Advance(3_000_000).IgnoreSent().ExpectState(SynReceived)
            .Inject("< . 301 ack 101").Check(connection => Assert.Equal(TimeSpan.FromSeconds(700), connection.UserTimeout));

    [Theory]
    [Trait("Proves", "5482-6")]
    [InlineData(600, 701)]
    [InlineData(700, 701)]
    [InlineData(900, 900)]
    public void Established_KeepAliveAndAdoptedTimeout_ProbesComeLater(int idle, int first) =>
        InState.Established(s_on with { KeepAlive = true, KeepAliveIdle = TimeSpan.FromSeconds(idle), KeepAliveInterval = TimeSpan.FromSeconds(1) })
            .Inject("< . 301 ack 101 <uto 700>").Advance((first * 1000) - 1).ExpectNothing().Advance(1)
            .Expect("> . 100 ack 301", TransmitReason.KeepAliveProbe);

    [Fact]
    [Trait("Proves", "5482-1")]
    public void Writer_UserTimeout_IsFourOctetsOfKind28()
    {
        var octets = new byte[4];
        Assert.Equal(4, TcpOptionWriter.Write(new TcpOptions { UserTimeout = 0x8005 }, octets));
        Assert.Equal([28, 4, 0x80, 5], octets);
    }
}
