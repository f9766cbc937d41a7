using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class TcpFlagsTests
{
    [Theory]
    [InlineData("SYN,ACK", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("SYN, ACK", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("syn ack", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("Syn|Ack", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("SYN+ACK", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("[SYN, ACK]", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("S.", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("[S.]", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("SA", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("0x12", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData("0X012", TcpFlags.SYN | TcpFlags.ACK)]
    [InlineData(".", TcpFlags.ACK)]
    [InlineData("ACK", TcpFlags.ACK)]
    [InlineData("FSRPAUECN", (TcpFlags)0x1ff)]
    [InlineData("FSRP.UEWe", (TcpFlags)0x1ff)]
    [InlineData("0x1ff", (TcpFlags)0x1ff)]
    [InlineData("SEW", TcpFlags.SYN | TcpFlags.ECE | TcpFlags.CWR)]
    [InlineData("AE", TcpFlags.AE)]
    [InlineData("None", TcpFlags.None)]
    [InlineData("none", TcpFlags.None)]
    [InlineData("<None>", TcpFlags.None)]
    [InlineData("0x0", TcpFlags.None)]
    public void Text_InAnyToolsSpelling_IsRead(string text, TcpFlags expected)
    {
        Assert.True(TcpFlagsExtensions.TryParse(text, out TcpFlags flags));
        Assert.Equal(expected, flags);
        Assert.Equal(expected, TcpFlagsExtensions.Parse(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" , ")]
    [InlineData("SYNACK")]
    [InlineData("SX")]
    [InlineData("s.")]
    [InlineData("0x200")]
    [InlineData("0x")]
    [InlineData("18")]
    [InlineData("-1")]
    [InlineData("SYN,BAD")]
    public void Text_OfSomethingElse_IsRefused(string? text)
    {
        Assert.False(TcpFlagsExtensions.TryParse(text, out TcpFlags flags));
        Assert.Equal(TcpFlags.None, flags);
        Assert.Throws<FormatException>(() => TcpFlagsExtensions.Parse(text!));
    }

    [Fact]
    public void EveryCombination_Written_IsReadBack()
    {
        for (int bits = 0; bits <= 0x1ff; bits++)
        {
            var flags = (TcpFlags)bits;
            Assert.Equal(flags, TcpFlagsExtensions.Parse(flags.ToWireshark()));
            Assert.Equal(flags, TcpFlagsExtensions.Parse(flags.ToTcpdump()));
            Assert.Equal(flags, TcpFlagsExtensions.Parse(flags.ToString()));
        }
    }

    [Theory]
    [InlineData(TcpFlags.SYN | TcpFlags.ACK, "SYN, ACK", "S.")]
    [InlineData(TcpFlags.PSH | TcpFlags.ACK, "PSH, ACK", "P.")]
    [InlineData(TcpFlags.RST, "RST", "R")]
    [InlineData(TcpFlags.None, "<None>", "none")]
    public void Flags_AreWrittenAsTheToolsWriteThem(TcpFlags flags, string wireshark, string tcpdump)
    {
        Assert.Equal(wireshark, flags.ToWireshark());
        Assert.Equal(tcpdump, flags.ToTcpdump());
    }
}
