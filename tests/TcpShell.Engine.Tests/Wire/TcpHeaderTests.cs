using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class TcpHeaderTests
{
    // Each field has a value that no other field has; data offset 6, reserved 5, flags AE, CWR, ACK and SYN.
    private const string Header = "1122 3344 55667788 99aabbcc 6b92 ddee ff01 0203 01010100";

    [Fact]
    [Trait("Proves", "P60")]
    public void Octets_Parsed_GiveEveryField()
    {
        Assert.True(TcpHeader.TryParse(Frames.Hex(Header + "cafe"), out TcpHeader header, out DecodeProblem problem));
        Assert.Equal(DecodeProblem.None, problem);
        Assert.Equal(0x1122, header.SourcePort);
        Assert.Equal(0x3344, header.DestinationPort);
        Assert.Equal(0x55667788u, header.SequenceNumber.Value);
        Assert.Equal(0x99aabbccu, header.AcknowledgmentNumber.Value);
        Assert.Equal(6, header.DataOffset);
        Assert.Equal(24, header.Length);
        Assert.Equal(5, header.ReservedBits);
        Assert.Equal(TcpFlags.AE | TcpFlags.CWR | TcpFlags.ACK | TcpFlags.SYN, header.Flags);
        Assert.Equal(0xddee, header.Window);
        Assert.Equal(0xff01, header.Checksum);
        Assert.Equal(0x0203, header.UrgentPointer);
        Assert.Equal(Frames.Hex("01010100"), header.Options.ToArray());
        Assert.Equal(Frames.Hex("cafe"), header.Payload.ToArray());
    }

    [Theory]
    [InlineData(0, 5, DecodeProblem.TcpHeaderCut)]
    [InlineData(19, 5, DecodeProblem.TcpHeaderCut)]
    [InlineData(20, 0, DecodeProblem.TcpHeaderLengthTooSmall)]
    [InlineData(20, 4, DecodeProblem.TcpHeaderLengthTooSmall)]
    [InlineData(20, 5, DecodeProblem.None)]
    [InlineData(23, 6, DecodeProblem.TcpHeaderLengthTooLarge)]
    [InlineData(24, 6, DecodeProblem.None)]
    [InlineData(59, 15, DecodeProblem.TcpHeaderLengthTooLarge)]
    [InlineData(60, 15, DecodeProblem.None)]
    [Trait("Proves", "P53")]
    public void Octets_OfThatSizeAndDataOffset_AreAHeaderOrNot(int size, int dataOffset, DecodeProblem expected)
    {
        byte[] octets = new byte[60];
        octets[12] = (byte)(dataOffset << 4);
        Assert.Equal(expected == DecodeProblem.None, TcpHeader.TryParse(octets.AsSpan(0, size), out _, out DecodeProblem problem));
        Assert.Equal(expected, problem);
        Assert.Equal(expected == DecodeProblem.None, PacketDecoder.TryDecodeSegment(octets.AsMemory(0, size), out TcpSegment segment, out problem));
        Assert.Equal(expected, problem);
        Assert.Equal(expected == DecodeProblem.None ? (dataOffset * 4) - 20 : 0, segment.Options.Wire.Length);
    }
}
