using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>More octets than half the circle of sequence numbers: nothing that was noted at the start may come to lie "ahead".</summary>
public sealed class LongTransferTests
{
    private const int Chunk = 1 << 20;
    private const int Chunks = 2100; // 2.05 GiB

    private static readonly byte[] s_chunk = new byte[Chunk];

    [Fact]
    [Trait("Proves", "6582-2")]
    public void Established_2GiBSent_FastRetransmitStillWorks()
    {
        (TcpConnection connection, Timestamp now) = Open();
        for (int i = 0; i < Chunks; i++)
        {
            Assert.Equal(Chunk, connection.Send(s_chunk, now));
            while (connection.SendQueue > 0)
            {
                Poll(connection, now);
                Arrive(connection, connection.Rcv.Nxt, connection.Snd.Nxt, default, now);
            }
        }

        connection.Send(s_chunk, now);
        Poll(connection, now);
        for (int i = 0; i < 3; i++)
        {
            Arrive(connection, connection.Rcv.Nxt, connection.Snd.Una, default, now);
        }

        Assert.True(connection.TryPollTransmit(now, out OutgoingSegment outgoing));
        Assert.Equal((TransmitReason.FastRetransmit, connection.Snd.Una), (outgoing.Reason, outgoing.Segment.SequenceNumber));
        Assert.Equal(TcpFlags.ACK, outgoing.Segment.Flags); // and nothing has come to be urgent
    }

    [Fact]
    [Trait("Proves", "MUST-32")]
    public void Established_2GiBReceived_UrgentDataIsStillTold()
    {
        (TcpConnection connection, Timestamp now) = Open();
        var buffer = new byte[Chunk];
        for (int i = 0; i < Chunks; i++)
        {
            for (int offset = 0; offset < Chunk; offset += 1 << 15)
            {
                Arrive(connection, connection.Rcv.Nxt, connection.Snd.Nxt, s_chunk.AsMemory(0, 1 << 15), now);
            }

            Poll(connection, now);
            Assert.Equal(Chunk, connection.Receive(buffer, now));
            Poll(connection, now);
            while (connection.TryPollEvent(out _))
            {
            }
        }

        Assert.Equal(0, connection.UrgentOctets);
        Arrive(connection, connection.Rcv.Nxt, connection.Snd.Nxt, default, now, TcpFlags.URG);
        Assert.Equal(7, connection.UrgentOctets);
        Assert.True(connection.TryPollEvent(out ConnectionEvent told));
        Assert.Equal(ConnectionEventKind.Urgent, told.Kind);
    }

    private static (TcpConnection Connection, Timestamp Now) Open()
    {
        Timestamp now = Timestamp.FromSeconds(1);
        var connection = new TcpConnection(TcpSettings.Linux with { Timestamps = false }, TcpHarness.Local, mtu: 65535);
        connection.OpenActive(TcpHarness.Remote, 100, now);
        Poll(connection, now);
        connection.SegmentArrives(
            new()
            {
                SourcePort = TcpHarness.Remote.Port,
                DestinationPort = TcpHarness.Local.Port,
                SequenceNumber = 300,
                AcknowledgmentNumber = 101,
                Flags = TcpFlags.SYN | TcpFlags.ACK,
                Window = 65535,
                Options = new() { MaximumSegmentSize = 65495, WindowScale = 14 },
            },
            TcpHarness.Remote,
            now);
        Poll(connection, now);
        Assert.Equal(TcpState.Established, connection.State);
        Arrive(connection, 301, 101, default, now);
        return (connection, now);
    }

    private static void Arrive(
        TcpConnection connection,
        SeqNumber sequence,
        SeqNumber acknowledgment,
        ReadOnlyMemory<byte> data,
        Timestamp now,
        TcpFlags more = TcpFlags.None) =>
        connection.SegmentArrives(
            new()
            {
                SourcePort = TcpHarness.Remote.Port,
                DestinationPort = TcpHarness.Local.Port,
                SequenceNumber = sequence,
                AcknowledgmentNumber = acknowledgment,
                Flags = TcpFlags.ACK | more,
                Window = 65535,
                UrgentPointer = 7,
                Payload = data,
            },
            TcpHarness.Remote,
            now);

    private static void Poll(TcpConnection connection, Timestamp now)
    {
        while (connection.TryPollTransmit(now, out _))
        {
        }
    }
}
