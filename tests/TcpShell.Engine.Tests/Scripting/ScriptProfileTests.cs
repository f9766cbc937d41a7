using TcpShell.Scripting;
using TcpShell.Sockets;
using TcpShell.Tcp;

namespace TcpShell.Engine.Tests.Scripting;

public class ScriptProfileTests
{
    [Fact]
    public void Profiles_ThatComeWithTheProduct_AreFoundByName()
    {
        Assert.Same(ScriptProfile.Linux, ScriptProfile.Find("Linux"));
        Assert.Null(ScriptProfile.Find("solaris"));
        Assert.Equal(5, ScriptProfile.Linux.Settings.SynRetries);

        // The profile is data of its own; it must not drift from what the engine calls rfc.
        Assert.Equal(TcpSettings.Rfc, ScriptProfile.Rfc.Settings);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{ "Name": "x", "Settings": { "NoSuchSetting": 1 } }""")]
    [InlineData("""{ "Name": "x", "Settings": { "TimeToLive": 0 } }""")]
    [InlineData("""{ "Name": "x", "Settings": { "Congestion": "Vegas" } }""")]
    [InlineData("""{ "Name": "x", "Settings": { "SynOptionLayout": "mss,TS,wscale" } }""")]
    [InlineData("""{ "Name": "x", "Settings": { "SynOptionLayout": "mss,mss,TS,wscale,sackOK" } }""")]
    [InlineData("""{ "Name": "x", "Settings": { "SynOptionLayout": "mss,TS,wscale,sackOK,md5" } }""")]
    [InlineData("""{ "Name": "x", "Settings": { "WindowScale": 15 } }""")]
    [InlineData("""{ "Name": "x", "Settings": { "ResetOnSynInWindow": 1 } }""")]
    [InlineData("""{ "Name": "x", "Sockets": { "BufferOverhead": -1 } }""")]
    [InlineData("""{ "Name": "x", "Sockets": { "NoSuchSetting": 1 } }""")]
    [InlineData("""{ "Name": "x", "Name": "y" }""")]
    [InlineData("""{ "Name": "x", "Settings": { "TimeToLive": 64, "TimeToLive": 63 } }""")]
    [InlineData("""{ "Name": null }""")]
    [InlineData("""{ "Name": "x", "Settings": null }""")]
    [InlineData("""{ "Name": "x", "Sockets": null }""")]
    [InlineData("""{ "Name": "x", "SuspectScripts": null }""")]
    [InlineData("""{ "Name": "x", "SuspectScripts": [ null ] }""")]
    public void Text_ThatIsNoProfile_IsRefused(string json) => Assert.Throws<FormatException>(() => ScriptProfile.Parse(json));

    [Theory]
    [InlineData("/x/common/defaults.sh", "linux")]
    [InlineData("../../common/defaults.sh\nsysctl -q net.ipv4.tcp_sack=0 net.ipv4.tcp_timestamps=0", "SelectiveAcknowledgment,Timestamps")]
    [InlineData("set_sysctls.py /proc/sys/net/ipv4/tcp_syn_retries=2 \\\n /proc/sys/net/ipv4/tcp_rfc1337=1", "SynRetries,TimeWaitIgnoresReset")]
    [InlineData("sysctl -q net.ipv4.tcp_rmem=\"4096 8192 65535\" # comment", "ReceiveBufferSize")]
    [InlineData("ip tcp_metrics flush all > /dev/null 2>&1; /tmp/sysctl_restore_${PPID}.sh", "linux")]
    [InlineData("echo 0 > /sys/module/tcp_cubic/parameters/hystart_detect", "HyStart")]
    [InlineData("sysctl -q net.ipv4.tcp_wmem=\"4096 50000 100000\"", "InitialSendBuffer,SendBufferSize")]
    [InlineData("set_sysctls.py /proc/sys/net/ipv4/tcp_min_tso_segs=10 /proc/sys/net/ipv4/tcp_notsent_lowat=4000", "MinimumOffloadSegments,NotSentLowWater")]
    [InlineData("tc qdisc delete dev tun0 root 2>/dev/null ; tc qdisc add dev tun0 root pfifo limit 0", "TransmitFails")]
    [InlineData("tc qdisc replace dev tun0 root pfifo limit 0; tc qdisc replace dev tun0 root pfifo", "linux")]
    [InlineData("tc qdisc replace dev tun0 root pfifo limit 0; tc qdisc del dev tun0 root", "linux")]
    [InlineData("ip route change 192.0.2.1 via 192.168.0.2 dev tun0 advmss 600 mtu lock 640 initcwnd 11", "InitialWindowSegments,MaximumSegmentSize,PathMtuDiscovery,RouteMtu")]
    [InlineData("ip -6 route change 2001:db8::1 via fe80::1 dev tun0 mtu 1280", "RouteMtu")]
    [InlineData("ip route change 192.0.2.1 via 192.168.0.2 dev tun0 mtu 640; ip route change 192.0.2.1 via 192.168.0.2 dev tun0 advmss 600", "MaximumSegmentSize")]
    [InlineData("grep \" 0A \" /proc/net/tcp /proc/net/tcp6 | grep \":1F90\"", "ExpectedListener")]
    [InlineData("echo 3 > /sys/module/tcp_cubic/parameters/hystart_detect", "linux")]
    public void Command_ThatSetsTheKernel_SetsTheTcp(string command, string changed)
    {
        var before = ScriptMachine.Of(ScriptProfile.Linux);
        ScriptMachine after = ScriptCommands.Apply(before, command);

        IEnumerable<string> names = [.. Changed(before, after), .. Changed(before.Tcp, after.Tcp), .. Changed(before.Sockets, after.Sockets)];
        Assert.Equal(changed == "linux" ? [] : changed.Split(','), names.Except(["Tcp", "Sockets"]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("rm -rf /")]
    [InlineData("sysctl -q net.ipv4.tcp_syn_retries=-1")]
    [InlineData("sysctl -q net.ipv4.tcp_congestion_control=bbr")]
    [InlineData("sysctl -q net.ipv4.tcp_rmem")]
    [InlineData("sysctl -q net.ipv4.tcp_keepalive_time=0")]
    [InlineData("cat /etc/passwd > /dev/null")]
    [InlineData("tc qdisc replace dev tun0 root fq")]
    [InlineData("tc qdisc replace dev tun0 root pfifo limit many")]
    [InlineData("ip route change 1.2.3.4 via 1.2.3.5 dev tun0 mtu")]
    [InlineData("ip route change 1.2.3.4 via 1.2.3.5 dev tun0 rtt 5")]
    [InlineData("ip route change 1.2.3.4 via 1.2.3.5 dev tun0 mtu 551")]
    [InlineData("ip -6 route change 2001:db8::1 via fe80::1 dev tun0 mtu 1279")]
    [InlineData("grep root /etc/passwd")]
    [InlineData("grep \" 0A \" /proc/net/tcp /proc/net/tcp6 | grep \":xyz\"")]
    [InlineData("sysctl -q net.ipv4.tcp_min_tso_segs=0")]
    [InlineData("echo 2 > /sys/module/tcp_cubic/parameters/hystart_detect")] // half of it
    public void Command_ThatMeansNothingHere_IsUnsupported(string command) =>
        Assert.Throws<ScriptUnsupported>(() => ScriptCommands.Apply(ScriptMachine.Of(ScriptProfile.Linux), command));

    [Fact]
    public void Profile_OfAUser_SaysHowSocketsCountAndWhatIsSuspect()
    {
        ScriptProfile profile = ScriptProfile.Parse("""{ "Name": "mine", "Sockets": { "Accounting": "Buffers", "BufferOverhead": 100 }, "SuspectScripts": ["a/b.pkt"] }""");

        Assert.Equal((SendBufferAccounting.Buffers, 100, 2), (profile.Sockets.Accounting, profile.Sockets.BufferOverhead, profile.Sockets.SendBufferFactor));
        Assert.True(profile.Suspects("x\\a\\b.pkt"));
        Assert.False(profile.Suspects("x/aa/b.pkt"));
        Assert.False(profile.Suspects(null));
    }

    [Fact]
    public void Profile_OfAnotherStack_DecidesOnOptionsScaleAndResets()
    {
        ScriptProfile profile = ScriptProfile.Parse("""
            { "Name": "bsd", "Settings": { "SynOptionLayout": "mss,nop,wscale,sackOK,TS", "WindowScale": 6, "AcceptResetInWindow": true, "ResetOnSynInWindow": true, "ReceiveBufferSize": 65535 } }
            """);
        const string Script = """
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
            +0 bind(3, ..., ...) = 0
            +0 listen(3, 1) = 0
            +0 < S 0:0(0) win 32792 <mss 1000,sackOK,TS val 1 ecr 0,nop,wscale 7>
            +0 > S. 0:0(0) ack 1 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 1>
            +.1 < . 1:1(0) ack 1 win 257 <nop,nop,TS val 2 ecr 100>
            +0 accept(3, ..., ...) = 4
            +0 < R 100:100(0) win 0
            +0 read(4, ..., 1) = -1 ECONNRESET (Connection reset by peer)
            +0 < 60000 > 8080 S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop>
            +0 > 8080 > 60000 S. 0:0(0) ack 1 <mss 1460,nop,sackOK,eol>
            +.1 < 60000 > 8080 . 1:1(0) ack 1 win 257
            +0 accept(3, ..., ...) = 5
            +0 < 60000 > 8080 S. 10:10(0) ack 1 win 257
            +0 > 8080 > 60000 R 1:1(0)
            +0 read(5, ..., 1) = -1 ECONNRESET (Connection reset by peer)
            """;

        Assert.Equal("Pass", ScriptRunner.Run(TcpScript.Parse(Script), new() { Profile = profile }).ToString());
        Assert.Equal(ScriptVerdict.Fail, ScriptRunner.Run(TcpScript.Parse(Script)).Verdict);
    }

    [Fact]
    public void Route_WithAnMtu_BoundsWhatIsAnnouncedAndSentFromThenOn()
    {
        const string Script = """
            `ip route change 192.0.2.1 via 192.168.0.2 dev tun0 mtu 1040`
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
            +0 bind(3, ..., ...) = 0
            +0 listen(3, 1) = 0
            +0 < S 0:0(0) win 32792 <mss 1460>
            +0 > S. 0:0(0) ack 1 <mss 1000>
            +.1 < . 1:1(0) ack 1 win 32792
            +0 accept(3, ..., ...) = 4
            +0 write(4, ..., 2000) = 2000
            +0 > . 1:1001(1000) ack 1
            +0 > P. 1001:2001(1000) ack 1
            +.1 < . 1:1(0) ack 2001 win 32792
            +0 `ip route change 192.0.2.1 via 192.168.0.2 dev tun0 mtu 640`
            +0 write(4, ..., 1000) = 1000
            +0 > . 2001:2601(600) ack 1
            +.1 < . 1:1(0) ack 2601 win 32792
            +0 > P. 2601:3001(400) ack 1
            +0 %{ assert tcpi_pmtu == 640, tcpi_pmtu }%
            """;

        Assert.Equal("Pass", ScriptRunner.Run(TcpScript.Parse("--strict_segments\n" + Script)).ToString());
    }

    [Fact]
    public void Route_WithALockedMtu_BelievesNoSmallerOne()
    {
        const string Script = """
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
            +0 bind(3, ..., ...) = 0
            +0 listen(3, 1) = 0
            +0 < S 0:0(0) win 32792 <mss 1460>
            +0 > S. 0:0(0) ack 1 <mss 960>
            +.1 < . 1:1(0) ack 1 win 32792
            +0 accept(3, ..., ...) = 4
            +0 write(4, ..., 960) = 960
            +0 > P. 1:961(960) ack 1
            +0 < icmp unreachable frag_needed mtu 600 [1:961(960)]
            +0 %{ assert tcpi_pmtu == PMTU, tcpi_pmtu }%
            """;

        foreach ((string words, string mtu) in new[] { ("mtu lock 1000", "1000"), ("mtu 1000", "600") })
        {
            string script = $"`ip route change 192.0.2.1 via 192.168.0.2 dev tun0 {words}`\n" + Script.Replace("PMTU", mtu, StringComparison.Ordinal);
            Assert.Equal("Pass", ScriptRunner.Run(TcpScript.Parse(script)).ToString());
        }
    }

    private static IEnumerable<string> Changed<T>(T before, T after) => typeof(T).GetProperties()
        .Where(property => !Equals(property.GetValue(before), property.GetValue(after)))
        .Select(property => property.Name);
}
