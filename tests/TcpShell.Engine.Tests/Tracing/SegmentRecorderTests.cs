using TcpShell.Tracing;
using TcpShell.Wire;
using static TcpShell.Wire.TcpFlags;

namespace TcpShell.Engine.Tests.Tracing;

[Trait("Proves", "P06")]
public class SegmentRecorderTests
{
    private static readonly TcpOptions s_synOptions = new()
    {
        MaximumSegmentSize = 1460,
        SackPermitted = true,
        WindowScale = 7,
        Timestamps = new TcpTimestamps(1000, 0),
    };

    [Fact]
    public void Handshake_Numbers_AreRelativeToTheInitialOnes()
    {
        var observer = new Observer();
        observer.FromClient(SYN, 1000);
        observer.FromServer(SYN | ACK, 5000, 1001);
        observer.FromClient(ACK, 1001, 5001);
        observer.FromClient(PSH | ACK, 1001, 5001, length: 5);
        observer.FromServer(ACK, 5001, 1006);

        Assert.Equal([0u, 0, 1, 1, 1], observer.Records.Select(record => record.RelativeSequenceNumber));
        Assert.Equal([0u, 1, 1, 1, 6], observer.Records.Select(record => record.RelativeAcknowledgmentNumber));
        Assert.Equal([1000u, 5000, 1001, 1001, 5001], observer.Records.Select(record => record.SequenceNumber));
        Assert.Equal([1, 2, 3, 4, 5], observer.Records.Select(record => record.Number));
    }

    [Fact]
    public void Numbers_AcrossTheEndOfTheCircle_GoOn()
    {
        var observer = new Observer();
        observer.FromClient(SYN, uint.MaxValue - 1);
        observer.FromServer(SYN | ACK, uint.MaxValue, uint.MaxValue);
        SegmentRecord data = observer.FromClient(ACK, 2, 0);

        Assert.Equal(4u, data.RelativeSequenceNumber);
        Assert.Equal(1u, data.RelativeAcknowledgmentNumber);
    }

    [Fact]
    public void Capture_WithoutSyn_CountsTheFirstNumbersAsOne()
    {
        var observer = new Observer();
        SegmentRecord first = observer.FromClient(PSH | ACK, 7000, 9000, length: 10);
        SegmentRecord answer = observer.FromServer(ACK, 9000, 7010);

        Assert.Equal((1u, 1u), (first.RelativeSequenceNumber, first.RelativeAcknowledgmentNumber));
        Assert.Equal((1u, 11u), (answer.RelativeSequenceNumber, answer.RelativeAcknowledgmentNumber));
    }

    [Fact]
    public void Windows_WithWindowScaleInBothSyns_AreScaledButForTheSyns()
    {
        var observer = new Observer();
        SegmentRecord syn = observer.FromClient(SYN, 1000, options: new TcpOptions { WindowScale = 7 });
        SegmentRecord synAck = observer.FromServer(SYN | ACK, 5000, 1001, options: new TcpOptions { WindowScale = 2 });
        SegmentRecord client = observer.FromClient(ACK, 1001, 5001, window: 502);
        SegmentRecord server = observer.FromServer(ACK, 5001, 1001, window: 502);

        Assert.Equal([64240u, 64240u, 502u * 128, 502u * 4], new[] { syn, synAck, client, server }.Select(record => record.ScaledWindow));
        Assert.Equal(502, client.Window);
    }

    [Fact]
    public void Windows_WithWindowScaleInOneSynOnly_AreNotScaled()
    {
        var observer = new Observer();
        observer.FromClient(SYN, 1000, options: new TcpOptions { WindowScale = 7 });
        observer.FromServer(SYN | ACK, 5000, 1001);

        Assert.Equal(502u, observer.FromClient(ACK, 1001, 5001, window: 502).ScaledWindow);
        Assert.Equal(502u, observer.FromServer(ACK, 5001, 1001, window: 502).ScaledWindow);
    }

    [Fact]
    public void Windows_WithoutSyns_AreShownAsTheyAre() =>
        Assert.Equal(502u, new Observer().FromClient(ACK, 1001, 5001, window: 502).ScaledWindow);

    [Fact]
    public void WindowScale_AboveFourteen_CountsAsFourteen()
    {
        var observer = new Observer();
        observer.FromClient(SYN, 1000, options: new TcpOptions { WindowScale = 200 });
        observer.FromServer(SYN | ACK, 5000, 1001, options: new TcpOptions { WindowScale = 0 });

        Assert.Equal(65535u << 14, observer.FromClient(ACK, 1001, 5001, window: 65535).ScaledWindow);
    }

    [Fact]
    public void Streams_AreNumberedInTheOrderOfTheirFirstSegments()
    {
        var observer = new Observer();
        Endpoint other = Endpoint.Parse("10.0.0.1:50000");
        observer.FromClient(SYN, 1000);
        SegmentRecord second = observer.See(other, observer.Server, Observer.Make(SYN, 1000, 0, 0, 100, default));
        SegmentRecord answer = observer.FromServer(SYN | ACK, 5000, 1001);

        Assert.Equal((1, 0), (second.Stream, answer.Stream));
    }

    [Fact]
    public void Stream_SynSentAgain_StaysTheSame()
    {
        var observer = new Observer();
        observer.FromClient(SYN, 1000);
        SegmentRecord again = observer.FromClient(SYN, 1000);

        Assert.Equal((0, 0u), (again.Stream, again.RelativeSequenceNumber));
    }

    [Fact]
    public void Stream_SynWithAnotherNumber_BeginsANewOneFromEitherSide()
    {
        var observer = new Observer();
        observer.FromClient(SYN, 1000);
        observer.FromServer(SYN | ACK, 5000, 1001);
        observer.FromClient(SYN, 2000);
        SegmentRecord answer = observer.FromServer(SYN | ACK, 8000, 2001);
        SegmentRecord back = observer.FromServer(SYN, 9000);
        SegmentRecord last = observer.FromClient(SYN | ACK, 3000, 9001);

        Assert.Equal((1, 0u, 1u), (answer.Stream, answer.RelativeSequenceNumber, answer.RelativeAcknowledgmentNumber));
        Assert.Equal((2, 0u), (back.Stream, back.RelativeSequenceNumber));
        Assert.Equal((2, 0u, 1u), (last.Stream, last.RelativeSequenceNumber, last.RelativeAcknowledgmentNumber));
    }

    [Fact]
    public void SynAckWithAnotherNumber_AnswersTheSameSyn_CountsFromItsOwn()
    {
        var observer = new Observer();
        observer.FromClient(SYN, 1000);
        observer.FromServer(SYN | ACK, 5000, 1001);
        SegmentRecord again = observer.FromServer(SYN | ACK, 6000, 1001);

        Assert.Equal((0, 0u, 1u), (again.Stream, again.RelativeSequenceNumber, again.RelativeAcknowledgmentNumber));
    }

    [Fact]
    public void Info_IsWiresharksLine()
    {
        var observer = new Observer();
        SegmentRecord syn = observer.FromClient(SYN, 1000, options: s_synOptions);
        SegmentRecord synAck = observer.FromServer(SYN | ACK, 5000, 1001);

        Assert.Equal("49152 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460 SACK_PERM TSval=1000 TSecr=0 WS=128", syn.Info);
        Assert.Equal("80 → 49152 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0", synAck.Info);
        Assert.Equal("80 → 49152 [SYN, ACK] Seq=5000 Ack=1001 Win=64240 Len=0", synAck.ToInfo(absolute: true));
        Assert.Equal(["MSS=1460", "SACK_PERM", "TSval=1000 TSecr=0", "WS=128"], syn.Options);
        Assert.Equal("2 0.001000 10.0.0.2 → 10.0.0.1 80 → 49152 [SYN, ACK] Seq=0 Ack=1 Win=64240 Len=0", synAck.ToString());
    }

    [Fact]
    public void Tcpdump_IsTcpdumpsLine()
    {
        var observer = new Observer();
        SegmentRecord syn = observer.FromClient(SYN, 1000, options: s_synOptions);
        SegmentRecord data = observer.FromClient(PSH | ACK, 1001, 5001, length: 5);

        const string Options = "options [mss 1460,sackOK,TS val 1000 ecr 0,nop,wscale 7]";
        Assert.Equal($"IP 10.0.0.1.49152 > 10.0.0.2.80: Flags [S], seq 0, win 64240, {Options}, length 0", syn.ToTcpdump());
        Assert.Equal("IP 10.0.0.1.49152 > 10.0.0.2.80: Flags [P.], seq 1:6, ack 1, win 64240, length 5", data.ToTcpdump());
        Assert.Equal("IP 10.0.0.1.49152 > 10.0.0.2.80: Flags [P.], seq 1001:1006, ack 5001, win 64240, length 5", data.ToTcpdump(absolute: true));
    }

    [Fact]
    public void SackBlocks_CountAsAcknowledgmentNumbersDo()
    {
        var blocks = default(SackBlocks);
        blocks.TryAdd(new SackBlock(1101, 1201));
        var observer = new Observer();
        observer.FromClient(SYN, 1000);
        SegmentRecord ack = observer.FromServer(ACK, 5001, 1001, options: new TcpOptions { Sack = blocks });

        Assert.Equal(["SLE=101 SRE=201"], ack.Options);
        Assert.Contains("sack 1 {101:201}", ack.ToTcpdump(), StringComparison.Ordinal);
        Assert.Contains("SLE=1101 SRE=1201", ack.ToInfo(absolute: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Capture_FramesMemoryUsedAgain_RecordKeepsItsOctets()
    {
        var observer = new Observer();
        SegmentRecord record = observer.FromClient(PSH | ACK, 1001, 5001, length: 3);
        Array.Fill(observer.Packets[0], (byte)0xff);

        Assert.Equal([0, 0, 0], record.Payload.ToArray());
        Assert.True(record.ChecksumValid);
    }

    [Fact]
    public void Frame_OfEthernet_RecordHasTheOctetsFromIpOnWithoutPadding()
    {
        var observer = new Observer();
        observer.FromClient(ACK, 1001, 5001);
        byte[] packet = observer.Packets[0];
        byte[] frame = [.. new byte[12], 0x08, 0x00, .. packet, .. new byte[6]];
        SegmentRecord record = new SegmentRecorder().Record(PacketDecoder.Decode(frame, LinkType.Ethernet), Timestamp.Zero, "odd", number: 7)!;

        Assert.Equal(packet, record.Bytes.ToArray());
        Assert.Equal((7, "odd", PacketFate.Unknown), (record.Number, record.Note, record.Fate));
    }

    [Fact]
    [Trait("Proves", "P60")]
    public void Dissect_FieldsFillTheHeader()
    {
        SegmentRecord syn = new Observer().FromClient(SYN, 1000, options: s_synOptions);
        IReadOnlyList<HeaderField> fields = syn.Dissect();

        Assert.Equal((20 + 20) * 8, fields.Where(field => field.Level == 0).Sum(field => field.BitWidth));
        Assert.Equal(1000ul, fields.Single(field => field.Name == "Sequence Number").Value);
    }

    [Fact]
    public void Checksum_Wrong_IsToldAndTheSegmentShown()
    {
        var observer = new Observer();
        TcpSegment segment = Observer.Make(SYN, 1000, 0, 0, 100, default);
        SegmentRecord record = observer.See(observer.Client, observer.Server, segment, new HeaderOverrides { Checksum = 1 });

        Assert.False(record.ChecksumValid);
        Assert.Equal(SYN, record.Flags);
    }

    [Fact]
    public void DataOffset_ThatCannotBe_IsShownWithItsProblem()
    {
        var observer = new Observer();
        TcpSegment segment = Observer.Make(SYN, 1000, 0, 0, 100, default);
        SegmentRecord record = observer.See(observer.Client, observer.Server, segment, new HeaderOverrides { DataOffset = 4 });

        Assert.Equal("TCP header length 16 is below 20.", record.Problem);
        Assert.Equal((SYN, 1000u), (record.Flags, record.SequenceNumber));
    }

    [Fact]
    public void Octets_ThatAreNoTcp_MakeNoRecordButCount()
    {
        var recorder = new SegmentRecorder();
        Assert.Null(recorder.Record(PacketDecoder.Decode(new byte[] { 0x45, 0, 0 }, LinkType.Raw), Timestamp.Zero));
        var observer = new Observer();
        observer.FromClient(SYN, 1000);

        Assert.Equal(2, recorder.Record(PacketDecoder.Decode(observer.Packets[0], LinkType.Raw), Timestamp.Zero)!.Number);
    }

    [Fact]
    public void Recorder_WithALimit_ForgetsWhatWasSilentForLongest()
    {
        var recorder = new SegmentRecorder(conversations: 100);
        SegmentRecord Record(int client, uint sequenceNumber)
        {
            var header = new PacketHeader(IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2"));
            var segment = new TcpSegment { SourcePort = (ushort)client, DestinationPort = 80, SequenceNumber = sequenceNumber, Flags = ACK };
            var packet = new byte[PacketWriter.SizeOf(header, segment)];
            PacketWriter.Write(header, segment, packet);
            return recorder.Record(PacketDecoder.Decode(packet, LinkType.Raw), Timestamp.Zero)!;
        }

        Record(10_000, 500);
        for (int client = 1; client <= 5000; client++)
        {
            Assert.Equal(client, Record(client, 1000).Stream);
            Assert.Equal(0, Record(10_000, 500 + (uint)client).Stream); // never silent, so never forgotten
        }

        Assert.Equal(4950, Record(4950, 1001).Stream); // one of the last hundred
        SegmentRecord forgotten = Record(1, 1001);
        Assert.Equal((5001, 1u), (forgotten.Stream, forgotten.RelativeSequenceNumber));
    }
}
