using TcpShell.Scripting;
using TcpShell.Tracing;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>Scripts pass where the TCP does what they ask for, and fail, with place and reason, where it does not.</summary>
public class ScriptRunnerTests
{
    private const string Passive =
        """
        0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
        +0 bind(3, ..., ...) = 0
        +0 listen(3, 1) = 0
        +0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>
        +0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8>
        +.1 < . 1:1(0) ack 1 win 257
        +0 accept(3, ..., ...) = 4

        """;

    private const string Active =
        """
        0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
        +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
        +0 > S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8>

        """;

    [Theory]
    [InlineData("+0 write(4, ..., 1000) = 1000\n+0 > P. 1:1001(1000) ack 1\n+.1 < . 1:1(0) ack 1001 win 257")]
    [InlineData("+0 write(4, ..., 10000) = 10000\n+0 > P. 1:10001(10000) ack 1")]
    [InlineData("+0 < P. 1:1001(1000) ack 1 win 257\n+0 > . 1:1(0) ack 1001\n+0 ioctl(4, SIOCINQ, [1000]) = 0\n+0 read(4, ..., 2000) = 1000")]
    [InlineData("+0 < F. 1:1(0) ack 1 win 257\n+0 > . 1:1(0) ack 2\n+0 read(4, ..., 10) = 0\n+0 close(4) = 0\n+0 > F. 1:1(0) ack 2")]
    [InlineData("+0 < R. 1:1(0) ack 1 win 257\n+0 write(4, ..., 10) = -1 ECONNRESET (Connection reset by peer)\n+0 write(4, ..., 10) = -1 EPIPE (Broken pipe)")]
    [InlineData("+0 < P. 1:11(10) ack 1 win 257\n+0 > . 1:1(0) ack 11\n+0 close(4) = 0\n+0 > R. 1:1(0) ack 11")]
    [InlineData("+0 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+.1 < P. 1:11(10) ack 2 win 257\n+0 > R 2:2(0)")]
    [InlineData("+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0\n+0 close(4) = 0\n+0 > R. 1:1(0) ack 1")]
    [InlineData("+0 shutdown(4, SHUT_WR) = 0\n+0 > F. 1:1(0) ack 1\n+0 write(4, ..., 1) = -1 EPIPE (Broken pipe)\n+0 close(4) = 0")]
    [InlineData("+0 write(4, ..., 1000) = 1000\n+0 > P. 1:1001(1000) ack 1\n* > P. 1:1001(1000) ack 1")]
    [InlineData("+0...0.2 read(4, ..., 100) = 10\n+.2 < P. 1:11(10) ack 1 win 257\n+0 > . 1:1(0) ack 11")]
    [InlineData("+0...0.3 poll([{fd=4, events=POLLIN, revents=0}], 1, 300) = 0")]
    [InlineData("+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 300) = 1")]
    [InlineData("+0 getsockopt(4, SOL_TCP, TCP_MAXSEG, [1000], [4]) = 0\n+0 %{ assert tcpi_state == TCP_ESTABLISHED and tcpi_snd_mss == 1000 }%")]
    [InlineData("+0 write(4, ..., 2000) = 2000\n+0 > P. 1:2001(2000) ack 1\n+.01 < icmp unreachable frag_needed mtu 700 [1:1001(1000)]\n+0 > . 1:661(660) ack 1")]
    [InlineData("+0 write(4, ..., 500) = 500\n+0 > P. 1:501(500) ack 1\n+0 write(4, ..., 500) = 500\n+.1 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0\n+0 > P. 501:1001(500) ack 1")]
    [InlineData("+0 write(4, ..., 100) = 100\n+0~+.5 > P. 1:101(100) ack 1 <...>")]
    [InlineData("+0 sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 10}, {..., 20}], msg_flags=0}, 0) = 30\n+0 > P. 1:31(30) ack 1")]
    public void Script_ThatTheTcpFollows_Passes(string rest)
    {
        ScriptResult result = Run(Passive + rest);

        Assert.Equal("Pass", result.ToString());
    }

    [Theory]
    [InlineData("+.1 < S. 0:0(0) ack 1 win 5840 <mss 1460,sackOK,TS val 700 ecr 100,nop,wscale 7>\n+0 > . 1:1(0) ack 1 <nop,nop,TS val 200 ecr 700>\n+0 connect(3, ..., ...) = 0\n+0 connect(3, ..., ...) = -1 EISCONN (Transport endpoint is already connected)")]
    [InlineData("+.1 < R. 0:0(0) ack 1 win 0\n+0 connect(3, ..., ...) = -1 ECONNREFUSED (Connection refused)")]
    [InlineData("+0 connect(3, ..., ...) = -1 EALREADY (Operation already in progress)\n+1 > S 0:0(0) <mss 1460,sackOK,TS val 1100 ecr 0,nop,wscale 8>")]
    [InlineData("+.1 < . 5:5(0) ack 77 win 100\n+0 > R 77:77(0)")]
    [InlineData("+.1 < icmp unreachable port_unreachable [0:0(0)]\n+0 connect(3, ..., ...) = -1 ECONNREFUSED (Connection refused)")]
    [InlineData("+.1 < icmp unreachable host_unreachable [0:0(0)]\n+.9 > S 0:0(0) <...>")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_timestamps=0`\n+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n+0 bind(5, ..., ...) = 0")]
    public void Script_OfAnActiveOpen_Passes(string rest)
    {
        ScriptResult result = Run(Active + rest);

        Assert.Equal("Pass", result.ToString());
    }

    [Theory]
    [InlineData("+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0\n+0 write(4, ..., 10) = 10\n+0 write(4, ..., 1) = 1\n+0 write(4, ..., 1) = 1\n+0 > P. 1:13(12) ack 1", 13, "The packets do not make up the one that the script asks for.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > P. 1:6(5) ack 1", 10, "In the packet the length is 10, not 5.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > F. 1:11(10) ack 1", 10, "In the packet the control bits are P., not F..")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > P. 2:12(10) ack 1", 10, "In the packet the sequence number is 1, not 2.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 2", 10, "In the packet the acknowledgment number is 1, not 2.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1 win 5", 10, "In the packet the window is 61440, not 5.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1 <nop,nop,TS val 1 ecr 1>", 10, "In the packet option 1 is missing, not nop.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > [ttl 63] P. 1:11(10) ack 1", 10, "In the packet the time to live is 64, not 63.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+.1 > P. 1:11(10) ack 1", 10, "The packet comes early.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+0 > P. 1:11(10) ack 1", 11, "The packet comes late.")]
    [InlineData("+0 > . 1:1(0) ack 1", 9, "The packet does not come.")]
    [InlineData("+0 read(4, ..., 10) = 5", 9, "The call does not return at once.")]
    [InlineData("+0...0.5 read(4, ..., 10) = 5", 9, "The call still waits.")]
    [InlineData("+0...0.5 read(4, ..., 10) = 5\n+.1 < P. 1:6(5) ack 1 win 257\n+.3 > . 1:1(0) ack 6", 9, "The call returns at another time.")]
    [InlineData("+0 write(4, ..., 10) = 11", 9, "The call returns something else.")]
    [InlineData("+0 getsockopt(4, SOL_TCP, TCP_MAXSEG, [999], [4]) = 0", 9, "The call gives another value.")]
    [InlineData("+0 poll([{fd=4, events=POLLOUT, revents=POLLIN}], 1, 0) = 1", 9, "The call tells of other events.")]
    [InlineData("+90000 close(4) = 0", 9, "The script takes too much virtual time.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > [noecn] P. 1:11(10) ack 2", 10, "In the packet the acknowledgment number is 1, not 2.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > [ect0] P. 1:11(10) ack 1", 10, "In the packet ECN is noecn, not ect0.")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > [ect01] P. 1:11(10) ack 1", 10, "In the packet ECN is noecn, not ect01.")]
    [InlineData("+0 %{ assert tcpi_snd_cwnd == 11, tcpi_snd_cwnd }%", 9, "The assertion does not hold.")]
    [InlineData("+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n+0 < icmp unreachable [0:0(0)]", 10, "There is no connection that this error could be about.")]
    [InlineData("+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n+0 %{ assert tcpi_rtt == 0 }%", 10, "There is no connection that could be asked.")]
    [InlineData("+0 listen(9, 1) = 0", 9, "The script has no such descriptor open.")]
    [InlineData("+0...0.3 poll([{fd=9, events=POLLIN, revents=0}], 1, 300) = 0", 9, "The script has no such descriptor open.")]
    [InlineData("+0 close(4) = 0\n+0 close(4) = -1 EBADF (Bad file descriptor)", 10, "The script has no such descriptor open.")]
    public void Script_ThatTheTcpDoesNotFollow_FailsWithPlaceAndReason(string rest, int line, string reason)
    {
        ScriptResult result = Run(Passive + rest);

        Assert.Equal(ScriptVerdict.Fail, result.Verdict);
        Assert.Equal(line, result.Line);
        Assert.Equal(reason, result.Reason);
        Assert.NotEmpty(result.Expected);
        Assert.NotEmpty(result.Actual);
        Assert.Equal(5, result.Before.Count);
    }

    [Fact]
    public void Failure_Shown_HasBothSidesInPacketdrillsNotation()
    {
        ScriptResult result = Run(Passive + "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 2 <nop,nop,sack 1:2>");

        Assert.Equal("> P. 1:11(10) ack 2 <nop,nop,sack 1:2>", result.Expected);
        Assert.Equal("> P. 1:11(10) ack 1 win 61440 at 0.100000", result.Actual);
        Assert.StartsWith("Fail script:10: In the packet the acknowledgment number is 1, not 2.\n  expected > P.", result.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+0 pipe([5, 6]) = 0", "the system call pipe is not supported.")]
    [InlineData("+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 1}], msg_flags=0}, MSG_ERRQUEUE) = -1 EAGAIN (Resource temporarily unavailable)", "the error queue of sockets (MSG_ERRQUEUE) is not supported.")]
    [InlineData("+0 `tc qdisc replace dev tun0 root fq`", "pacing by the queue before the interface (the command `tc qdisc replace dev tun0 root fq`) is not supported.")]
    [InlineData("+0 `rm -rf /`", "the command `rm -rf /` is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_nonsense=1`", "the kernel setting net.ipv4.tcp_nonsense is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_sack=banana`", "the kernel setting net.ipv4.tcp_sack=banana is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_sack=`", "the kernel setting net.ipv4.tcp_sack= is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_sack=-1`", "the kernel setting net.ipv4.tcp_sack=-1 is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_timestamps=x`", "the kernel setting net.ipv4.tcp_timestamps=x is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_ecn=99`", "the kernel setting net.ipv4.tcp_ecn=99 is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_syncookies=3`", "the kernel setting net.ipv4.tcp_syncookies=3 is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_early_retrans=5`", "the kernel setting net.ipv4.tcp_early_retrans=5 is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_recovery=8`", "the kernel setting net.ipv4.tcp_recovery=8 is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_rmem=1`", "the kernel setting net.ipv4.tcp_rmem=1 is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_wmem='4096 x 65536'`", "the number x in a command is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_wmem=4096`", "the kernel setting net.ipv4.tcp_wmem=4096 is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_pacing_ss_ratio=fast`", "the number fast in a command is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_no_metrics_save=yes`", "the kernel setting net.ipv4.tcp_no_metrics_save=yes is not supported.")]
    [InlineData("+0 `sysctl -q net.ipv4.tcp_keepalive_probes=256`", "the number 256 in a command is not supported.")]
    [InlineData("+0 > udp (10)", "UDP is not supported.")]
    [InlineData("+0 > . 1:1(0) ack 1 <FO,nop,nop>", "TCP Fast Open is not supported.")]
    [InlineData("+0 > ipv4 1.1.1.1 > 2.2.2.2: . 1:1(0) ack 1", "a packet in a tunnel (ipv4) is not supported.")]
    [InlineData("+0 < P. 1:65501(65500) ack 1 win 257", "a packet of more than 65535 octets is not supported.")]
    [InlineData("+0 write(4, NULL, 10) = -1 EFAULT (Bad address)", "memory that a program has not (a null pointer) is not supported.")]
    [InlineData("+0 %{ assert tcpi_nonsense == 1 }%", "tcpi_nonsense in a code block is not supported.")]
    [InlineData("+0 %{ import os }%", "'import os' in a code block is not supported.")]
    [InlineData("+0 %{ if tcpi_snd_cwnd == 10: pass }%", "'if tcpi_snd_cwnd == 10: pass' in a code block is not supported.")]
    [InlineData("+0 %{ assert abs(tcpi_rtt) == 0 }%", "'assert abs(tcpi_rtt) == 0' in a code block is not supported.")]
    [InlineData("+0 %{ assert 'cubic' == 'reno' }%", "'assert 'cubic' == 'reno'' in a code block is not supported.")]
    [InlineData("+0 %{ x = 1 }%\n+0 %{ assert y == 1 }%", "y in a code block is not supported.", 10)]
    [InlineData("+0 setsockopt(4, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = 0", "TCP_CONGESTION on an open connection is not supported.")]
    [InlineData("+0 setsockopt(3, SOL_TCP, TCP_CONGESTION, \"bbr\", 3) = 0", "the congestion control bbr is not supported.")]
    [InlineData("+0 setsockopt(4, SOL_SOCKET, SO_RCVBUF, [4000], 4) = 0", "SO_RCVBUF on an open connection is not supported.")]
    [InlineData("+0 setsockopt(3, SOL_SOCKET, SO_RCVBUF, [2147483648], 4) = 0", "SO_RCVBUF of 2147483648 is not supported.")]
    [InlineData("+0 setsockopt(4, SOL_TCP, 99, [1], 4) = 0", "the option 99 of setsockopt is not supported.")]
    [InlineData("+0 getsockopt(4, SOL_TCP, 99, [1], [4]) = 0", "the option 99 of getsockopt is not supported.")]
    [InlineData("+0 setsockopt(4, SOL_SOCKET, TCP_NODELAY, [1], 4) = 0", "TCP_NODELAY at the level SOL_SOCKET is not supported.")]
    [InlineData("+0 write(4, ..., 2147483648) = 1", "a buffer of 2147483648 octets in write(4, ..., 2147483648) = 1 is not supported.")]
    [InlineData("+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 2147483648}], msg_flags=0}, 0) = 1", "the buffers [{..., 2147483648}] is not supported.")]
    [InlineData("+0 send(4, ..., 1, MSG_TRUNC) = 1", "MSG_TRUNC is not supported.")]
    [InlineData("+0 read(4) = 1", "read(4) = 1 without an argument 3 is not supported.")]
    [InlineData("+0 fcntl(4, 99, 1) = 0", "fcntl(4, 99, 1) = 0 is not supported.")]
    [InlineData("+0 ioctl(4, POLLIN, [1]) = 0", "ioctl(4, POLLIN, [1]) = 0 is not supported.")]
    [InlineData("+0 connect(4, AF_UNSPEC, ...) = 0", "an address in connect(4, AF_UNSPEC, ...) = 0 is not supported.")]
    [InlineData("+0 < icmp packet_too_big mtu 1200 [1:1(0)]", "< icmp packet_too_big mtu 1200 [1:1(0)] in IPv4 is not supported.")]
    [InlineData("+0 cap_set(CAP_NET_ADMIN, 0, CAP_EFFECTIVE) = 0", "the system call cap_set is not supported.")]
    public void Script_ThatAsksForWhatIsNotThere_IsUnsupportedAndNotFailed(string rest, string reason, int line = 9)
    {
        ScriptResult result = Run(Passive + rest);
        ScriptResult failingBefore = Run(Passive.Replace("wscale 8", "wscale 9", StringComparison.Ordinal) + rest);

        Assert.Equal((ScriptVerdict.Unsupported, reason, line), (result.Verdict, result.Reason, result.Line));
        Assert.Equal((ScriptVerdict.Unsupported, reason, line), (failingBefore.Verdict, failingBefore.Reason, failingBefore.Line));
    }

    [Fact]
    public void MaximumSegment_ThatLinuxRefuses_IsEinvalOnAnOpenConnectionToo() =>
        Assert.Equal("Pass", Run(Passive + "+0 setsockopt(4, SOL_TCP, TCP_MAXSEG, [1], 4) = -1 EINVAL (Invalid argument)").ToString());

    [Theory]
    [InlineData("+0 setsockopt(4, SOL_TCP, TCP_CONGESTION, \"cubic\", 5) = 0")]
    [InlineData("+0 setsockopt(4, SOL_SOCKET, SO_RCVBUF, [15728640], 4) = 0")]
    [InlineData("+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n+0 setsockopt(5, SOL_SOCKET, SO_RCVBUF, [4000], 4) = 0")]
    [InlineData("+0 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4\n+0 setsockopt(4, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = 0")]
    [InlineData("+0 < P. 1:1001(1000) ack 1 win 257\n+0 > . 1:1(0) ack 1001\n+0 read(4, ..., 2147483647) = 1000")]
    public void Options_ThatChangeNothingOnAnOpenConnection_AreSet(string rest) => Assert.Equal("Pass", Run(Passive + rest).ToString());

    [Theory]
    [InlineData("packet", "+0 > P. 1:11(10) ack 2 win 5", ScriptVerdict.Pass, "In the packet the acknowledgment number is 1, not 2.")]
    [InlineData("packet,syscall", "+.1 > P. 1:11(10) ack 1", ScriptVerdict.Pass, "The packet comes early.")]
    [InlineData("packet", "+0 > P. 1:11(10) ack 1\n+0 < . 1:1(0) ack 11 win 257\n+0 > P. 11:12(1) ack 1", ScriptVerdict.Fail, "")]
    [InlineData("packet", "+0 > P. 1:101(100) ack 1", ScriptVerdict.Fail, "")] // the length never is only a warning, as in packetdrill
    [InlineData("packet", "+0 > P. 1:6(5) ack 1", ScriptVerdict.Fail, "")]
    [InlineData("syscall", "+0 > P. 1:11(10) ack 2", ScriptVerdict.Fail, "")]
    [InlineData("syscall", "+0 > P. 1:11(10) ack 1\n+0 write(4, ..., 1) = 2", ScriptVerdict.Fail, "")]
    [InlineData("everything", "+0 > P. 1:11(10) ack 1", ScriptVerdict.Unsupported, "")]
    public void NonFatal_Packets_OnlyWarnAndSystemCallsFailAllTheSame(string kinds, string rest, ScriptVerdict verdict, string warning)
    {
        ScriptResult result = Run($"--non_fatal={kinds}\n{Passive}+0 write(4, ..., 10) = 10\n{rest}");

        Assert.Equal(verdict, result.Verdict);
        Assert.Equal(warning.Length == 0 ? 0 : 1, result.Warnings.Count);
        Assert.All(result.Warnings, told => Assert.Contains(warning, told, StringComparison.Ordinal));
        Assert.All(result.Warnings, told => Assert.Contains("script:11: ", result.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void IPv4MappedIPv6_OnTheWire_IsIPv4()
    {
        ScriptResult result = Run("--ip_version=ipv4-mapped-ipv6\n" + Passive);

        Assert.Equal("Pass", result.ToString());
        Assert.All(SegmentRecorder.Record(result.Trace), segment => Assert.False(segment.Source.Address.IsIPv6));
    }

    [Fact]
    public void Timestamp_OfAFailure_IsToldInTheScriptsNumbers()
    {
        const string Rest = "+.1 < S. 0:0(0) ack 1 win 5840 <mss 1460,sackOK,TS val 700 ecr 100,nop,wscale 7>\n+0 > . 1:1(0) ack 2 <nop,nop,TS val 200 ecr 700>";

        ScriptResult result = Run(Active + Rest);

        Assert.Matches(@"^> \. 1:1\(0\) ack 1 win \d+ <nop,nop,TS val 200 ecr 700> at 0\.100000$", result.Actual);
    }

    [Theory]
    [InlineData("[noecn]", "[noecn]")]
    [InlineData("[ect01]", "[noecn]")]
    [InlineData("[tos 0x0, ttl 63]", "[tos 0x0, ttl 64]")]
    public void IpHeader_OfAFailure_IsToldAsFarAsTheScriptStatesIt(string stated, string told)
    {
        ScriptResult result = Run($"{Passive}+0 write(4, ..., 10) = 10\n+0 > {stated} P. 1:11(10) ack 2");

        Assert.StartsWith($"> {told} P. 1:11(10) ack 1 win ", result.Actual, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--tolerance_usecs=60000", "+.05 > P. 1:11(10) ack 1", ScriptVerdict.Pass)]
    [InlineData("--tolerance_percent=0", "+.05 > P. 1:11(10) ack 1", ScriptVerdict.Fail)]
    [InlineData("--tolerance_usecs=1\n--tolerance_percent=100", "+.05 > P. 1:11(10) ack 1", ScriptVerdict.Pass)]
    public void Tolerance_GivenByTheScript_DecidesHowEarlyIsEarly(string options, string rest, ScriptVerdict verdict)
    {
        Assert.Equal(verdict, Run($"{options}\n{Passive}+0 write(4, ..., 10) = 10\n{rest}").Verdict);
    }

    [Fact]
    public void StrictSegments_Asked_GluesNothing()
    {
        const string Rest = "+0 write(4, ..., 2000) = 2000\n+0 > P. 1:2001(2000) ack 1";

        Assert.Equal(ScriptVerdict.Pass, Run(Passive + Rest).Verdict);
        Assert.Equal("In the packet the length is 1000, not 2000.", Run("--strict_segments\n" + Passive + Rest).Reason);
    }

    [Theory]
    [InlineData("+0 < P. 1:11(10) ack 1 win 257", 11, "ack 1 win 61440, then > P. 11:21(10) ack 11")]
    [InlineData("+0 < P. 1:1001(1000) ack 1 win 257", 1001, "ack 1 win 61440, then > P. 11:21(10) ack 1001 win 61436")]
    [InlineData("", 1, "")]
    public void Segments_ThatDoNotAcknowledgeTheSame_AreNotGluedToOne(string between, int acknowledgment, string came)
    {
        ScriptResult result = Run($"{Passive}+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0\n+0 setsockopt(4, SOL_TCP, TCP_QUICKACK, [0], 4) = 0\n"
            + $"+0 write(4, ..., 10) = 10\n{between}\n+0 write(4, ..., 10) = 10\n+0 > P. 1:21(20) ack {acknowledgment}");

        Assert.Equal(came.Length == 0 ? ScriptVerdict.Pass : ScriptVerdict.Fail, result.Verdict);
        Assert.Contains(came, result.Actual, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+0 read(4, ..., 4000) = 4000", "ack 4001 win 61424, then > P. 11:21(10) ack 4001 win 61440")]
    [InlineData("", "")]
    public void Segments_WithDifferentWindows_AreNotGluedToOne(string between, string came)
    {
        ScriptResult result = Run($"{Passive}+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0\n+0 < P. 1:4001(4000) ack 1 win 257\n+0 > . 1:1(0) ack 4001\n"
            + $"+0 write(4, ..., 10) = 10\n{between}\n+0 write(4, ..., 10) = 10\n+0 > P. 1:21(20) ack 4001");

        Assert.Equal(came.Length == 0 ? ScriptVerdict.Pass : ScriptVerdict.Fail, result.Verdict);
        Assert.Contains(came, result.Actual, StringComparison.Ordinal);
    }

    [Fact]
    public void Switches_OfTheRun_DecideWhatIsCompared()
    {
        string push = Passive + "+0 write(4, ..., 10) = 10\n+0 > . 1:11(10) ack 1";
        string window = Passive + "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1 win 5";
        string echo = Active + "+.1 < S. 0:0(0) ack 1 win 5840 <mss 1460,sackOK,TS val 700 ecr 100,nop,wscale 7>\n+0 > . 1:1(0) ack 1 <nop,nop,TS val 200 ecr 701>";

        Assert.Equal(ScriptVerdict.Pass, Run(push).Verdict);
        Assert.Equal(ScriptVerdict.Fail, Run(push, new() { StrictPush = true }).Verdict);
        Assert.Equal(ScriptVerdict.Fail, Run(window).Verdict);
        Assert.Equal(ScriptVerdict.Pass, Run(window, new() { CompareWindow = false }).Verdict);
        Assert.Equal(ScriptVerdict.Fail, Run(echo).Verdict);
        Assert.Equal(ScriptVerdict.Pass, Run(echo, new() { CompareTimestampEcho = false }).Verdict);
    }

    [Theory]
    [InlineData(200, ScriptVerdict.Pass)]
    [InlineData(300, ScriptVerdict.Fail)]
    public void TimestampClock_WithATick_IsCompared(int value, ScriptVerdict verdict)
    {
        string text = $"--tcp_ts_tick_usecs=1000\n{Active}+.1 < S. 0:0(0) ack 1 win 5840 <mss 1460,sackOK,TS val 700 ecr 100,nop,wscale 7>\n+0 > . 1:1(0) ack 1 <nop,nop,TS val {value} ecr 700>";

        Assert.Equal(verdict, Run(text).Verdict);
    }

    [Fact]
    public void Ports_Stated_NameConnectionsSideBySide()
    {
        const string Text =
            """
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
            +0 bind(3, ..., ...) = 0
            +0 listen(3, 5) = 0
            +0 < 1000 > 8080 S 0:0(0) win 1000 <mss 1000>
            +0 > 8080 > 1000 S. 0:0(0) ack 1 <mss 1460>
            +0 < 2000 > 8080 S 77:77(0) win 1000 <mss 1000>
            +0 > 8080 > 2000 S. 0:0(0) ack 78 <mss 1460>
            +0 < 2000 > 8080 . 1:1(0) ack 1 win 1000
            +0 < 1000 > 8080 . 1:1(0) ack 1 win 1000
            +0 accept(3, ..., ...) = 4
            +0 accept(3, ..., ...) = 5
            +0 write(4, ..., 10) = 10
            +0 > 8080 > 2000 P. 1:11(10) ack 1
            +0 write(5, ..., 20) = 20
            +0 > 8080 > 1000 P. 1:21(20) ack 1
            """;

        Assert.Equal("Pass", Run(Text).ToString());
    }

    [Fact]
    public void SynAck_ThatTheScriptDoesNotTake_LeavesItsNumbersUnknown()
    {
        const string Taken = "+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8>\n";
        ScriptResult result = Run(Passive.Replace(Taken, "", StringComparison.Ordinal));

        Assert.Equal((ScriptVerdict.Fail, 7), (result.Verdict, result.Line));
    }

    [Fact]
    public void Profile_OfItsOwn_IsWhatTheTcpIsLike()
    {
        ScriptProfile profile = ScriptProfile.Parse("""{ "Name": "mine", "Settings": { "WindowScaling": false, "Timestamps": false, "InitialRto": "00:00:03" } }""");
        const string Text =
            """
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
            +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
            +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
            +0 > S 0:0(0) <mss 1460,nop,nop,sackOK>
            +3 > S 0:0(0) <mss 1460,nop,nop,sackOK>
            """;

        Assert.Equal(ScriptVerdict.Fail, Run(Text).Verdict);
        Assert.Equal("Pass", Run(Text, new() { Profile = profile }).ToString());
    }

    [Fact]
    public void Run_OfAScript_LeavesATraceLikeALab()
    {
        ScriptResult result = Run(Passive + "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1");

        SegmentRecord[] segments = [.. SegmentRecorder.Record(result.Trace)];
        Assert.Equal(4, segments.Length);
        Assert.Contains("[SYN, ACK]", segments[1].Info, StringComparison.Ordinal);
        Assert.Equal("local", segments[3].From);
        Assert.Equal(TimeSpan.FromSeconds(0.1), result.Duration);
    }

    [Fact]
    public void Run_Repeated_GivesTheSameTrace()
    {
        string text = Passive + "+0 write(4, ..., 30000) = 30000\n* > P. 1:10001(10000) ack 1\n+1 < . 1:1(0) ack 10001 win 257";

        string[] one = [.. Run(text).Trace.Select(packet => $"{packet.Sent} {Convert.ToHexString(packet.Bytes.Span)}")];
        string[] two = [.. Run(text).Trace.Select(packet => $"{packet.Sent} {Convert.ToHexString(packet.Bytes.Span)}")];
        Assert.Equal(one, two);
    }

    [Theory]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+90000 close(4) = 0", "an end within 86400 s of virtual time")]
    [InlineData("+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+0 < . 1:1(0) ack 11 win 257\n* > . 1:1(0) ack 1", "> . 1:1(0) ack 1 at any time")]
    public void Script_ThatWaitsForNothing_Ends(string rest, string expected)
    {
        ScriptResult result = Run(Passive + rest);

        Assert.Equal((ScriptVerdict.Fail, expected), (result.Verdict, result.Expected));
    }

    [Fact]
    public void Script_ThatMakesTooManySteps_Ends()
    {
        ScriptResult result = Run(Passive + "+0 write(4, ..., 1000000) = 1000000\n* > . 1:1(0) ack 1", new() { StepLimit = 10 });

        Assert.Equal("an end within 10 packets and timers", result.Expected);
    }

    [Fact]
    public void Run_Cancelled_Throws()
    {
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => Run(Passive, new() { Cancellation = cancellation.Token }));
    }

    [Fact]
    public void Suspect_OfThePublicScripts_IsNotCalledAFailure()
    {
        const string Text = "0 close(3) = 0";

        Assert.Equal(ScriptVerdict.Fail, ScriptRunner.Run(TcpScript.Parse(Text, "x/tcp/ts_recent/other.pkt")).Verdict);
        Assert.Equal(ScriptVerdict.Suspect, ScriptRunner.Run(TcpScript.Parse(Text, "x/tcp/ts_recent/invalid_ack.pkt")).Verdict);

        // It is so of the system that the profile stands for, and of no other.
        Assert.Equal(ScriptVerdict.Fail, ScriptRunner.Run(TcpScript.Parse(Text, "x/tcp/ts_recent/invalid_ack.pkt"), new() { Profile = ScriptProfile.Rfc }).Verdict);
    }

    [Fact]
    public void Unsupported_FirstAWordAndThenAMatter_NamesTheMatter()
    {
        ScriptResult result = Run(Passive + "+0 setsockopt(4, SOL_SOCKET, SO_MARK, [1], 4) = 0\n+0 sendto(4, ..., 10, MSG_FASTOPEN, ..., ...) = 10");

        Assert.Equal((10, "TCP Fast Open (MSG_FASTOPEN) is not supported."), (result.Line, result.Reason));
    }

    [Theory]
    [InlineData("+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 5}], msg_flags=0, msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=5}]}, 0) = 5", "no control message: TCP_INQ is not set")]
    [InlineData("+0 epoll_create(1) = 5\n+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0\n+0 epoll_wait(5, {events=EPOLLIN, fd=3}, 1, 0) = 1", "{events=POLLIN, fd=4}")]
    [InlineData("+0 `grep \" 0A \" /proc/net/tcp /proc/net/tcp6 | grep \":1F91\"`", "none")]
    public void Script_ThatTheSocketsDoNotFollow_FailsWithWhatCame(string rest, string actual)
    {
        ScriptResult result = Run(Passive + "+0 < P. 1:11(10) ack 1 win 257\n+0 > . 1:1(0) ack 11\n" + rest);

        Assert.Equal((ScriptVerdict.Fail, actual), (result.Verdict, result.Actual));
    }

    private static ScriptResult Run(string text, ScriptRunOptions? options = null) => ScriptRunner.Run(TcpScript.Parse(text), options);
}
