using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>What the two SYNs agree on, and what follows from it: RFC 9293 3.7.1, RFC 7323, RFC 2018.</summary>
public sealed class OptionTests
{
    /// <summary>All combinations of three options, on our side and on the peer's.</summary>
    public static TheoryData<bool, bool, bool, bool, bool, bool> Combinations
    {
        get
        {
            var data = new TheoryData<bool, bool, bool, bool, bool, bool>();
            for (int bits = 0; bits < 64; bits++)
            {
                data.Add(Bit(0), Bit(1), Bit(2), Bit(3), Bit(4), Bit(5));

                bool Bit(int n) => (bits >> n & 1) == 1;
            }

            return data;
        }
    }

    [Theory]
    [Trait("Proves", "P05")]
    [Trait("Proves", "7323-1")]
    [Trait("Proves", "7323-4")]
    [Trait("Proves", "7323-6")]
    [Trait("Proves", "2018-1")]
    [MemberData(nameof(Combinations))]
    public void SynSent_Options_InForceOnlyIfBothSynsHaveThem(bool ourScale, bool ourTimestamps, bool ourSack, bool peerScale, bool peerTimestamps, bool peerSack)
    {
        TcpHarness harness = new TcpHarness(Settings(ourScale, ourTimestamps, ourSack)).OpenActive()
            .Expect($"> S 100 <mss 1460{Text(ourScale, "wscale 7")}{Text(ourSack, "sackOK")}{Text(ourTimestamps, "TS val 1000000 ecr 0")}>")
            .Inject($"< S. 300 ack 101 win 1000 <mss 1000{PeerOptions(peerScale, peerTimestamps, peerSack, 1000000)}>")
            .Expect($"> . 101 ack 301 <{Text(ourTimestamps && peerTimestamps, "TS val 1000000 ecr 55")}>");
        CheckInForce(harness, ourScale && peerScale, ourTimestamps && peerTimestamps, ourSack && peerSack);
    }

    [Theory]
    [Trait("Proves", "P05")]
    [Trait("Proves", "7323-1")]
    [Trait("Proves", "7323-4")]
    [Trait("Proves", "7323-6")]
    [Trait("Proves", "2018-1")]
    [MemberData(nameof(Combinations))]
    public void Listen_Options_SynAckOffersOnlyWhatTheSynHad(bool ourScale, bool ourTimestamps, bool ourSack, bool peerScale, bool peerTimestamps, bool peerSack)
    {
        bool timestamps = ourTimestamps && peerTimestamps;
        TcpHarness harness = new TcpHarness(Settings(ourScale, ourTimestamps, ourSack)).OpenPassive()
            .Inject($"< S 300 win 1000 <mss 1000{PeerOptions(peerScale, peerTimestamps, peerSack, 0)}>")
            .Expect($"> S. 100 ack 301 <mss 1460{Text(ourScale && peerScale, "wscale 7")}{Text(ourSack && peerSack, "sackOK")}{Text(timestamps, "TS val 1000000 ecr 55")}>")
            .Check(connection => Assert.Equal(1000u, connection.Snd.Wnd)) // [7323-2] not scaled
            .Inject($"< . 301 ack 101 win 1000 <{Text(peerTimestamps, "TS val 55 ecr 1000000")}>");
        CheckInForce(harness, ourScale && peerScale, timestamps, ourSack && peerSack);
        harness.Check(connection => Assert.Equal(ourScale && peerScale ? 4000u : 1000u, connection.Snd.Wnd));
    }

    [Theory]
    [Trait("Proves", "MUST-14")]
    [Trait("Proves", "MUST-15")]
    [Trait("Proves", "MUST-16")]
    [Trait("Proves", "MUST-67")]
    [Trait("Proves", "SHLD-5")]
    [Trait("Proves", "6691-1")]
    [Trait("Proves", "6691-3")]
    [Trait("Proves", "MAY-3")]
    [Trait("Proves", "6691-5")]
    [InlineData(false, 1500, "", 1460, 536)]
    [InlineData(true, 1500, "", 1440, 1220)]
    [InlineData(false, 1500, "mss 1000", 1460, 1000)]
    [InlineData(false, 1500, "mss 1460", 1460, 1460)]
    [InlineData(false, 1500, "mss 65535", 1460, 1460)]
    [InlineData(true, 1500, "mss 65535", 1440, 1440)]
    [InlineData(false, 9000, "mss 1460", 8960, 1460)]
    [InlineData(false, 576, "mss 1460", 536, 536)]
    [InlineData(false, 68, "mss 1460", 28, 28)]
    [InlineData(false, 1500, "mss 0", 1460, 28)] // no path is that narrow
    public void SynSent_Mss_BothEndsAndThePath(bool ipv6, int mtu, string option, int announced, int used)
    {
        TcpHarness harness = ipv6 ? new(local: "[fd00::1]:1000", remote: "[fd00::2]:2000", mtu: mtu) : new(mtu: mtu);
        harness.OpenActive().Expect($"> S 100 <mss {announced}>").Inject($"< S. 300 ack 101 <{option}>").Expect("> . 101 ack 301")
            .Check(connection => Assert.Equal(used, connection.SendMaximumSegmentSize))
            .Send(used * 2).Expect($"> . 101:{101 + used}({used}) ack 301");
    }

    [Fact]
    [Trait("Proves", "MUST-67")]
    public void SynSent_MssFromSettings_IsAnnounced() =>
        new TcpHarness(TcpHarness.Plain with { MaximumSegmentSize = 500 }).OpenActive().Expect("> S 100 win 65500 <mss 500>");

    [Theory]
    [Trait("Proves", "MUST-16")]
    [InlineData(500, 500)]
    [InlineData(1400, 1000)] // the peer takes no more
    [InlineData(1, 28)]
    public void SynSent_MssFromSettings_BoundsWhatIsSentToo(int setting, int used) =>
        InState.SynSent(TcpHarness.Plain with { MaximumSegmentSize = setting }).Inject("< S. 300 ack 101 win 65535 <mss 1000>").Ignore()
            .Check(connection => Assert.Equal(used, connection.SendMaximumSegmentSize))
            .Send(used * 2).ExpectNext(1).Expect($"> . 101:{101 + used}({used}) ack 301").IgnoreSent();

    [Fact]
    [Trait("Proves", "MUST-16")]
    [Trait("Proves", "6691-2")]
    public void Established_Timestamps_TakeTheirRoomFromTheData() =>
        WithTimestamps().Send(3000).Expect("> . 101:1089(988) ack 301").Ignore()
            .Check(connection => Assert.Equal(988, connection.SendMaximumSegmentSize));

    [Fact]
    [Trait("Proves", "6691-2")]
    [Trait("Proves", "2018-4")]
    public void Established_SackBlocksBesideData_TakeTheirRoomToo()
    {
        TcpHarness harness = WithTimestamps(sack: true)
            .Inject("< P. 311:321(10) ack 101 <TS val 56 ecr 0>").Expect("> . 101 ack 301 <TS val 1000000 ecr 55,sack 311:321>")
            .Send(5000).Expect("> . 101:1077(976) ack 301 <TS val 1000000 ecr 55,sack 311:321>").Ignore();
        harness.Inject("< P. 331:341(10) ack 101 <TS val 56 ecr 0>", "< P. 351:361(10) ack 101 <TS val 56 ecr 0>", "< P. 371:381(10) ack 101 <TS val 56 ecr 0>")
            .Ignore()
            .Advance(5000)
            .Check(connection => Assert.Equal(5, connection.Unacknowledged.Segments.Count(segment => segment.Length == 976))) // sent with less room in use
            .Expect("> . 101:1077(976) ack 301 <TS val 1000200 ecr 55,sack 371:381>"); // what was cut larger stays so and tells less
    }

    [Theory]
    [Trait("Proves", "7323-3")]
    [InlineData(0, 0)]
    [InlineData(14, 14)]
    [InlineData(15, 14)]
    [InlineData(255, 14)]
    public void SynSent_WindowScale_14AtMost(int offered, int used) =>
        InState.SynSent(TcpHarness.Plain with { WindowScaling = true }).Inject($"< S. 300 ack 101 <mss 1000,wscale {offered}>").Ignore()
            .Check(connection => Assert.Equal(used, connection.Snd.WindowShift))
            .Inject("< . 301 ack 101 win 3").Check(connection => Assert.Equal(3u << used, connection.Snd.Wnd));

    [Theory]
    [InlineData("mss,nop,wscale,sackOK,TS", true, "0204 05b4 01 030307 0402 080a 00000000 00000000")]
    [InlineData("TS, wscale, mss, nop, nop, sackOK", true, "080a 00000000 00000000 030307 0204 05b4 01 01 0402 000000")]
    [InlineData("mss,nop,wscale,nop,nop,TS,sackOK", false, "0204 05b4 01 030307 01 01 0402")] // nothing stands for what is not offered
    [InlineData(null, true, "0204 05b4 0402 080a 00000000 00000000 01 030307")]
    public void SynSent_LayoutOfOptions_IsThatOfTheSyn(string? layout, bool timestamps, string octets)
    {
        var connection = new TcpConnection(TcpSettings.Linux with { SynOptionLayout = layout, Timestamps = timestamps }, TcpHarness.Local, mtu: 1500);
        connection.OpenActive(TcpHarness.Remote, new SeqNumber(100), Timestamp.Zero);
        Assert.True(connection.TryPollTransmit(Timestamp.Zero, out OutgoingSegment syn));

        var written = new byte[TcpOptions.MaximumSize];
        int size = TcpOptionWriter.Write(syn.Segment.Options, written);
        Assert.Equal(octets.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexStringLower(written.AsSpan(0, size)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("mss,TS,wscale")]
    [InlineData("mss,mss,TS,wscale,sackOK")]
    [InlineData("mss,TS,wscale,sackOK,eol")]
    [InlineData("mss,TS,wscale,sackOK,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop")] // 41 octets
    public void Settings_LayoutThatIsNone_IsRefusedByName(string layout) => Assert.Equal(
        nameof(TcpSettings.SynOptionLayout),
        Assert.Throws<ArgumentOutOfRangeException>(() => (TcpSettings.Linux with { SynOptionLayout = layout }).Validate()).ParamName);

    [Theory]
    [InlineData(0, 64_240)] // the SYN's, as less than an MSS is left to 65,535
    [InlineData(3, 524_280)]
    [InlineData(14, 1_000_000 >> 14 << 14)]
    public void Established_WindowScaleFromSettings_IsOfferedAndBoundsTheWindow(int scale, int window) =>
        new TcpHarness(TcpHarness.Plain with { WindowScaling = true, WindowScale = scale, ReceiveBufferSize = 1_000_000 }).OpenActive()
            .Expect($"> S 100 <mss 1460,wscale {scale}>")
            .Inject("< S. 300 ack 101 win 65535 <mss 1000,wscale 0>")
            .Expect($"> . 101 ack 301 win {window >> scale} <>");

    [Theory]
    [InlineData(1, 0)]
    [InlineData(28, 3)]
    [InlineData(1024, 9)]
    [InlineData(32_768, 14)]
    public void SynSent_WindowScaleBeyondTheBuffer_LeavesTwoUnitsToTell(int buffer, int scale) =>
        new TcpHarness(TcpHarness.Plain with { WindowScaling = true, WindowScale = 14, ReceiveBufferSize = buffer }).OpenActive()
            .Expect($"> S 100 <mss 1460,wscale {scale}>");

    [Theory]
    [InlineData(-1)]
    [InlineData(15)]
    public void Settings_WindowScaleThatIsNone_IsRefusedByName(int scale) => Assert.Equal(
        nameof(TcpSettings.WindowScale),
        Assert.Throws<ArgumentOutOfRangeException>(() => (TcpSettings.Linux with { WindowScale = scale }).Validate()).ParamName);

    [Theory]
    [Trait("Proves", "7323-1")]
    [InlineData(1, 0)]
    [InlineData(65_535, 0)]
    [InlineData(65_536, 1)]
    [InlineData(6 * 1024 * 1024, 7)]
    [InlineData(1 << 30, 14)]
    public void SynSent_ReceiveBuffer_DecidesOurScale(int buffer, int shift) =>
        new TcpHarness(TcpHarness.Plain with { WindowScaling = true, ReceiveBufferSize = buffer }).OpenActive()
            .Expect($"> S 100 <mss 1460,wscale {shift}>");

    [Fact]
    [Trait("Proves", "7323-2")]
    public void Established_WindowScale_OurWindowIsScaledBehindTheSyn() =>
        InState.SynSent(TcpSettings.Linux with { Timestamps = false, SelectiveAcknowledgment = false })
            .Inject("< S. 300 ack 101 <mss 1000,wscale 2>").Expect($"> . 101 ack 301 win {6 * 1024 * 1024 >> 7}");

    [Fact]
    [Trait("Proves", "7323-5")]
    public void Established_WindowScale_EverythingOnceOfferedIsAccepted() =>
        InState.SynSent(TcpHarness.Plain with { WindowScaling = true, ReceiveBufferSize = 100_000, MaximumSegmentSize = 1001 })
            .Inject("< S. 300 ack 101 <mss 1000,wscale 2>").Expect("> . 101 ack 301 win 50000")
            .Inject("< . 301:302(1) ack 101")
            .Expect("> . 101 ack 302 win 49999") // 99999 >> 1: one octet of the edge is lost in the rounding
            .Inject("< . 302:1302(1000) ack 101", "< . 100300:100301(1) ack 101").ExpectVerdict(SegmentFate.Accepted).Ignore()
            .Check(connection => Assert.Equal(1, connection.OutOfOrder));

    [Fact]
    [Trait("Proves", "7323-6")]
    public void Established_Timestamps_OnEverySegmentAndTheRstToo() =>
        WithTimestamps().Advance(5).Send(10).Expect("> P. 101:111(10) ack 301 <TS val 1000005 ecr 55>")
            .Inject("< P. 301:302(1) ack 111 <TS val 60 ecr 1000005>").Expect("> . 111 ack 302 <TS val 1000005 ecr 60>")
            .Inject("< R 400").Expect("> . 111 ack 302 <TS val 1000005 ecr 60>") // a challenge
            .Abort().Expect("> R. 111 ack 302 <TS val 1000005 ecr 60>");

    [Fact]
    [Trait("Proves", "7323-6")]
    public void Established_TimestampsNotAgreedOn_Ignored() =>
        InState.Established().Inject("< P. 301:311(10) ack 101 <TS val 5 ecr 7>").Expect("> . 101 ack 311 <>").Receive(99, 10);

    [Fact]
    [Trait("Proves", "7323-7")]
    public void Established_TimestampsMissing_DroppedSilently() =>
        WithTimestamps().Inject("< P. 301:311(10) ack 101").ExpectVerdict(SegmentFate.Dropped, "7323 3.2").ExpectNothing()
            .Inject("< R 301").ExpectFailure(ConnectionError.Reset); // but a RST needs none

    [Fact]
    [Trait("Proves", "7323-11")]
    public void Established_OlderTimestamp_PawsAnswersAndDrops() =>
        WithTimestamps().Inject("< P. 301:311(10) ack 101 <TS val 54 ecr 0>").ExpectVerdict(SegmentFate.Acknowledged, "7323 5.3")
            .Expect("> . 101 ack 301 <TS val 1000000 ecr 55>")
            .Inject("< P. 301:311(10) ack 101 <TS val 55 ecr 0>").Expect("> . 101 ack 311").Receive(99, 10);

    [Fact]
    [Trait("Proves", "7323-11")]
    public void Established_TimestampsPass2To32_AreNewer() =>
        InState.SynSent(TcpHarness.Plain with { Timestamps = true }).Inject("< S. 300 ack 101 <mss 1000,TS val 4294967295 ecr 1000000>")
            .Ignore()
            .Inject("< P. 301:311(10) ack 101 <TS val 3 ecr 0>").Expect("> . 101 ack 311 <TS val 1000000 ecr 3>");

    [Fact]
    [Trait("Proves", "7323-12")]
    public void Established_RstWithOldTimestamp_Closes() =>
        WithTimestamps().Inject("< R 301 <TS val 1 ecr 0>").ExpectFailure(ConnectionError.Reset);

    [Fact]
    [Trait("Proves", "7323-13")]
    public void Established_IdleFor24Days_OlderTimestampIsTaken() =>
        WithTimestamps().Advance(24L * 86_400_000).Inject("< P. 301:302(1) ack 101 <TS val 54 ecr 0>")
            .ExpectVerdict(SegmentFate.Acknowledged).Ignore()
            .Advance(1).Inject("< P. 301:302(1) ack 101 <TS val 54 ecr 0>").ExpectVerdict(SegmentFate.Accepted).Ignore()
            .Inject("< P. 302:303(1) ack 101 <TS val 53 ecr 0>").ExpectVerdict(SegmentFate.Acknowledged); // the one taken counts from now on

    [Fact]
    [Trait("Proves", "5961-3")]
    [Trait("Proves", "P52")]
    public void Established_SynOfRestartedPeer_ChallengedWhateverItsTimestamps() =>
        WithTimestamps().Inject("< S 5000 <mss 1000>").ExpectVerdict(SegmentFate.Challenged).Expect("> . 101 ack 301")
            .Inject("< S 5000 <mss 1000,TS val 1 ecr 0>").ExpectVerdict(SegmentFate.Challenged).Expect("> . 101 ack 301");

    [Fact]
    [Trait("Proves", "6298-6")]
    [Trait("Proves", "7323-10")]
    public void Established_RetransmittedAndTimestamped_EchoTellsTheRoundTrip() =>
        WithTimestamps().Send(10).Expect("> P. 101:111(10) ack 301").Advance(200).Expect("> P. 101:111(10) ack 301 <TS val 1000200 ecr 55>")
            .Advance(30).Inject("< . 301 ack 111 <TS val 60 ecr 1000200>")
            .Check(connection => Assert.Equal(TimeSpan.FromMilliseconds(30), connection.Rtt.Latest));

    private static TcpHarness WithTimestamps(bool sack = false) =>
        InState.SynSent(TcpHarness.Plain with { Timestamps = true, SelectiveAcknowledgment = sack, TailLossProbe = false })
            .Inject($"< S. 300 ack 101 <mss 1000{Text(sack, "sackOK")},TS val 55 ecr 1000000>").Ignore();

    private static TcpSettings Settings(bool scale, bool timestamps, bool sack) =>
        TcpSettings.Linux with { WindowScaling = scale, Timestamps = timestamps, SelectiveAcknowledgment = sack };

    private static string PeerOptions(bool scale, bool timestamps, bool sack, int echo) =>
        Text(scale, "wscale 2") + Text(sack, "sackOK") + Text(timestamps, $"TS val 55 ecr {echo}");

    private static string Text(bool there, string option) => there ? "," + option : "";

    private static void CheckInForce(TcpHarness harness, bool scale, bool timestamps, bool sack) => harness
        .ExpectState(TcpState.Established)
        .Check(connection =>
        {
            Assert.Equal((scale, timestamps, sack), (connection.WindowScalingInForce, connection.TimestampsInForce, connection.SelectiveAcknowledgmentInForce));
            Assert.Equal((scale ? 2 : 0, scale ? 7 : 0), (connection.Snd.WindowShift, connection.Rcv.WindowShift));
        })
        .Send(1).Expect(timestamps ? "> P. 101:102(1) ack 301 <TS val 1000000 ecr 55>" : "> P. 101:102(1) ack 301 <>");
}
