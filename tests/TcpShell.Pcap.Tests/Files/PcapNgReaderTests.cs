using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Tests.Files;

public sealed class PcapNgReaderTests
{
    private static readonly byte[] s_data = [1, 2, 3, 4, 5];

    public static TheoryData<bool, byte[]?, ulong, long> Resolutions()
    {
        var rows = new TheoryData<bool, byte[]?, ulong, long>();
        foreach (bool bigEndian in (bool[])[false, true])
        {
            rows.Add(bigEndian, null, 1_700_000_000_123_456, 1_700_000_000_123_456_000); // microseconds unless said otherwise
            rows.Add(bigEndian, [0], 1_700_000_000, 1_700_000_000_000_000_000);
            rows.Add(bigEndian, [3], 1_700_000_000_123, 1_700_000_000_123_000_000);
            rows.Add(bigEndian, [9], 1_700_000_000_123_456_789, 1_700_000_000_123_456_789);
            rows.Add(bigEndian, [12], 1_700_000_123_456_789_987, 1_700_000_123_456_789);
            rows.Add(bigEndian, [0x80 | 10], 1_700_000_000UL * 1024 + 512, 1_700_000_000_500_000_000);
            rows.Add(bigEndian, [0x80 | 32], (1_700_000_000UL << 32) | 0x4000_0000, 1_700_000_000_250_000_000);
            rows.Add(bigEndian, [6], ulong.MaxValue, long.MaxValue); // beyond what can be named
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Resolutions))]
    public void EnhancedPacket_EachResolutionAndByteOrder_HasItsTime(bool bigEndian, byte[]? resolution, ulong time, long nanoseconds)
    {
        (ushort, byte[])[] options = resolution is null ? [] : [(9, resolution)];
        using CaptureReader reader = new CaptureBytes(bigEndian).Section().Interface(1, 0, options).EnhancedPacket(0, time, s_data, 60).Open();

        CapturedFrame frame = reader.ReadOne();

        Assert.Equal(CaptureFormat.PcapNg, reader.Format);
        Assert.Equal(nanoseconds, frame.Timestamp.Nanoseconds);
        Assert.Equal(s_data, frame.Data.ToArray());
        Assert.Equal(60u, frame.OriginalLength);
    }

    [Theory]
    [InlineData(3600, 3_601_000_000_000)]
    [InlineData(-3600, -3_599_000_000_000)]
    public void TimestampOffset_InSeconds_IsAdded(long offset, long nanoseconds)
    {
        byte[] value = new CaptureBytes().U64((ulong)offset).ToArray();
        using CaptureReader reader = new CaptureBytes().Section().Interface(1, 0, (14, value)).EnhancedPacket(0, 1_000_000, s_data).Open();

        Assert.Equal(nanoseconds, reader.ReadOne().Timestamp.Nanoseconds);
        Assert.Equal(offset, reader.Interfaces[0].TimestampOffset);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(0x80 | 64)]
    public void TimestampResolution_TooFine_IsUnsupported(byte resolution)
    {
        using CaptureReader reader = new CaptureBytes().Section().Interface(1, 0, (9, [resolution])).EnhancedPacket(0, 1, s_data).Open();

        Assert.False(reader.TryRead(out _));
        Assert.Equal((CaptureProblemKind.Unsupported, 28), (reader.Problem!.Kind, reader.Problem.Offset));
    }

    [Fact]
    public void Interfaces_WithNamesAndLinkTypes_AreListedAndFramesNameThem()
    {
        using CaptureReader reader = new CaptureBytes().Section()
            .Interface(1, 96, (2, CaptureBytes.Text("eth0")), (3, CaptureBytes.Text("to the left")))
            .Interface(101, 0, (2, CaptureBytes.Text("tun0\0")))
            .EnhancedPacket(1, 0, s_data).EnhancedPacket(0, 0, s_data).Open();

        List<CapturedFrame> frames = reader.ReadAll();

        Assert.Null(reader.Problem);
        Assert.Equal([(1, 101), (0, 1)], frames.Select(frame => (frame.InterfaceId, (int)frame.LinkType)));
        Assert.Equal(["eth0", "tun0"], reader.Interfaces.Select(one => one.Name));
        Assert.Equal(("to the left", 96u), (reader.Interfaces[0].Description, reader.Interfaces[0].SnapLength));
    }

    [Fact]
    public void Sections_OfEitherByteOrder_HaveInterfacesOfTheirOwn()
    {
        var bytes = new CaptureBytes().Section().Interface(1).EnhancedPacket(0, 1, s_data)
            .Append(new CaptureBytes(bigEndian: true).Section().Interface(113).Interface(228).EnhancedPacket(1, 2, s_data))
            .Append(new CaptureBytes().Section().EnhancedPacket(0, 3, s_data));
        using CaptureReader reader = bytes.Open();

        List<CapturedFrame> frames = reader.ReadAll();

        Assert.Equal([(0, 1), (2, 228)], frames.Select(frame => (frame.InterfaceId, (int)frame.LinkType)));
        // The third section describes none, so that its frame cannot be understood.
        Assert.Equal(CaptureProblemKind.Malformed, reader.Problem!.Kind);
        Assert.Contains("names interface 0, but its section has described 0", reader.Problem.Message);
    }

    [Fact]
    public void Comments_OnAPacket_AreOneLineEach()
    {
        using CaptureReader reader = new CaptureBytes().Section().Interface()
            .EnhancedPacket(0, 1, s_data, null, (2, [0, 0, 0, 1]), (1, CaptureBytes.Text("lost here")), (1, CaptureBytes.Text("für Änne")))
            .EnhancedPacket(0, 2, s_data).Open();

        List<CapturedFrame> frames = reader.ReadAll();

        Assert.Null(reader.Problem);
        Assert.Equal(["lost here\nfür Änne", null], frames.Select(frame => frame.Comment));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ObsoletePacketBlock_IsRead(bool bigEndian)
    {
        using CaptureReader reader = new CaptureBytes(bigEndian).Section().Interface(1).Interface(101)
            .ObsoletePacket(1, 5_000_000, s_data, (1, CaptureBytes.Text("old"))).Open();

        CapturedFrame frame = reader.ReadOne();

        Assert.Equal((1, 101, 5_000_000_000, "old"), (frame.InterfaceId, (int)frame.LinkType, frame.Timestamp.Nanoseconds, frame.Comment));
        Assert.Equal(s_data, frame.Data.ToArray());
    }

    [Theory]
    [InlineData(0u, 5u, 5)]
    [InlineData(4u, 60u, 4)] // cut at the interface's snapshot length
    [InlineData(96u, 5u, 5)]
    public void SimplePacketBlock_HasNoTimeAndTheSnapLength(uint snapLength, uint original, int captured)
    {
        using CaptureReader reader = new CaptureBytes().Section().Interface(101, snapLength).SimplePacket(original, s_data[..captured]).Open();

        CapturedFrame frame = reader.ReadOne();

        Assert.Equal((Timestamp.Zero, original), (frame.Timestamp, frame.OriginalLength));
        Assert.Equal(s_data[..captured], frame.Data.ToArray());
    }

    [Fact]
    public void UnknownBlocks_OfAnySize_AreSkipped()
    {
        using CaptureReader reader = new CaptureBytes().Section().Interface()
            .Block(4, new CaptureBytes().U32(0)) // names
            .EnhancedPacket(0, 1, s_data)
            .Block(0x80000bad, new CaptureBytes().U8(new byte[3 * CaptureInput.MaximumWindow]))
            .EnhancedPacket(0, 2, s_data).Open();

        Assert.Equal(2, reader.ReadAll().Count);
        Assert.Null(reader.Problem);
    }

    private static readonly (string Reason, Func<CaptureBytes, CaptureBytes> Damage)[] s_damages =
    [
        ("not a multiple of 4", good => good.U32(6).U32(33).U8(new byte[25])),
        ("not a multiple of 4 from 12", good => good.U32(6).U32(8).U32(8).U32(0)),
        ("at its end", good => good.U32(99).U32(16).U32(0).U32(12)),
        ("at its end", good => good.U32(6).U32(32).U8(new byte[20]).U32(36)),
        ("too short for its type", good => good.Block(6, new CaptureBytes().U32(0).U32(0).U32(0))),
        ("too short for its type", good => good.Block(1, new CaptureBytes().U32(0))),
        ("too short for its type", good => good.Block(3, new CaptureBytes())),
        ("names interface 1", good => good.EnhancedPacket(1, 0, [1])),
        ("has room for 4", good => good.Block(6, new CaptureBytes().U32(0).U64(0).U32(5).U32(5).U32(0))),
        ("is the most", good => good.Block(6, new CaptureBytes().U32(0).U64(0).U32(4_000_000_000).U32(5))),
        ("is the most for one of this type", good => good.U32(6).U32(0x7fff_fff0).U32(0)),
        ("An option", good => good.Block(6, new CaptureBytes().U32(0).U64(0).U32(0).U32(0).U16(1).U16(9).U32(0))),
        ("An option", good => good.Block(1, new CaptureBytes().U16(1).U16(0).U32(0).U16(2).U16(400).U32(0))),
        ("byte order", good => good.U32(0x0a0d0d0a).U32(28).U32(0x01020304).U8(new byte[12]).U32(28)),
        ("version 2", good => good.Section(major: 2)),
    ];

    public static TheoryData<int, string> Damages() => [.. s_damages.Select((damage, index) => (index, damage.Reason))];

    [Theory]
    [MemberData(nameof(Damages))]
    public void Block_Damaged_EndsReadingWithTheReasonAndTheOffset(int index, string reason)
    {
        CaptureBytes bytes = new CaptureBytes().Section().Interface().EnhancedPacket(0, 1, s_data);
        int offset = bytes.Length;
        using CaptureReader reader = s_damages[index].Damage(bytes).EnhancedPacket(0, 2, s_data).Open();

        Assert.Single(reader.ReadAll());
        Assert.Contains(reason, reader.Problem!.Message);
        Assert.Contains($"byte {offset}", reader.Problem.Message);
        Assert.Equal(offset, reader.Problem.Offset);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void Interfaces_WithoutEnd_AreRefusedInsteadOfKept()
    {
        byte[] one = new CaptureBytes().Interface().ToArray();
        var bytes = new CaptureBytes().Section();
        for (int i = 0; i < 65537; i++)
        {
            bytes.U8(one);
        }

        using CaptureReader reader = bytes.Open();

        Assert.Empty(reader.ReadAll());
        Assert.Equal(65536, reader.Interfaces.Count);
        Assert.Equal(CaptureProblemKind.Unsupported, reader.Problem!.Kind);
    }
}
