using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Files;

public sealed class CaptureWriterTests
{
    private static readonly Timestamp s_time = new(1_700_000_000_123_456_789);
    private static readonly byte[] s_data = [1, 2, 3, 4, 5];

    [Theory]
    [InlineData(true, 1_700_000_000_123_456_789)]
    [InlineData(false, 1_700_000_000_123_456_000)]
    public void Pcap_WrittenAndRead_IsTheSameToItsResolution(bool nanoseconds, long expected)
    {
        var stream = new MemoryStream();
        using (var writer = new PcapWriter(stream, LinkType.Raw, nanoseconds, leaveOpen: true))
        {
            writer.Write(s_time, s_data, 1500);
            writer.Write(s_time, []);
            Assert.Equal(2, writer.FramesWritten);
        }

        stream.Position = 0;
        using CaptureReader reader = CaptureReader.Open(stream);
        List<CapturedFrame> frames = reader.ReadAll();

        Assert.Null(reader.Problem);
        Assert.Equal([(expected, 1500u, 5, 101), (expected, 0u, 0, 101)], frames.Select(frame => (frame.Timestamp.Nanoseconds, frame.OriginalLength, frame.CapturedLength, (int)frame.LinkType)));
        Assert.Equal(s_data, frames[0].Data.ToArray());
    }

    [Fact]
    public void PcapNg_WrittenAndRead_IsTheSame()
    {
        var stream = new MemoryStream();
        using (var writer = new PcapNgWriter(stream, leaveOpen: true))
        {
            int client = writer.AddInterface("client", LinkType.Ethernet);
            int server = writer.AddInterface("Vermittlung №2", LinkType.Raw, 96);
            writer.Write(client, s_time, s_data);
            writer.Write(server, s_time, s_data[..3], 60, "lost on the way\nclient: SynSent -> Established");
            writer.Write(client, Timestamp.Zero, []);
            writer.Write(server, Timestamp.MaxValue, s_data);
        }

        stream.Position = 0;
        using CaptureReader reader = CaptureReader.Open(stream);
        List<CapturedFrame> frames = reader.ReadAll();

        Assert.Null(reader.Problem);
        Assert.Equal([("client", 1, 0u), ("Vermittlung №2", 101, 96u)], reader.Interfaces.Select(one => (one.Name, (int)one.LinkType, one.SnapLength)));
        Assert.Equal([0, 1, 0, 1], frames.Select(frame => frame.InterfaceId));
        Assert.Equal([s_time, s_time, Timestamp.Zero, Timestamp.MaxValue], frames.Select(frame => frame.Timestamp));
        Assert.Equal([5u, 60, 0, 5], frames.Select(frame => frame.OriginalLength));
        Assert.Equal([null, "lost on the way\nclient: SynSent -> Established", null, null], frames.Select(frame => frame.Comment));
        Assert.Equal(s_data[..3], frames[1].Data.ToArray());
    }

    [Fact]
    public void PcapNg_Bytes_AreExactlyTheSpecification()
    {
        var stream = new MemoryStream();
        using (var writer = new PcapNgWriter(stream))
        {
            writer.Write(writer.AddInterface("a", LinkType.Raw), new Timestamp(0x1_0000_0002), s_data, null, "hi");
        }

        byte[] expected = new CaptureBytes()
            .Block(0x0a0d0d0a, new CaptureBytes().U32(0x1a2b3c4d).U16(1).U16(0).U64(ulong.MaxValue).Options((4, CaptureBytes.Text("TcpShell"))))
            .Interface(101, 0, (2, CaptureBytes.Text("a")), (9, [9]))
            .EnhancedPacket(0, 0x1_0000_0002, s_data, null, (1, CaptureBytes.Text("hi"))).ToArray();
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(stream.ToArray()));
    }

    [Fact]
    public void Comment_TooLong_IsCutBetweenCharacters()
    {
        var stream = new MemoryStream();
        using (var writer = new PcapNgWriter(stream, leaveOpen: true))
        {
            writer.Write(writer.AddInterface("", LinkType.Ethernet), s_time, s_data, null, new string('ü', 50_000));
        }

        stream.Position = 0;
        using CaptureReader reader = CaptureReader.Open(stream);

        Assert.Equal(new string('ü', 32_766), reader.ReadOne().Comment);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stream_AfterEveryWriteToIt_HoldsWholeFramesOnly(bool pcapNg)
    {
        var stream = new RecordingStream();
        using CaptureWriter writer = pcapNg ? new PcapNgWriter(stream) : new PcapWriter(stream, LinkType.Ethernet);
        int client = (writer as PcapNgWriter)?.AddInterface("client", LinkType.Ethernet) ?? 0;
        byte[] data = new byte[1400];
        for (int i = 0; i < 200; i++)
        {
            if (writer is PcapNgWriter ng)
            {
                ng.Write(client, new(i), data, null, "a comment");
            }
            else
            {
                ((PcapWriter)writer).Write(new(i), data);
            }
        }

        // As if the process were killed here: nothing is flushed, nothing disposed of.
        Assert.NotEmpty(stream.LengthsAfterWrites);
        foreach (int length in stream.LengthsAfterWrites)
        {
            using CaptureReader reader = CaptureReader.Open(new MemoryStream(stream.ToArray(), 0, length));
            Assert.NotEmpty(reader.ReadAll());
            Assert.Null(reader.Problem);
        }
    }

    [Fact]
    public void AutoFlush_EachFrame_IsInTheStreamAtOnce()
    {
        var stream = new MemoryStream();
        using var writer = new PcapWriter(stream, LinkType.Ethernet) { AutoFlush = true };

        writer.Write(s_time, s_data);

        Assert.Equal(24 + 16 + 5, stream.Length);
    }

    [Fact]
    public void Files_CreatedByPath_CanBeReadByPath()
    {
        string path = Path.Combine(Path.GetTempPath(), $"tcpshell-{Guid.NewGuid():N}.pcapng");
        try
        {
            using (var writer = new PcapNgWriter(path))
            {
                writer.Write(writer.AddInterface("lo", LinkType.Ethernet), s_time, s_data);
                writer.Flush();
                using CaptureReader early = CaptureReader.Open(path);
                Assert.Equal(s_time, early.ReadOne().Timestamp);
            }

            using CaptureReader reader = CaptureReader.Open(path);
            Assert.Equal(s_time, reader.ReadOne().Timestamp);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Write_WhatTheFormatCannotHold_IsRefusedAndLeavesNoTrace()
    {
        var stream = new MemoryStream();
        using (var pcapNg = new PcapNgWriter(stream, leaveOpen: true))
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => pcapNg.Write(0, s_time, s_data));
            int client = pcapNg.AddInterface("client", LinkType.Ethernet);
            Assert.Throws<ArgumentOutOfRangeException>(() => pcapNg.Write(client, new(-1), s_data));
            Assert.Throws<ArgumentException>(() => pcapNg.Write(client, s_time, new byte[CaptureReader.MaximumFrameLength + 1]));
            Assert.Throws<ArgumentException>(() => pcapNg.Write(client, s_time, s_data, 4));
        }

        using var pcap = new PcapWriter(new MemoryStream(), LinkType.Ethernet);
        Assert.Throws<ArgumentOutOfRangeException>(() => pcap.Write(Timestamp.MaxValue, s_data));
        Assert.Throws<ArgumentOutOfRangeException>(() => pcap.Write(new(-1), s_data));
        stream.Position = 0;
        using CaptureReader reader = CaptureReader.Open(stream);
        Assert.Empty(reader.ReadAll());
        Assert.Null(reader.Problem);
    }

    /// <summary>Remembers how long the file was after each write.</summary>
    private sealed class RecordingStream : MemoryStream
    {
        public List<int> LengthsAfterWrites { get; } = [];

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer);
            LengthsAfterWrites.Add((int)Length);
        }
    }
}
