using TcpShell.Scripting;
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
    public void Text_ThatIsNoProfile_IsRefused(string json) => Assert.Throws<FormatException>(() => ScriptProfile.Parse(json));

    [Theory]
    [InlineData("/x/common/defaults.sh", "linux")]
    [InlineData("../../common/defaults.sh\nsysctl -q net.ipv4.tcp_sack=0 net.ipv4.tcp_timestamps=0", "SelectiveAcknowledgment,Timestamps")]
    [InlineData("set_sysctls.py /proc/sys/net/ipv4/tcp_syn_retries=2 \\\n /proc/sys/net/ipv4/tcp_rfc1337=1", "SynRetries,TimeWaitIgnoresReset")]
    [InlineData("sysctl -q net.ipv4.tcp_rmem=\"4096 8192 65535\" # comment", "ReceiveBufferSize")]
    [InlineData("ip tcp_metrics flush all > /dev/null 2>&1; /tmp/sysctl_restore_${PPID}.sh", "linux")]
    [InlineData("echo 0 > /sys/module/tcp_cubic/parameters/hystart_detect", "HyStart")]
    [InlineData("echo 3 > /sys/module/tcp_cubic/parameters/hystart_detect", "linux")]
    public void Command_ThatSetsTheKernel_SetsTheTcp(string command, string changed)
    {
        TcpSettings before = ScriptProfile.Linux.Settings;
        TcpSettings after = ScriptCommands.Apply(before, command);

        IEnumerable<string> names = typeof(TcpSettings).GetProperties().Where(property => !Equals(property.GetValue(before), property.GetValue(after)))
            .Select(property => property.Name);
        Assert.Equal(changed == "linux" ? [] : changed.Split(','), names.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("rm -rf /")]
    [InlineData("sysctl -q net.ipv4.tcp_syn_retries=-1")]
    [InlineData("sysctl -q net.ipv4.tcp_congestion_control=bbr")]
    [InlineData("sysctl -q net.ipv4.tcp_rmem")]
    [InlineData("sysctl -q net.ipv4.tcp_keepalive_time=0")]
    [InlineData("cat /etc/passwd > /dev/null")]
    [InlineData("echo 2 > /sys/module/tcp_cubic/parameters/hystart_detect")] // half of it
    public void Command_ThatMeansNothingHere_IsUnsupported(string command) =>
        Assert.Throws<ScriptUnsupported>(() => ScriptCommands.Apply(TcpSettings.Linux, command));
}
