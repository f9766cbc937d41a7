using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>The figures of RFC 9293 3.5 and 3.6, with their numbers, between two connections of ours.</summary>
public sealed class FigureTests
{
    [Fact]
    [Trait("Proves", "P02")]
    [Trait("Proves", "P03")]
    [Trait("Proves", "P04")]
    public void Figure6_BasicHandshake()
    {
        var pair = new Pair();
        pair.ListenB(300);
        pair.OpenA(100);
        pair.Run(100);
        pair.Do(() => pair.A.Send(TcpHarness.Pattern(0, 10), pair.Now));
        pair.Run(100);
        Assert.Equal(["A S 100", "B S. 300 ack 101", "A . 101 ack 301", "A P. 101 ack 301 (10)", "B . 301 ack 111"], pair.Log);
        Assert.Equal(["B Listen", "A SynSent", "B SynReceived", "A Established", "B Established"], pair.States);
    }

    [Fact]
    [Trait("Proves", "P11")]
    [Trait("Proves", "MUST-10")]
    public void Figure7_SimultaneousOpen()
    {
        var pair = new Pair();
        pair.OpenA(100);
        pair.OpenB(300);
        pair.Run(10_000);
        Assert.Equal(["A S 100", "B S 300", "B S. 300 ack 101", "A S. 100 ack 301"], pair.Log);
        Assert.Equal(["A SynSent", "B SynSent", "B SynReceived", "A SynReceived", "A Established", "B Established"], pair.States);
        pair.Do(() => pair.A.Send(TcpHarness.Pattern(0, 3000), pair.Now));
        pair.Do(() => pair.B.Send(TcpHarness.Pattern(0, 3000), pair.Now));
        pair.Run(10_000);
        Assert.Equal((3000, 3000), (pair.ReceivedByA.Length, pair.ReceivedByB.Length));
    }

    [Fact]
    [Trait("Proves", "P13")]
    public void Figure8_OldDuplicateSyn()
    {
        var pair = new Pair { Lose = line => line == "A S 100" };
        pair.ListenB(300);
        pair.OpenA(100); // delayed in the figure, lost here; it comes again after a second
        pair.OldDuplicateToB(TcpFlags.SYN, 90);
        pair.Run(500);
        Assert.Equal(["x A S 100", "B S. 300 ack 91", "A R 91"], pair.Log);
        pair.ExpectStates(SynSent, Listen);
        pair.Lose = _ => false;
        pair.B.PrepareIss(400);
        pair.Run(1000);
        Assert.Equal(["A S 100", "B S. 400 ack 101", "A . 101 ack 401"], pair.Log.Skip(3));
        pair.ExpectStates(Established, Established);
    }

    [Fact]
    [Trait("Proves", "P52")]
    [Trait("Proves", "5961-3")]
    public void Figure9_HalfOpenDiscoveredByTheRestartedSide()
    {
        Pair pair = Open();
        pair.CrashA();
        pair.OpenA(400);
        pair.Run(500);
        Assert.Equal(["A S 400", "B . 301 ack 101", "A R 101"], pair.Log);
        pair.ExpectStates(SynSent, Closed);
        Assert.Equal(ConnectionError.Reset, pair.B.Error);
    }

    [Fact]
    [Trait("Proves", "P52")]
    public void Figure10_HalfOpenDiscoveredByTheSideThatSends()
    {
        Pair pair = Open();
        pair.CrashA();
        pair.Do(() => pair.B.Send(TcpHarness.Pattern(0, 10), pair.Now));
        pair.Run(100);
        Assert.Equal(["B P. 301 ack 101 (10)", "A R 101"], pair.Log);
        pair.ExpectStates(Closed, Closed);
        Assert.Equal(ConnectionError.Reset, pair.B.Error);
    }

    [Fact]
    [Trait("Proves", "P13")]
    public void Figure11_OldDuplicateSynAndTwoPassiveSides()
    {
        var pair = new Pair();
        pair.ListenA(100);
        pair.ListenB(300);
        pair.OldDuplicateToB(TcpFlags.SYN, 90);
        pair.Run(10_000);
        Assert.Equal(["B S. 300 ack 91", "A R 91"], pair.Log);
        pair.ExpectStates(Listen, Listen);
    }

    [Fact]
    [Trait("Proves", "P40")]
    public void Figure12_NormalClose()
    {
        Pair pair = Open();
        pair.Do(() => pair.A.Close(pair.Now));
        pair.Run(100);
        pair.ExpectStates(FinWait2, CloseWait);
        pair.Do(() => pair.B.Close(pair.Now));
        pair.Run(100);
        Assert.Equal(["A F. 101 ack 301", "B . 301 ack 102", "B F. 301 ack 102", "A . 102 ack 302"], pair.Log);
        Assert.Equal(["A FinWait1", "B CloseWait", "A FinWait2", "B LastAck", "A TimeWait", "B Closed"], pair.States);
        pair.Run(60_000);
        pair.ExpectStates(Closed, Closed);
        Assert.Equal((ConnectionError.None, ConnectionError.None), (pair.A.Error, pair.B.Error));
    }

    [Fact]
    [Trait("Proves", "P44")]
    [Trait("Proves", "U-22")]
    public void Figure13_SimultaneousClose()
    {
        Pair pair = Open();
        pair.Do(() => pair.A.Close(pair.Now));
        pair.Do(() => pair.B.Close(pair.Now));
        pair.Run(100);
        Assert.Equal(["A F. 101 ack 301", "B F. 301 ack 101", "B . 302 ack 102", "A . 102 ack 302"], pair.Log);
        Assert.Equal(["A FinWait1", "B FinWait1", "B Closing", "A Closing", "A TimeWait", "B TimeWait"], pair.States);
    }

    [Fact]
    [Trait("Proves", "P21")]
    public void SecondSegmentLost_BothSidesSendAgain()
    {
        int lost = 0;
        var pair = new Pair { Lose = line => line == "B S. 300 ack 101" && lost++ < 2 };
        pair.ListenB(300);
        pair.OpenA(100);
        pair.Run(5000);
        Assert.Equal(["A S 100", "x B S. 300 ack 101", "A S 100", "x B S. 300 ack 101", "A S 100", "B S. 300 ack 101", "A . 101 ack 301"], pair.Log);
        pair.ExpectStates(Established, Established);
        Assert.Equal((2L, 2L), (pair.A.Counters.Retransmissions, pair.B.Counters.Retransmissions));
    }

    [Theory]
    [Trait("Proves", "P16")]
    [Trait("Proves", "5961-5")]
    [InlineData(false)]
    [InlineData(true)]
    public void ForgedData_EndsDisagree_NoEndlessStormOfAcks(bool toBoth)
    {
        Pair pair = Open();
        pair.Do(() => pair.B.SegmentArrives(Forged(1000, 2000, 101, 301), TcpHarness.Local, pair.Now));
        pair.Do(() => _ = toBoth ? pair.A.SegmentArrives(Forged(2000, 1000, 301, 101), TcpHarness.Remote, pair.Now) : default);
        pair.Run(60_000);
        Assert.InRange(pair.Log.Count, 2, 260); // ten from each side in five seconds, where it were 6000 otherwise
        pair.ExpectStates(Established, Established);
        if (!toBoth)
        {
            pair.Do(() => pair.A.Send(TcpHarness.Pattern(0, 50), pair.Now));
            pair.Run(60_000);
            Assert.Equal(TcpHarness.Pattern(0, 50), pair.ReceivedByB); // the forger's octets are in place of A's; both go on
            Assert.Equal(0, pair.A.SendQueue);
        }

        static TcpSegment Forged(ushort from, ushort to, uint sequence, uint acknowledgment) => new()
        {
            SourcePort = from,
            DestinationPort = to,
            SequenceNumber = sequence,
            AcknowledgmentNumber = acknowledgment,
            Flags = TcpFlags.ACK,
            Window = 65535,
            Payload = TcpHarness.Pattern(0, 10),
        };
    }

    [Fact]
    [Trait("Proves", "P22")]
    public void ThirdSegmentLost_DataCompletesTheHandshake()
    {
        var pair = new Pair { Lose = line => line == "A . 101 ack 301" };
        pair.ListenB(300);
        pair.OpenA(100);
        pair.Run(500);
        pair.ExpectStates(Established, SynReceived);
        pair.Do(() => pair.A.Send(TcpHarness.Pattern(0, 10), pair.Now));
        pair.Run(100);
        pair.ExpectStates(Established, Established);
        Assert.Equal(TcpHarness.Pattern(0, 10), pair.ReceivedByB);
    }

    [Fact]
    [Trait("Proves", "P45")]
    public void LastAckLost_FinComesAgainAndIsAcknowledgedAgain()
    {
        Pair pair = Open();
        pair.Do(() => pair.A.Close(pair.Now));
        pair.Run(100);
        pair.Lose = line => line == "A . 102 ack 302";
        pair.Do(() => pair.B.Close(pair.Now));
        pair.Run(100);
        pair.ExpectStates(TimeWait, LastAck);
        pair.Lose = _ => false;
        pair.Run(1000);
        pair.ExpectStates(TimeWait, Closed);
    }

    [Fact]
    [Trait("Proves", "P14")]
    public void OldDuplicateSyn_WithTwoWayHandshake_LeavesAGhost()
    {
        var pair = new Pair(TcpHarness.Plain with { TwoWayHandshake = true });
        pair.ListenB(300);
        pair.OldDuplicateToB(TcpFlags.SYN, 90);
        pair.Run(86_400_000);
        Assert.Equal(["B S. 300 ack 91"], pair.Log);
        pair.ExpectStates(Closed, Established);
    }

    [Fact]
    [Trait("Proves", "P14")]
    public void TwoWayHandshake_WithoutAccidents_CarriesDataBothWays()
    {
        var pair = new Pair(TcpHarness.Plain with { TwoWayHandshake = true });
        pair.ListenB(300);
        pair.OpenA(100);
        pair.Run(100);
        Assert.Equal(["A S 100", "B S. 300 ack 101"], pair.Log);
        pair.Do(() => pair.B.Send(TcpHarness.Pattern(0, 5000), pair.Now));
        pair.Do(() => pair.A.Send(TcpHarness.Pattern(0, 5000), pair.Now));
        pair.Run(1000);
        Assert.Equal((5000, 5000), (pair.ReceivedByA.Length, pair.ReceivedByB.Length));
    }

    [Theory]
    [Trait("Proves", "P32")]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void HeavyLoss_BothWays_EachOctetOnceAndInOrder(int seed, bool linux)
    {
        var random = new Random(seed);
        var pair = new Pair(linux ? TcpSettings.Linux : TcpHarness.Plain with { ReceiveBufferSize = 5000 }) { Lose = _ => random.Next(5) == 0 };
        pair.ListenB(uint.MaxValue - 5000);
        pair.OpenA(uint.MaxValue - 10_000);
        byte[] up = TcpHarness.Pattern(0, 100_000);
        byte[] down = TcpHarness.Pattern(7, 50_000);
        Assert.Equal(up.Length, pair.A.Send(up, pair.Now));
        pair.Run(60_000);
        Assert.Equal(down.Length, pair.B.Send(down, pair.Now));
        pair.Do(() => pair.A.Close(pair.Now));
        pair.Run(3_600_000);
        pair.Do(() => pair.B.Close(pair.Now));
        pair.Run(600_000);
        Assert.Equal(up, pair.ReceivedByB);
        Assert.Equal(down, pair.ReceivedByA);
        Assert.Equal((Closed, Closed), (pair.A.State, pair.B.State));
    }

    [Theory]
    [Trait("Proves", "P34")]
    [InlineData(false)]
    [InlineData(true)]
    public void ReceiverDoesNotRead_WindowClosesAndReopens(bool updateIsLost)
    {
        bool reopened = false;
        var pair = new Pair(TcpHarness.Plain with { ReceiveBufferSize = 20_000 });
        pair.Lose = line => updateIsLost && reopened && line.StartsWith("B . ", StringComparison.Ordinal) && pair.Log.TrueForAll(old => old[0] != 'x');
        pair.BReads = false;
        pair.ListenB(300);
        pair.OpenA(100);
        pair.Run(100);
        pair.Do(() => Assert.Equal(100_000, pair.A.Send(TcpHarness.Pattern(0, 100_000), pair.Now)));
        pair.Run(600_000);
        pair.ExpectStates(Established, Established);
        Assert.Equal((18_980, 0u), (pair.B.Available, pair.A.Snd.Wnd)); // 13 segments; the rest of the buffer is no worthwhile step
        Assert.InRange(pair.A.Counters.ZeroWindowProbes, 5, 20);
        Assert.Equal(0, pair.A.Counters.Retransmissions);
        reopened = true;
        pair.Do(() => pair.BReads = true);
        pair.Run(130_000);
        Assert.Equal(TcpHarness.Pattern(0, 100_000), pair.ReceivedByB);
    }

    [Fact]
    [Trait("Proves", "P32")]
    public void AnyNetwork_AnyCalls_EachOctetOnceAndAnOrderlyEnd()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            int loss = random.Next(0, 30);
            TcpSettings settings = TcpSettings.Linux with
            {
                Timestamps = random.Next(2) == 0,
                SelectiveAcknowledgment = random.Next(2) == 0,
                WindowScaling = random.Next(2) == 0,
                Nagle = random.Next(2) == 0,
                ReceiveBufferSize = random.Next(1, 30_000),
                SendBufferSize = random.Next(1, 30_000),
                Congestion = random.Next(3) == 0 ? CongestionAlgorithm.None : CongestionAlgorithm.Reno,
                R2 = int.MaxValue,
                SynRetries = int.MaxValue,
                SynAckRetries = int.MaxValue,
                MaximumRto = TimeSpan.FromSeconds(5),
            };
            var pair = new Pair(settings) { Lose = _ => random.Next(100) < loss, Disorder = random };
            if (random.Next(2) == 0)
            {
                pair.OpenB((uint)random.NextInt64(1L << 32));
            }
            else
            {
                pair.ListenB((uint)random.NextInt64(1L << 32));
            }

            pair.OpenA((uint)random.NextInt64(1L << 32));
            byte[] up = TcpHarness.Pattern(seed, random.Next(0, 20_000));
            byte[] down = TcpHarness.Pattern(seed + 1, random.Next(0, 20_000));
            int sentUp = 0;
            int sentDown = 0;
            for (int step = 0; step < 20_000 && (pair.A.State != Closed || pair.B.State != Closed); step++)
            {
                pair.Do(() => sentUp = Go(pair.A, up, sentUp, random, pair.Now));
                pair.Do(() => sentDown = Go(pair.B, down, sentDown, random, pair.Now));
                pair.Run(random.Next(1, 1000));
            }

            Assert.True((pair.A.State, pair.B.State) == (Closed, Closed), $"Seed {seed} ends in {pair.A.State} and {pair.B.State}.");
            Assert.True((pair.A.Error, pair.B.Error) == (ConnectionError.None, ConnectionError.None), $"Seed {seed}: {pair.A.Error}, {pair.B.Error}.");
            Assert.Equal(up, pair.ReceivedByB);
            Assert.Equal(down, pair.ReceivedByA);
        }
    }

    private static int Go(TcpConnection connection, byte[] data, int sent, Random random, Timestamp now)
    {
        if (connection.State is not (SynSent or SynReceived or Established or CloseWait))
        {
            return sent;
        }

        if (sent < data.Length)
        {
            return sent + connection.Send(data.AsSpan(sent, random.Next(0, data.Length - sent + 1)), now);
        }

        if (connection.State is Established or CloseWait)
        {
            connection.Close(now);
        }

        return sent;
    }

    private static Pair Open()
    {
        var pair = new Pair();
        pair.ListenB(300);
        pair.OpenA(100);
        pair.Run(100);
        pair.ExpectStates(Established, Established);
        pair.Log.Clear();
        pair.States.Clear();
        return pair;
    }
}
