using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Tracing;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>Settings that change while the connection lives.</summary>
public sealed class ChangeSettingsTests
{
    [Fact]
    [Trait("Proves", "MUST-17")]
    public void Established_NagleTurnedOff_WhatWaitsGoesAtOnce() =>
        InState.Established().Send(1).Expect("> P. 101:102(1) ack 301").Send(1).ExpectNothing()
            .Do(Change(settings => settings with { Nagle = false })).Expect("> P. 102:103(1) ack 301")
            .Send(1).Expect("> P. 103:104(1) ack 301")
            .Do(Change(settings => settings with { Nagle = true })).Send(1).ExpectNothing().Inject("< . 301 ack 104").Expect("> P. 104:105(1) ack 301");

    [Fact]
    [Trait("Proves", "MUST-24")]
    [Trait("Proves", "MUST-27")]
    public void Established_KeepAliveTurnedOnAndOff_ProbesStartAndStop() =>
        InState.Established().Advance(86_400_000).ExpectNothing()
            .Do(Change(settings => settings with { KeepAlive = true, KeepAliveIdle = TimeSpan.FromSeconds(10) })).Advance(9_999).ExpectNothing()
            .Advance(1).Expect("> . 100 ack 301", TransmitReason.KeepAliveProbe)
            .Do(Change(settings => settings with { KeepAliveIdle = TimeSpan.FromSeconds(20) })).Advance(19_999).ExpectNothing()
            .Advance(1).Expect("> . 100 ack 301", TransmitReason.KeepAliveProbe)
            .Do(Change(settings => settings with { KeepAlive = false })).Advance(86_400_000).ExpectNothing().ExpectState(Established);

    [Theory]
    [Trait("Proves", "MUST-21")]
    [InlineData(1, 900)]
    [InlineData(4, 9_300)] // 0.3 + 0.6 + 1.2 + 2.4 + 4.8 s
    public void Established_R2Changed_GivesUpAfterAsMany(int r2, int milliseconds) =>
        InState.Established().Do(Change(settings => settings with { R2 = r2 }))
            .Send(10).Advance(milliseconds - 1).IgnoreSent().ExpectState(Established).Advance(1).IgnoreSent()
            .Check(connection => Assert.Equal((r2, ConnectionError.TimedOut), (connection.Counters.Timeouts, connection.Error)));

    [Fact]
    [Trait("Proves", "MUST-21")]
    public void Established_R2Never_GoesOnForDays() =>
        InState.Established().Do(Change(settings => settings with { R2 = int.MaxValue })).Send(10).Advance(86_400_000 * 3).IgnoreSent()
            .ExpectState(Established);

    [Fact]
    [Trait("Proves", "MUST-21")]
    [Trait("Proves", "U-17")]
    public void Established_UserTimeoutSet_CountsFromNow() =>
        InState.Established().Send(10).Advance(100_000).IgnoreSent().ExpectState(Established)
            .Do(Change(settings => settings with { UserTimeout = TimeSpan.FromSeconds(5) })).Advance(4_999).IgnoreSent().ExpectState(Established)
            .Advance(1).IgnoreSent().ExpectFailure(ConnectionError.UserTimeout);

    [Fact]
    [Trait("Proves", "5482-4")]
    public void Established_UserTimeoutChanged_NextSegmentTellsThePeer() =>
        InState.Established(TcpHarness.Plain with { UserTimeoutOption = true })
            .Do(Change(settings => settings with { UserTimeout = TimeSpan.FromSeconds(500) })).ExpectNothing()
            .Send(10).Expect("> P. 101:111(10) ack 301 <uto 500>")
            .Inject("< P. 301:302(1) ack 111").Expect("> . 111 ack 302 <>");

    [Fact]
    [Trait("Proves", "SHLD-18")]
    public void Established_DelayedAckTimeoutChangedWhileOneWaits_CountsFromNow() =>
        InState.Established(TcpHarness.Plain with { QuickAcks = 0, DelayedAckTimeout = TimeSpan.FromMilliseconds(499) })
            .Inject("< P. 301:311(10) ack 101").ExpectNothing()
            .Do(Change(settings => settings with { DelayedAckTimeout = TimeSpan.FromMilliseconds(20) })).ExpectNothing()
            .Advance(20).Expect("> . 101 ack 311", ago: 0)
            .Do(Change(settings => settings with { QuickAcks = 1 })).Inject("< P. 311:321(10) ack 101").Expect("> . 101 ack 321")
            .Inject("< P. 321:331(10) ack 101").ExpectNothing();

    [Fact]
    public void Established_SendBufferChanged_TakesMoreOrNoMore() =>
        InState.Established(TcpHarness.Plain with { SendBufferSize = 100 }).Inject("< . 301 ack 101 win 0")
            .Send(150, taken: 100)
            .Do(Change(settings => settings with { SendBufferSize = 120 })).ExpectEvent(ConnectionEventKind.SpaceAvailable).Send(50, taken: 20)
            .Do(Change(settings => settings with { SendBufferSize = 10 })).Send(50, taken: 0)
            .Check(connection => Assert.Equal((120, 0), (connection.SendQueue, connection.SendSpace)))
            .Inject("< . 301 ack 101 win 1000").Expect("> P. 101:221(120) ack 301")
            .Inject("< . 301 ack 216 win 1000").Send(50, taken: 5).Ignore();

    [Fact]
    public void Established_FixedSettings_RefusedByNameAndNothingChanges()
    {
        TcpHarness harness = InState.Established();
        harness.Do((connection, now) =>
        {
            TcpSettings before = connection.Settings;
            var refused = Assert.Throws<TcpCallException>(() =>
                connection.ChangeSettings(before with { ReceiveBufferSize = 5, Timestamps = true, Nagle = false }, now));
            Assert.Equal(TcpCallError.SettingFixed, refused.Error);
            Assert.Contains("ReceiveBufferSize, Timestamps.", refused.Message);
            Assert.Same(before, connection.Settings);
            Assert.Throws<ArgumentOutOfRangeException>(() => connection.ChangeSettings(before with { R2 = 0 }, now));
            Assert.Same(before, connection.Settings);
        });
    }

    [Fact]
    public void Closed_AfterTheEnd_RefusedAsNoConnection() =>
        InState.Established().Abort().Ignore()
            .ExpectError(TcpCallError.ConnectionDoesNotExist, (connection, now) => connection.ChangeSettings(connection.Settings, now));

    [Fact]
    [Trait("Proves", "SHLD-21")]
    [Trait("Proves", "MUST-49")]
    public void Established_DscpAndTimeToLiveChanged_NextSegmentsCarryThem()
    {
        var lab = new Lab();
        (HostedConnection client, _) = lab.Establish();
        int before = lab.Network.Trace.Count;
        lab.Network.ChangeSettings(client, client.Settings with { Dscp = 10, TimeToLive = 7 });
        lab.Network.Send(client, Lab.Pattern(3000));
        lab.RunTo(1);
        lab.Network.ChangeSettings(client, client.Settings with { Dscp = 46 });
        lab.Network.Close(client);
        lab.RunTo(2);
        TracedPacket[] sent = [.. lab.Network.Trace.Skip(before).Where(packet => packet.Decode().Source == Lab.ClientEnd.Address)];
        Assert.Equal((10 << 2, (byte)7), (sent[0].Decode().TrafficClass & ~3, sent[0].Decode().Ttl));
        Assert.Equal((46 << 2, (byte)7), (sent[^1].Decode().TrafficClass & ~3, sent[^1].Decode().Ttl));
    }

    private static Action<TcpConnection, Timestamp> Change(Func<TcpSettings, TcpSettings> change) =>
        (connection, now) => connection.ChangeSettings(change(connection.Settings), now);
}
