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
    [InlineData("""{ "Name": "x", "Sockets": { "BufferOverhead": -1 } }""")]
    [InlineData("""{ "Name": "x", "Sockets": { "NoSuchSetting": 1 } }""")]
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
    [InlineData("ip route change 192.0.2.1 via 192.168.0.2 dev tun0 advmss 600 mtu lock 640 initcwnd 11", "InitialWindowSegments,MaximumSegmentSize,RouteMtu")]
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

    private static IEnumerable<string> Changed<T>(T before, T after) => typeof(T).GetProperties()
        .Where(property => !Equals(property.GetValue(before), property.GetValue(after)))
        .Select(property => property.Name);
}
