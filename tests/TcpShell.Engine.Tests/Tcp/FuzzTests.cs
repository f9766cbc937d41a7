using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>Whatever arrives in whatever state: no exception, no edge outside of the table, bounded memory, bounded answers.</summary>
public sealed class FuzzTests
{
    private const int SegmentsForEachState = 1_000_000;
    private static readonly Endpoint s_local = TcpHarness.Local;
    private static readonly Endpoint s_remote = TcpHarness.Remote;
    private static readonly byte[] s_data = new byte[4000];

    private static readonly TcpSettings s_settings = TcpSettings.Linux with { ReceiveBufferSize = 30_000, SendBufferSize = 30_000, KeepAlive = true };

    [Theory]
    [Trait("Proves", "P53")]
    [MemberData(nameof(InState.All), MemberType = typeof(InState))]
    public void AnyState_MillionSegments_SurvivesWithBoundedAnswers(TcpState state)
    {
        var random = new Random((int)state + 1);
        Timestamp now = Timestamp.FromSeconds(1);
        TcpConnection connection = Make(state, random, ref now);
        int arrived = 0;
        for (int i = 0; i < SegmentsForEachState; i++)
        {
            if (connection.State != state || ++arrived % 5000 == 0)
            {
                // Mostly the state is left within some segments; it is entered again with other numbers.
                connection = Make(state, random, ref now);
            }

            TcpSegment segment = RandomSegment(connection, random);
            SegmentVerdict verdict = connection.SegmentArrives(segment, s_remote, now);
            Assert.True(verdict.Text.Length > 0 || verdict.Fate == SegmentFate.Accepted, "A refusal without a reason.");
            int answers = Poll(connection, now);
            Assert.True(answers <= 40, $"{answers} segments answer one.");
            if (i % 16 == 0)
            {
                now += TimeSpan.FromMilliseconds(random.Next(0, 400));
                connection.HandleTimeout(now);
                Act(connection, random, now);
                Poll(connection, now);
            }
        }
    }

    private static TcpConnection Make(TcpState state, Random random, ref Timestamp now)
    {
        var connection = new TcpConnection(random.Next(2) == 0 ? s_settings : s_settings with { Timestamps = false }, s_local);
        uint iss = Edgy(random);
        uint irs = Edgy(random);
        var path = new Path(connection, iss, irs, now);
        path.To(state);
        Assert.Equal(state, connection.State);
        now += TimeSpan.FromMilliseconds(1);
        return connection;
    }

    private static uint Edgy(Random random) => random.Next(3) switch
    {
        0 => (uint)random.NextInt64(1L << 32),
        1 => unchecked((uint)random.Next(-3000, 3000)),
        _ => unchecked(0x8000_0000u + (uint)random.Next(-3000, 3000)),
    };

    private static TcpSegment RandomSegment(TcpConnection connection, Random random)
    {
        SeqNumber sequence = random.Next(4) switch
        {
            0 => (uint)random.NextInt64(1L << 32),
            1 => connection.Rcv.Nxt + (int)connection.Rcv.Wnd + random.Next(-2000, 3),
            2 => connection.Rcv.Nxt,
            _ => connection.Rcv.Nxt + random.Next(-3, 2000),
        };
        SeqNumber acknowledgment = random.Next(4) switch
        {
            0 => (uint)random.NextInt64(1L << 32),
            1 => connection.Snd.Max + random.Next(-2, 3),
            2 => connection.Snd.Una + random.Next(-2, 3),
            _ => connection.Snd.Una - random.Next(0, 70_000),
        };
        TcpFlags flags = random.Next(3) switch
        {
            0 => (TcpFlags)random.Next(0x200),
            1 => TcpFlags.ACK | (TcpFlags)(random.Next(0x40) & ~0x6), // neither SYN nor RST
            _ => TcpFlags.ACK,
        };
        TcpTimestamps? timestamps = random.Next(4) == 0 ? null : new TcpTimestamps((uint)random.Next(0, 5), (uint)random.Next());
        var sack = new SackBlocks();
        while (random.Next(3) == 0 && sack.TryAdd(new(connection.Snd.Una + random.Next(-5, 5000), connection.Snd.Una + random.Next(-5, 5000))))
        {
        }

        return new TcpSegment
        {
            SourcePort = s_remote.Port,
            DestinationPort = s_local.Port,
            SequenceNumber = sequence,
            AcknowledgmentNumber = acknowledgment,
            Flags = flags,
            ReservedBits = (byte)random.Next(8),
            Window = (ushort)(random.Next(3) == 0 ? random.Next(0, 3) : random.Next(0, 65536)),
            UrgentPointer = (ushort)random.Next(0, 65536),
            Payload = s_data.AsMemory(0, random.Next(2) == 0 ? 0 : random.Next(0, 1500)),
            Options = new TcpOptions
            {
                MaximumSegmentSize = random.Next(2) == 0 ? null : (ushort)random.Next(0, 65536),
                WindowScale = random.Next(2) == 0 ? null : (byte)random.Next(0, 256),
                SackPermitted = random.Next(2) == 0,
                Timestamps = timestamps,
                Sack = sack,
            },
        };
    }

    private static void Act(TcpConnection connection, Random random, Timestamp now)
    {
        if (connection.State is TcpState.Established or TcpState.CloseWait or TcpState.SynReceived or TcpState.SynSent && random.Next(2) == 0)
        {
            try
            {
                connection.Send(s_data.AsSpan(0, random.Next(0, 3000)), now, urgent: random.Next(8) == 0);
            }
            catch (TcpCallException exception)
            {
                Assert.Equal(TcpCallError.ConnectionClosing, exception.Error); // a CLOSE that waits for the handshake
            }
        }

        if (connection.State > TcpState.Listen && random.Next(2) == 0)
        {
            connection.Receive(new byte[random.Next(0, 3000)], now);
        }
    }

    private static int Poll(TcpConnection connection, Timestamp now)
    {
        int count = 0;
        while (connection.TryPollTransmit(now, out OutgoingSegment outgoing))
        {
            count++;
            Assert.True(count < 1000, "Polling never ends.");
            Assert.True(outgoing.Segment.Payload.Length <= 1460, "A segment is larger than the path allows.");
        }

        while (connection.TryPollEvent(out _))
        {
        }

        Assert.True(connection.Available + connection.OutOfOrder <= connection.Settings.ReceiveBufferSize, "More is held than the buffer allows.");
        Assert.True(connection.SendQueue <= connection.Settings.SendBufferSize, "More is held than the buffer allows.");
        Assert.True(connection.Unacknowledged.Count <= connection.Settings.SendBufferSize + 2, "The retransmission queue grows.");
        return count;
    }

    /// <summary>Leads a connection into a state, without the harness and its checks: a million times.</summary>
    private sealed class Path(TcpConnection connection, uint iss, uint irs, Timestamp now)
    {
        public void To(TcpState state)
        {
            switch (state)
            {
                case TcpState.Closed:
                    return;
                case TcpState.Listen:
                    connection.PrepareIss(iss);
                    connection.OpenPassive(now);
                    break;
                case TcpState.SynSent:
                    connection.OpenActive(s_remote, iss, now);
                    break;
                case TcpState.SynReceived:
                    To(TcpState.Listen);
                    Arrive(TcpFlags.SYN, 0, null);
                    break;
                case TcpState.Established:
                    To(TcpState.SynSent);
                    Arrive(TcpFlags.SYN | TcpFlags.ACK, 0, 1);
                    break;
                case TcpState.FinWait1:
                    To(TcpState.Established);
                    connection.Close(now);
                    break;
                case TcpState.FinWait2:
                    To(TcpState.FinWait1);
                    Arrive(TcpFlags.ACK, 1, 2);
                    break;
                case TcpState.CloseWait:
                    To(TcpState.Established);
                    Arrive(TcpFlags.FIN | TcpFlags.ACK, 1, 1);
                    break;
                case TcpState.Closing:
                    To(TcpState.FinWait1);
                    Arrive(TcpFlags.FIN | TcpFlags.ACK, 1, 1);
                    break;
                case TcpState.LastAck:
                    To(TcpState.CloseWait);
                    connection.Close(now);
                    break;
                case TcpState.TimeWait:
                    To(TcpState.FinWait2);
                    Arrive(TcpFlags.FIN | TcpFlags.ACK, 1, 2);
                    break;
            }

            Poll(connection, now);
        }

        private void Arrive(TcpFlags flags, int sequence, int? acknowledgment) => connection.SegmentArrives(
            new TcpSegment
            {
                SourcePort = s_remote.Port,
                DestinationPort = s_local.Port,
                SequenceNumber = new SeqNumber(irs) + sequence,
                AcknowledgmentNumber = acknowledgment is { } number ? new SeqNumber(iss) + number : 0,
                Flags = flags,
                Window = 5000,
                Options = flags.Has(TcpFlags.SYN)
                    ? new() { MaximumSegmentSize = 1460, WindowScale = 3, SackPermitted = true, Timestamps = new(1, 0) }
                    : new() { Timestamps = new(1, 0) },
            },
            s_remote,
            now);
    }
}
