using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Engine.Tests.Tcp.Recovery.Sender;

namespace TcpShell.Engine.Tests.Tcp.Recovery;

/// <summary>Restart after idle (RFC 5681 4.1), and what the counters tell of a sender.</summary>
public sealed class WindowValidationTests
{
    [Theory]
    [Trait("Proves", "5681-16")]
    [Trait("Proves", "6928-3")]
    [InlineData(true, 10_000, 4000)]
    [InlineData(true, 100, 8000)] // less than one RTO
    [InlineData(false, 10_000, 8000)]
    public void Idle_LongerThanTheRto_BeginsWithTheInitialWindow(bool restart, int idle, int window)
    {
        TcpHarness harness = Sent(Plain with { RestartAfterIdle = restart }, 12_000, window: 4).Advance(100);
        foreach (int ack in new[] { 1101, 2101, 3101, 4101 })
        {
            harness.Inject($"< . 301 ack {ack}").IgnoreSent();
        }

        harness.Check(connection => Assert.Equal(8000, connection.CongestionWindow));
        harness.Inject("< . 301 ack 12101").IgnoreSent().Check(connection => Assert.InRange(connection.CongestionWindow, 8000, 9000));
        int grown = harness.Connection.CongestionWindow;
        harness.Advance(idle).Send(20_000).IgnoreSent()
            .Check(connection => Assert.Equal(window == 8000 ? grown : window, connection.CongestionWindow))
            .Check(connection => Assert.Equal(connection.CongestionWindow, connection.Unacknowledged.InFlight));
    }

    [Fact]
    [Trait("Proves", "5681-16")]
    [Trait("Proves", "1191-6")]
    public void Idle_PathCarriesMoreThanBefore_InitialWindowHoldsASegmentOfNow() =>
        InState.SynSent(Plain with { InitialWindowSegments = 1 })
            .Do((connection, _) => connection.UsePathMtu(576)) // known from another connection
            .Inject(InState.PeerSynAck).IgnoreSent()
            .Check(connection => Assert.Equal(536, connection.CongestionWindow))
            .Advance(5000)
            .Do((connection, _) => connection.UsePathMtu(1500)) // forgotten again
            .Send(1000).Expect("> P. 101:1101(1000) ack 301");

    [Theory]
    [Trait("Proves", "5681-20")]
    [InlineData(CongestionAlgorithm.Reno)]
    [InlineData(CongestionAlgorithm.Cubic)]
    public void PathMtuChanges_BothWindowsStayTheSameInSegments(CongestionAlgorithm algorithm) =>
        InState.SynSent(Plain with { Congestion = algorithm })
            .Do((connection, _) => connection.UsePathMtu(576))
            .Inject(InState.PeerSynAck).IgnoreSent()
            .Do((connection, _) => connection.UsePathMtu(1500))
            .Do((connection, _) => connection.UsePathMtu(576))
            .Check(connection => Assert.Equal(int.MaxValue, connection.SlowStartThreshold)) // still as high as can be
            .Send(536).Advance(5000).IgnoreSent()
            .Check(connection => Assert.Equal((536, 2 * 536), (connection.CongestionWindow, connection.SlowStartThreshold)))
            .Do((connection, _) => connection.UsePathMtu(1500))
            .Check(connection => Assert.Equal((1000, 2 * 1000), (connection.CongestionWindow, connection.SlowStartThreshold)))
            .Do((connection, _) => connection.UsePathMtu(576))
            .Check(connection => Assert.Equal((536, 2 * 536), (connection.CongestionWindow, connection.SlowStartThreshold)));

    [Fact]
    [Trait("Proves", "6298-7")]
    public void EachAckOfNewData_IsMeasured()
    {
        TcpHarness harness = Sent(Plain, 3000);
        for (int i = 1; i <= 3; i++)
        {
            int ack = 101 + (1000 * i);
            int passed = 10 * i;
            harness.Advance(10).Inject($"< . 301 ack {ack}").Check(connection => Assert.Equal(passed, connection.Rtt.Latest!.Value.TotalMilliseconds));
        }
    }

    [Fact]
    [Trait("Proves", "5681-1")]
    [Trait("Proves", "6675-8")]
    public void AnyAcks_NewDataStaysWithinTheWindows()
    {
        foreach (TcpSettings settings in new[] { Plain with { LimitedTransmit = false, ForwardRto = false }, Rfc6675, Rack with { TailLossProbe = false } })
        {
            for (int seed = 0; seed < 50; seed++)
            {
                Acknowledge(Open(settings with { ForwardRto = false }), new Random(seed), $"{settings.LossRecovery}, seed {seed}");
            }
        }
    }

    private static void Acknowledge(TcpHarness harness, Random random, string name)
    {
        TcpConnection connection = harness.Connection;
        connection.Send(new byte[100_000], harness.Now);
        Timestamp now = harness.Now;
        for (int step = 0; step < 100; step++)
        {
            while (connection.TryPollTransmit(now, out OutgoingSegment outgoing))
            {
                if (outgoing.Reason == TransmitReason.Data)
                {
                    Assert.True(connection.Unacknowledged.InFlight <= connection.CongestionWindow, $"{name}, step {step}: more than cwnd");
                    Assert.True(connection.Snd.Outstanding <= connection.Snd.Wnd, $"{name}, step {step}: more than the peer's window");
                }
            }

            now += TimeSpan.FromMilliseconds(random.Next(60));
            connection.HandleTimeout(now);
            int forward = random.Next(3) == 0 ? 1000 * random.Next(4) : 0;
            SeqNumber ack = connection.Snd.Una + Math.Min(forward, connection.Snd.Outstanding);
            SackBlocks blocks = default;
            SeqNumber left = ack + (1000 * random.Next(1, 8));
            blocks.TryAdd(new(left, left + (1000 * random.Next(1, 4))));
            var segment = new TcpSegment
            {
                SourcePort = TcpHarness.Remote.Port,
                DestinationPort = TcpHarness.Local.Port,
                SequenceNumber = connection.Rcv.Nxt,
                AcknowledgmentNumber = ack,
                Flags = TcpFlags.ACK,
                Window = (ushort)random.Next(20_000, 65_535),
                Options = new TcpOptions { Sack = connection.SelectiveAcknowledgmentInForce ? blocks : default },
            };
            connection.SegmentArrives(segment, TcpHarness.Remote, now);
        }
    }

    [Fact]
    public void ApplicationLimited_WindowDoesNotGrow()
    {
        TcpHarness harness = Open(Plain with { InitialWindowSegments = 4 });
        for (int i = 1; i <= 20; i++)
        {
            harness.Send(1000).IgnoreSent().Advance(10).Inject($"< . 301 ack {101 + (1000 * i)}");
        }

        harness.Check(connection => Assert.Equal(4000, connection.CongestionWindow));
    }

    [Fact]
    public void Sender_CountsWhatSsShows()
    {
        TcpHarness harness = Sent(Rack, 5000).Advance(100).Inject("< . 301 ack 101 <sack 1101:4101>").IgnoreSent();
        harness.Check(connection =>
        {
            Assert.Equal((3, 0, 1), (connection.Unacknowledged.Sacked, connection.Unacknowledged.Lost, connection.Unacknowledged.Retransmitted));
            Assert.Equal((5000L, 0L, 1000L), (connection.Counters.BytesSent, connection.Counters.BytesAcknowledged, connection.Counters.BytesRetransmitted));
            Assert.Equal((1L, 1L, 3L), (connection.Counters.Retransmissions, connection.Counters.Recoveries, connection.Counters.Delivered));
        });
        harness.Advance(100).Inject("< . 301 ack 5101").Advance(1000).Send(20_000).IgnoreSent().Advance(50)
            .Check(connection =>
            {
                Assert.Equal((0, 0, 0), (connection.Unacknowledged.Sacked, connection.Unacknowledged.Lost, connection.Unacknowledged.Retransmitted));
                Assert.Equal(5L, connection.Counters.Delivered);
                Assert.Equal((200.0, SendLimit.CongestionWindow), (connection.Limits.Busy.TotalMilliseconds, connection.Limits.Current));
            });
    }

    [Fact]
    public void Sender_LimitsAreTimed() =>
        Open(Plain with { SendBufferSize = 8000 }).Inject("< . 301 ack 101 win 3000").Send(8000).IgnoreSent() // waits for the peer's window
            .Advance(100).Inject("< . 301 ack 3101 win 9000").IgnoreSent() // all is on its way: waits for nothing but the user
            .Advance(50).Send(3000).IgnoreSent() // fills the send buffer
            .Advance(30).Inject("< . 301 ack 11101").Advance(1000)
            .Check(connection => Assert.Equal(
                (100.0, 50.0, 30.0, 0.0, SendLimit.None),
                (connection.Limits.ReceiveWindow.TotalMilliseconds, connection.Limits.Application.TotalMilliseconds,
                    connection.Limits.SendBuffer.TotalMilliseconds, connection.Limits.CongestionWindow.TotalMilliseconds, connection.Limits.Current)));
}
