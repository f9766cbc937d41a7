using TcpShell.Scripting;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Scripting;

public class ScriptParserTests
{
    [Theory]
    [InlineData("0", ScriptTimeKind.Absolute, 0, 0)]
    [InlineData("1.5", ScriptTimeKind.Absolute, 1_500_000, 1_500_000)]
    [InlineData("+.1", ScriptTimeKind.Relative, 100_000, 100_000)]
    [InlineData("+1.0019999", ScriptTimeKind.Relative, 1_001_999, 1_001_999)]
    [InlineData("1~2", ScriptTimeKind.AbsoluteRange, 1_000_000, 2_000_000)]
    [InlineData("+1~+1.2", ScriptTimeKind.RelativeRange, 1_000_000, 1_200_000)]
    [InlineData("*", ScriptTimeKind.Any, 0, 0)]
    public void Time_OfEveryKind_IsReadInMicroseconds(string text, ScriptTimeKind kind, long start, long end)
    {
        ScriptTime time = Second($"{text} > . 1:1(0) ack 1").Time;

        Assert.Equal(new ScriptTime(kind, TimeSpan.FromMicroseconds(start), TimeSpan.FromMicroseconds(end)), time);
    }

    [Fact]
    public void TcpPacket_WithEverything_IsReadFieldByField()
    {
        var packet = (TcpPacketEvent)Second("+.002 < [ect0] 80 > 8080 FPU. 1:1001(1000) ack 4 win 257 urg 9 <nop,nop,sack 3:5 7:9>");

        Assert.True(packet.IsInbound);
        Assert.Equal(Ecn.Ect0, packet.Ip!.Ecn);
        Assert.Equal<(ushort, ushort)?>((80, 8080), packet.Ports);
        Assert.Equal(TcpFlags.FIN | TcpFlags.PSH | TcpFlags.URG | TcpFlags.ACK, packet.Flags);
        Assert.Equal((1u, 1000, 4u, (ushort)257, (ushort)9), (packet.Sequence, packet.PayloadLength, packet.Acknowledgment, packet.Window, packet.UrgentPointer));
        Assert.Equal([TcpOptionKind.NoOperation, TcpOptionKind.NoOperation, TcpOptionKind.Sack], packet.Options!.Select(option => option.Kind));
        Assert.Equal("00000003000000050000000700000009", Convert.ToHexString(packet.Options![2].Data.Span));
        Assert.Equal(2, packet.Line);
    }

    [Theory]
    [InlineData("S", TcpFlags.SYN)]
    [InlineData("SEW", TcpFlags.SYN | TcpFlags.ECE | TcpFlags.CWR)]
    [InlineData("SA.", TcpFlags.SYN | TcpFlags.AE | TcpFlags.ACK)]
    [InlineData(".", TcpFlags.ACK)]
    [InlineData("-", TcpFlags.None)]
    [InlineData("R", TcpFlags.RST)]
    [InlineData(".5", TcpFlags.ACK | TcpFlags.AE | TcpFlags.ECE)]
    [InlineData("P.3", TcpFlags.ACK | TcpFlags.PSH | TcpFlags.CWR | TcpFlags.ECE)]
    [InlineData(".0", TcpFlags.ACK)]
    public void Flags_InLettersAndAsAce_AreTheBits(string text, TcpFlags flags)
    {
        var packet = (TcpPacketEvent)Second($"+0 > {text} 0:0(0)");

        Assert.Equal(flags, packet.Flags);
    }

    [Theory]
    [InlineData("mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7", "020405B40402080A000000640000000001030307")]
    [InlineData("FO,nop,nop", "22020101")]
    [InlineData("FO 12345678,nop,nop", "2206123456780101")]
    [InlineData("FOEXP abcd1234", "FE08F989ABCD1234")]
    [InlineData("md5 000102030405060708090a0b0c0d0e0f,eol,eol", "1312000102030405060708090A0B0C0D0E0F0000")]
    [InlineData("ECN e0b 1 ceb 2 e1b 70000,nop", "AC0B00000100000201117001")]
    [InlineData("ECN e1b 3,nop,nop,nop", "AE05000003010101")]
    public void Options_OfEveryKind_AreWhatStandsOnTheWire(string text, string octets)
    {
        var packet = (TcpPacketEvent)Second($"+0 > S 0:0(0) <{text}>");

        string wire = string.Concat(packet.Options!.Select(option => option.Kind is TcpOptionKind.NoOperation or TcpOptionKind.EndOfList
            ? $"{(byte)option.Kind:X2}"
            : $"{(byte)option.Kind:X2}{option.Data.Length + 2:X2}{Convert.ToHexString(option.Data.Span)}"));
        Assert.Equal(octets, wire);
    }

    [Fact]
    public void Options_LeftOutOrLeftOpen_AreNoneOrAny()
    {
        Assert.Empty(((TcpPacketEvent)Second("+0 > S 0:0(0)")).Options!);
        Assert.Null(((TcpPacketEvent)Second("+0 > S 0:0(0) <...>")).Options);
    }

    [Fact]
    public void Icmp_WithCodeMtuAndQuote_IsRead()
    {
        var packet = (IcmpPacketEvent)Second("+0 < icmp unreachable frag_needed mtu 1200 [1:1461(1460)]");

        Assert.Equal(("unreachable", "frag_needed", 1200u), (packet.Type, packet.Code, packet.NextHopMtu));
        Assert.Equal((IcmpQuote.Tcp, 1u, 1460), (packet.Quote, packet.QuotedSequence, packet.QuotedLength));
    }

    [Fact]
    public void SystemCall_Blocking_HasItsEndErrnoAndNote()
    {
        var call = (SystemCallEvent)Second("+.1...0.2 write(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)");

        Assert.Equal(TimeSpan.FromSeconds(0.1), call.Time.Start);
        Assert.Equal(TimeSpan.FromSeconds(0.2), call.End);
        Assert.Equal("write", call.Name);
        Assert.Equal([new IntegerValue(4), new UnstatedValue(), new IntegerValue(1000)], call.Arguments);
        Assert.Equal(new IntegerValue(-1), call.Result);
        Assert.Equal(("EAGAIN", "Resource temporarily unavailable"), (call.Errno, call.Note));
    }

    [Fact]
    public void SystemCall_MadeWithAnErrorAndWithoutWords_IsPrintedSoThatItCanBeRead()
    {
        var call = new SystemCallEvent
        {
            Time = default,
            Name = "close",
            Arguments = [new IntegerValue(3)],
            Result = new IntegerValue(-1),
            Errno = "EBADF",
        };

        Assert.Equal("close(3) = -1 EBADF (EBADF)", call.Text);
    }

    [Theory]
    [InlineData("fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0")]
    [InlineData("poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLIN}], 1, 0) = 1")]
    [InlineData("setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0")]
    [InlineData("setsockopt(4, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = 0")]
    [InlineData("getsockopt(4, SOL_TCP, 0x1f, [0xffffffff], [4]) = 0")]
    [InlineData("sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 1000}, {..., 7}], msg_flags=0}, MSG_EOR) = 1007")]
    [InlineData("connect(4, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"10.0.0.1\")}, 16) = 0")]
    [InlineData("recvmsg(4, {msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=10}]}, 0) = 10")]
    [InlineData("write(4, \"ab\\x00c\"..., 4) = 4")]
    public void Arguments_OfEveryKind_ArePrintedAsTheyAreWritten(string call)
    {
        Assert.Equal(call, Second($"+0 {call}").Text);
    }

    [Fact]
    public void Strings_SideBySide_AreOne()
    {
        var call = (SystemCallEvent)Second("+0 write(4, \"a\\n\" \"\\x7fb\", 4) = 4");

        Assert.Equal([(byte)'a', (byte)'\n', 0x7f, (byte)'b'], ((StringValue)call.Arguments[1]).ToBytes());
    }

    [Fact]
    public void Structure_AskedForAField_FindsItByNameWithOrWithoutArgument()
    {
        var call = (SystemCallEvent)Second("+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 10");
        var message = (StructureValue)call.Arguments[1];

        Assert.IsType<ListValue>(message.Find("msg_iov"));
        Assert.Equal(new IntegerValue(0), message.Find("msg_flags"));
        Assert.Null(message.Find("msg_control"));
    }

    [Fact]
    public void Script_WithOptionsCommandsCommentsAndCode_HasItsShape()
    {
        TcpScript script = TcpScript.Parse(
            """
            // a comment
            --tolerance_usecs=10000
            --strict_segments
            --ip_version=ipv4-mapped-ipv6
            --local_ip=fd3d::1
            `sysctl -q a=1 \
             b=2`
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3 /* between
              two lines */
            +0 %{ assert tcpi_state == 1
            print(tcpi_rtt) }%
            +0 `true`
            `cleanup`
            """);

        Assert.Equal("10000", script.FindOption("tolerance_usecs"));
        Assert.Equal("", script.FindOption("strict_segments"));
        Assert.Equal("ipv4-mapped-ipv6", script.FindOption("ip_version"));
        Assert.Equal("fd3d::1", script.FindOption("local_ip"));
        Assert.Null(script.FindOption("mtu"));
        Assert.StartsWith("sysctl", script.InitialCommand, StringComparison.Ordinal);
        Assert.Equal([ScriptEventKind.SystemCall, ScriptEventKind.Code, ScriptEventKind.Command], script.Events.Select(entry => entry.Kind));
        Assert.Equal([8, 10, 12], script.Events.Select(entry => entry.Line));
        Assert.Equal("cleanup", script.FinalCommand);
        RoundTrip.Check(script);
    }

    [Fact]
    public void Command_AfterTheLastEvent_IsTheCleanup()
    {
        TcpScript script = TcpScript.Parse("0 close(3) = 0\n`rm -f x`");

        Assert.Equal("rm -f x", script.FinalCommand);
        Assert.Null(script.InitialCommand);
    }

    [Fact]
    public void Definitions_OfTheScriptAndOfTheCaller_AreCarriedOutAndTheCallersGoFirst()
    {
        const string Text = "--define=PORT=80\n--define=CC=\"reno\"\n--define=ack=7\n0 setsockopt(PORT, SOL_TCP, CC, LEVEL) = 0\n+0 > . 1:1(0) ack 1";

        Assert.Equal("setsockopt(80, SOL_TCP, \"reno\", LEVEL) = 0", TcpScript.Parse(Text).Events[0].Text);
        var given = new Dictionary<string, string> { ["PORT"] = "0x50", ["LEVEL"] = "SOL_IP" };
        TcpScript script = TcpScript.Parse(Text, null, given);
        Assert.Equal("setsockopt(0x50, SOL_TCP, \"reno\", SOL_IP) = 0", script.Events[0].Text);

        // The language's own words are never replaced.
        Assert.Equal("> . 1:1(0) ack 1", script.Events[1].Text);
    }

    [Theory]
    [InlineData("+0 > ipv4 1.1.1.1 > 2.2.2.2: gre: mpls (label 5, tc 0, [S], ttl 7): . 1:1(0) ack 1")]
    [InlineData("+0 > encap psp spi 5 P. 1:11(10) ack 1")]
    [InlineData("+0 < [tos 0x2, flowlabel 0x12] udp 1 > 2 (100)")]
    [InlineData("+0 < (ttl 3) icmp type_3 code_4 id 5 [udp (8)]")]
    [InlineData("+0 < icmp time_exceeded [raw (8)]")]
    [InlineData("+0 > [ect01] P.3 1:11(10) <nop,nop,TS val 1 ecr 2>")]
    [InlineData("+0 > S 4294967295:4(5) <ECN e0b 1 ceb 2,nop,nop,nop,nop>")]
    public void Packet_PrintedAndParsedAgain_SaysTheSame(string line) => RoundTrip.Check(TcpScript.Parse("0 close(3) = 0\n" + line));

    private static ScriptEvent Second(string line) => TcpScript.Parse("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n" + line).Events[1];
}
