using System.Globalization;
using TcpShell.Tcp;
using TcpShell.Text;

namespace TcpShell.Engine.Tests.Text;

/// <summary>What people type, read without PowerShell.</summary>
public sealed class TextParserTests
{
    [Theory]
    [InlineData("50ms", 500_000)]
    [InlineData("1.5s", 15_000_000)]
    [InlineData("1.5 S", 15_000_000)]
    [InlineData("2m", 1_200_000_000)]
    [InlineData("2min", 1_200_000_000)]
    [InlineData("100us", 1_000)]
    [InlineData("100\u00b5s", 1_000)]
    [InlineData("1h", 36_000_000_000)]
    [InlineData("250ns", 3)]
    [InlineData(" 3 ", 30_000_000)]
    [InlineData(".5", 5_000_000)]
    [InlineData("00:00:00.25", 2_500_000)]
    [InlineData("0", 0)]
    public void Duration_WrittenByPeople_IsRead(string text, long ticks)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(ticks, duration.Ticks);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ms")]
    [InlineData("-1s")]
    [InlineData("-00:01")]
    [InlineData("1,5s")]
    [InlineData("1e3")]
    [InlineData("1.2.3s")]
    [InlineData("5 fortnights")]
    [InlineData("9999999999999999h")]
    [InlineData("99999999999999999999999999999999999999")]
    public void Duration_NoneOrTooLong_IsRefused(string? text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "100ns")]
    [InlineData(1_000, "100us")]
    [InlineData(200_000, "20ms")]
    [InlineData(15_000_000, "1.5s")]
    [InlineData(1_200_000_000, "2m")]
    [InlineData(36_000_000_000, "1h")]
    [InlineData(1_234_567_891, "123.4567891s")]
    public void Duration_Written_IsShortAndReadBack(long ticks, string expected)
    {
        string text = DurationText.Format(new TimeSpan(ticks));
        Assert.Equal(expected, text);
        Assert.True(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(ticks, duration.Ticks);
    }

    [Theory]
    [InlineData("10mbit", 10_000_000)]
    [InlineData("10 Mbit/s", 10_000_000)]
    [InlineData("100Mbps", 100_000_000)]
    [InlineData("1gbit", 1_000_000_000)]
    [InlineData("64kbit", 64_000)]
    [InlineData("56.6kbit", 56_600)]
    [InlineData("9600", 9_600)]
    [InlineData("9600bit/s", 9_600)]
    public void Bandwidth_WrittenByPeople_IsRead(string text, long expected)
    {
        Assert.True(BandwidthText.TryParse(text, out long bitsPerSecond));
        Assert.Equal(expected, bitsPerSecond);
    }

    [Theory]
    [InlineData("10MB/s")]
    [InlineData("10MBps")]
    [InlineData("10mb")]
    [InlineData("0mbit")]
    [InlineData("-1kbit")]
    [InlineData("quick")]
    [InlineData("99999999999999999999gbit")]
    [InlineData(null)]
    public void Bandwidth_BytesOrNone_IsRefused(string? text) => Assert.False(BandwidthText.TryParse(text, out _));

    [Theory]
    [InlineData(1)]
    [InlineData(9_600)]
    [InlineData(64_000)]
    [InlineData(10_000_000)]
    [InlineData(1_234_567_891)]
    public void Bandwidth_Written_IsReadBack(long expected)
    {
        Assert.True(BandwidthText.TryParse(BandwidthText.Format(expected), out long bitsPerSecond));
        Assert.Equal(expected, bitsPerSecond);
    }

    [Theory]
    [InlineData("1%", 0.01)]
    [InlineData("0.5 %", 0.005)]
    [InlineData("0.01", 0.01)]
    [InlineData("1", 1)]
    [InlineData("100%", 1)]
    [InlineData("0", 0)]
    public void Probability_WrittenByPeople_IsRead(string text, double expected)
    {
        Assert.True(ProbabilityText.TryParse(text, out double probability));
        Assert.Equal(expected, probability, 12);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("101%")]
    [InlineData("-1%")]
    [InlineData("1 in 3")]
    [InlineData(null)]
    public void Probability_AboveOneOrNone_IsRefused(string? text) => Assert.False(ProbabilityText.TryParse(text, out _));

    [Fact]
    public void Numbers_InACultureWithCommas_AreReadAndWrittenTheSame()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        var commas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        commas.NumberFormat.NumberDecimalSeparator = ",";
        try
        {
            CultureInfo.CurrentCulture = commas;
            Assert.True(DurationText.TryParse("1.5s", out TimeSpan duration));
            Assert.Equal("1.5s", DurationText.Format(duration));
            Assert.Equal("1.5 Mbit/s", BandwidthText.Format(1_500_000));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void State_InEverySpelling_IsReadBack()
    {
        foreach (TcpState expected in Enum.GetValues<TcpState>())
        {
            foreach (string text in (string[])[expected.ToString(), expected.ToRfc(), expected.ToNetstat(), expected.ToRfc().ToLowerInvariant()])
            {
                Assert.True(TcpStateNames.TryParse(text, out TcpState state), text);
                Assert.Equal(expected, state);
            }
        }
    }

    [Theory]
    [InlineData(TcpState.SynReceived, "SYN-RECEIVED", "SYN_RECV")]
    [InlineData(TcpState.FinWait1, "FIN-WAIT-1", "FIN_WAIT1")]
    [InlineData(TcpState.TimeWait, "TIME-WAIT", "TIME_WAIT")]
    [InlineData(TcpState.Closed, "CLOSED", "CLOSE")]
    public void State_Written_HasTheNamesOfRfcAndNetstat(TcpState state, string rfc, string netstat)
    {
        Assert.Equal(rfc, state.ToRfc());
        Assert.Equal(netstat, state.ToNetstat());
    }

    [Theory]
    [InlineData("SYN_SEND", TcpState.SynSent)]
    [InlineData("SYN_RCVD", TcpState.SynReceived)]
    [InlineData("ESTAB", TcpState.Established)]
    [InlineData("UNCONN", TcpState.Closed)]
    [InlineData("LISTENING", TcpState.Listen)]
    [InlineData("FIN_WAIT_2", TcpState.FinWait2)]
    public void State_InAnotherToolsSpelling_IsRead(string text, TcpState expected)
    {
        Assert.True(TcpStateNames.TryParse(text, out TcpState state));
        Assert.Equal(expected, state);
    }

    [Theory]
    [InlineData("OPEN")]
    [InlineData("4")]
    [InlineData("")]
    [InlineData(null)]
    public void State_Unknown_IsRefused(string? text) => Assert.False(TcpStateNames.TryParse(text, out _));
}
