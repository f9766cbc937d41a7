using TcpShell.Hosting;
using TcpShell.Hunt.Invariants;
using TcpShell.Hunt.Running;
using TcpShell.Hunt.Scenarios;
using TcpShell.Simulation;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Hunt.Tests;

/// <summary>The checkers see what is wrong: each of these packets is a right one with one thing changed.</summary>
public sealed class CheckerTests
{
    private readonly SimulatedNetwork _network = new();
    private readonly HostedConnection _connection;
    private readonly End _end;
    private readonly End _peer;
    private TracedPacket? _sent;

    public CheckerTests()
    {
        TcpHost client = _network.AddHost("client");
        TcpHost server = _network.AddHost("server");
        _network.Listen(server, new Endpoint(default, 80), Applications.Discard);
        _connection = _network.Connect(client, new Endpoint(server.Addresses[0], 80));
        _network.RunFor(TimeSpan.FromSeconds(1));
        var plan = new ConnectionPlan(1, "client", "server", new EndPlan(), new EndPlan());
        _end = new End(_connection, plan, isClient: true, _network.Now);
        _peer = new End(server.Connections[0], plan, isClient: false, _network.Now);
        _peer.Seen.HighestSent = _connection.RcvNxt;
        _peer.Seen.HighestEdge = _connection.SndUna + (int)_connection.SndWnd;
        _network.PacketSent += packet => _sent ??= packet;
        byte[] data = new byte[100];
        Content.Fill(_end.SendStream, 0, data);
        _end.Sent = data.Length;
        _network.Send(_connection, data);
    }

    [Fact]
    public void RightPacket_Passes() => Check(segment => segment);

    [Theory]
    [InlineData("SentOctets")]
    [InlineData("SendsOnlyWhatWasGiven")]
    [InlineData("AckTruthful")]
    [InlineData("PeersWindow")]
    [InlineData("TimestampsAgreed")]
    [InlineData("SackTruthful")]
    [InlineData("Form")]
    [InlineData("ResetWithoutReason")]
    public void OneThingChanged_Seen(string invariant) => Assert.Equal(invariant, Assert.Throws<InvariantException>(() => Check(invariant switch
    {
        "SentOctets" => segment => segment with { SequenceNumber = segment.SequenceNumber + 1, Payload = segment.Payload[..^1] },
        "SendsOnlyWhatWasGiven" => segment => segment with { SequenceNumber = segment.SequenceNumber + 1 },
        "AckTruthful" => segment => segment with { AcknowledgmentNumber = segment.AcknowledgmentNumber + 1 },
        "PeersWindow" => segment => Beyond(segment),
        "TimestampsAgreed" => segment => segment with { Options = default },
        "SackTruthful" => segment => segment with { Options = segment.Options with { Wire = default, Sack = Block(segment.AcknowledgmentNumber + 10) } },
        "Form" => segment => segment with { Flags = TcpFlags.PSH },
        _ => segment => segment with { Flags = TcpFlags.RST | TcpFlags.ACK },
    })).Invariant);

    [Fact]
    public void LowerAckAfterHigher_Seen()
    {
        Check(segment => segment);
        Assert.Equal("AckMonotonic", Assert.Throws<InvariantException>(() => Check(segment => segment with { AcknowledgmentNumber = segment.AcknowledgmentNumber - 1 })).Invariant);
    }

    [Fact]
    public void WindowTakenBack_Seen()
    {
        Check(segment => segment);
        Assert.Equal("WindowShrinks", Assert.Throws<InvariantException>(() => Check(segment => segment with { Window = (ushort)(segment.Window - 1) })).Invariant);
    }

    [Fact]
    public void WrongChecksum_Seen()
    {
        byte[] bytes = _sent!.Bytes.ToArray();
        bytes[^1] ^= 1;
        Assert.Equal("WellFormed", Assert.Throws<InvariantException>(() => Check(bytes)).Invariant);
    }

    [Fact]
    public void OctetsLostForTheUser_Seen()
    {
        _network.RunFor(TimeSpan.FromSeconds(1));
        _end.Received = 1; // of nothing
        Assert.Equal("NothingLost", Assert.Throws<InvariantException>(() => ConnectionChecker.Check(_end, _network.Now, 0)).Invariant);
    }

    [Fact]
    public void AckOwedForTooLong_Seen()
    {
        while (_peer.Tcp.Rcv.LastAckSent == _peer.Tcp.Rcv.Nxt)
        {
            // Until the quick ACKs are used up and one waits for company.
            _network.RunFor(TimeSpan.FromMilliseconds(15));
            if (_peer.Tcp.Rcv.LastAckSent == _peer.Tcp.Rcv.Nxt)
            {
                _network.RunFor(TimeSpan.FromMilliseconds(100));
                _network.Send(_connection, new byte[100]);
            }
        }

        _peer.Received = (int)_peer.Connection.Received;
        ConnectionChecker.Check(_peer, _network.Now, 0);
        Assert.Equal("AckDelay", Assert.Throws<InvariantException>(() => ConnectionChecker.Check(_peer, _network.Now + TimeSpan.FromSeconds(1), 0)).Invariant);
    }

    private TcpSegment Beyond(in TcpSegment segment)
    {
        _peer.Seen.HighestEdge = segment.SequenceNumber + segment.Payload.Length - 1;
        return segment;
    }

    private static SackBlocks Block(SeqNumber left)
    {
        var blocks = new SackBlocks();
        blocks.TryAdd(new(left, left + 10));
        return blocks;
    }

    private void Check(Func<TcpSegment, TcpSegment> change)
    {
        DecodedPacket decoded = _sent!.Decode();
        TcpSegment segment = change(decoded.Segment);
        var header = new PacketHeader(decoded.Source, decoded.Destination);
        byte[] bytes = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, bytes);
        Check(bytes);
    }

    private void Check(byte[] bytes)
    {
        var packet = new TracedPacket { Number = 1, Sent = _network.Now, From = "client", To = "server", Bytes = bytes, Reason = _sent!.Reason };
        PacketChecker.Check(packet, packet.Decode(), _end, _peer);
    }
}
