using System.Xml.Linq;
using TcpShell.Diagrams.Charts;
using TcpShell.Engine.Tests.Simulation;
using TcpShell.Engine.Tests.Tracing;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Diagrams;

public class ChartTests
{
    private static readonly Chart s_simple = new(
        "A title <with> marks",
        new ChartAxis("time", AxisUnit.Seconds),
        new ChartAxis("size", AxisUnit.Octets) { Minimum = 0 },
        [
            new("line", [new(0, 0), new(1, 1000), new(2, 500)]),
            new("steps", [new(0, 200), new(1, 800), new(2, 800)], SeriesStyle.Steps),
            new("points", [new(0.5, 900), new(1.5, double.NaN)], SeriesStyle.Points),
            new("bars", [new(0.25, 100), new(0.25, 300), new(1.75, 100), new(1.75, 600)], SeriesStyle.Bars),
            new("nothing", []),
        ]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Text_EachStyle_IsTheSnapshot(bool ascii) => Snapshot.Matches(ascii ? "chart-styles-ascii" : "chart-styles", TextChart.Draw(s_simple, 72, 12, ascii));

    [Fact]
    public void Svg_EachStyle_IsWellFormedAndDrawsEverySeriesThatHasPoints()
    {
        XElement svg = XDocument.Parse(SvgChart.Draw(s_simple)).Root!;
        XNamespace ns = "http://www.w3.org/2000/svg";
        string[] texts = [.. svg.Elements(ns + "text").Select(text => text.Value)];
        Assert.Contains("A title <with> marks", texts);
        Assert.Contains("steps", texts);
        Assert.DoesNotContain("nothing", texts);
        Assert.Equal(3, svg.Elements(ns + "path").Count());
        Assert.Single(svg.Elements(ns + "circle"));
        Assert.Equal(SvgChart.Draw(s_simple), SvgChart.Draw(s_simple));
    }

    [Theory]
    [InlineData(0, 97, AxisUnit.Number, "0 20 40 60 80 100")]
    [InlineData(0, 1, AxisUnit.Share, "0 % 20 % 40 % 60 % 80 % 100 %")]
    [InlineData(0, 0.09, AxisUnit.Seconds, "0 s 20 ms 40 ms 60 ms 80 ms 100 ms")]
    [InlineData(0, 1_200_000, AxisUnit.Octets, "0 B 500 kB 1 MB 1.5 MB")]
    [InlineData(-3, 3, AxisUnit.Number, "-4 -2 0 2 4")]
    [InlineData(5, 5, AxisUnit.Number, "5 5.2 5.4 5.6 5.8 6")]
    public void Ticks_OfARange_AreRoundNumbers(double low, double high, AxisUnit unit, string expected)
    {
        var scale = new AxisScale(new ChartAxis("", unit), [low, high], 5);
        Assert.Equal(expected, string.Join(' ', scale.Ticks.Select(scale.Text)));
    }

    [Fact]
    public void Ticks_Logarithmic_ArePowersOfTen()
    {
        var scale = new AxisScale(new ChartAxis("", AxisUnit.BitsPerSecond) { Logarithmic = true }, [0, 2e3, 4e6], 5);
        Assert.Equal("1 kbit/s 10 kbit/s 100 kbit/s 1 Mbit/s 10 Mbit/s", string.Join(' ', scale.Ticks.Select(scale.Text)));
        Assert.False(scale.IsDrawable(0));
    }

    [Fact]
    [Trait("Proves", "P35")]
    public void RoundTripTime_OfATransfer_StartsAtTheInitialRtoAndShowsEachMeasurement()
    {
        HostedConnection connection = Transfer(out _);
        Chart chart = ConnectionCharts.RoundTripTime(connection);
        ChartSeries rto = chart.Series.Single(series => series.Name == "RTO");
        Assert.Equal(1, rto.Points[0].Y);
        Assert.Equal(connection.Rto.TotalSeconds, rto.Points[^1].Y);
        Assert.All(chart.Series.Single(series => series.Name == "RTT").Points, point => Assert.InRange(point.Y, 0.02, 0.2));
    }

    [Fact]
    public void CongestionWindow_OfATransferWithALoss_FallsAndNeverIsExceeded()
    {
        HostedConnection connection = Transfer(out _);
        Assert.NotEmpty(ConnectionCharts.CongestionWindow(connection).Series.Single(series => series.Name == "ssthresh").Points);
        double[] window = [.. ConnectionCharts.CongestionWindow(connection).Series.Single(series => series.Name == "cwnd").Points.Select(point => point.Y)];
        Assert.True(window.Max() > window[^1], "the loss lowers it");
    }

    [Fact]
    [Trait("Proves", "P33")]
    public void TimeSequence_OfATransferWithALoss_ShowsEveryOctetOnceAndWhatWasSentAgain()
    {
        HostedConnection connection = Transfer(out SimulatedNetwork network);
        Chart chart = SegmentCharts.TimeSequence(SegmentRecorder.Record([.. network.Trace]), connection.Local);
        IReadOnlyList<ChartPoint> sent = chart.Series.Single(series => series.Name == "sent").Points;
        Assert.Equal(200_000, Enumerable.Range(0, sent.Count / 2).Sum(bar => sent[(bar * 2) + 1].Y - sent[bar * 2].Y));
        Assert.NotEmpty(chart.Series.Single(series => series.Name == "sent again").Points);
        Assert.NotEmpty(chart.Series.Single(series => series.Name == "SACKed").Points);
        Assert.Equal(200_001, chart.Series.Single(series => series.Name == "acknowledged").Points.Max(point => point.Y));
    }

    [Fact]
    [Trait("Proves", "P33")]
    public void Stevens_OfATransferWithALoss_HasAPointForEachSegmentWithData()
    {
        HostedConnection connection = Transfer(out SimulatedNetwork network);
        SegmentRecord[] segments = [.. SegmentRecorder.Record([.. network.Trace])];
        Chart chart = SegmentCharts.Stevens(segments, connection.Local);
        Assert.Equal(segments.Count(segment => segment.Length > 0), chart.Series.Sum(series => series.Points.Count));
        Assert.Equal(segments.Count(segment => segment.Attempt > 1 && segment.Length > 0), chart.Series.Single(series => series.Name == "sent again").Points.Count);
    }

    [Fact]
    [Trait("Proves", "P35")]
    public void RoundTripTime_OfSegments_IsThePathsAndNeverOfWhatWasSentTwice()
    {
        HostedConnection connection = Transfer(out SimulatedNetwork network);
        SegmentRecord[] segments = [.. SegmentRecorder.Record([.. network.Trace])];
        IReadOnlyList<ChartPoint> samples = SegmentCharts.RoundTripTime(segments, connection.Local).Series.Single(series => series.Name == "RTT").Points;
        double again = segments.Single(segment => segment.Attempt > 1).Time.TotalSeconds;
        Assert.True(samples.Count > 50);
        Assert.All(samples, sample => Assert.InRange(sample.Y, 0.02, 0.2));

        // The ACK that the repeated segment brings would make the shortest sample of all.
        Assert.DoesNotContain(samples, sample => sample.X > again && sample.X < again + 0.0205);
    }

    [Fact]
    public void Window_OfAReceiverThatDoesNotRead_ClosesAndIsNeverExceeded()
    {
        var lab = new Lab(Applications.Manual, serverSettings: TcpSettings.Linux with { ReceiveBufferSize = 20_000 });
        HostedConnection connection = lab.Network.Connect(lab.Client, Lab.ServerEnd);
        lab.Network.RunUntil(() => connection.State == TcpState.Established, TimeSpan.FromSeconds(1));
        lab.Network.Send(connection, new byte[40_000]);
        lab.Network.RunFor(TimeSpan.FromSeconds(30));
        Chart chart = SegmentCharts.Window(SegmentRecorder.Record([.. lab.Network.Trace]), connection.Local);
        Assert.NotEmpty(chart.Series.Single(series => series.Name == "closed").Points);
        Assert.Equal(0, chart.Series.Single(series => series.Name == "window").Points[^1].Y);
        Assert.True(chart.Series.Single(series => series.Name == "in flight").Points.Max(point => point.Y) > 10_000);
    }

    [Fact]
    public void Throughput_OfATransfer_AddsUpToAllOctets()
    {
        HostedConnection connection = Transfer(out SimulatedNetwork network);
        Chart chart = SegmentCharts.Throughput(SegmentRecorder.Record([.. network.Trace]), connection.Local);
        IReadOnlyList<ChartPoint> acknowledged = chart.Series.Single(series => series.Name == "acknowledged").Points;
        double width = acknowledged[1].X - acknowledged[0].X;
        Assert.Equal(200_000, acknowledged.Sum(bin => bin.Y * width / 8), 3);
        Assert.True(chart.Series.Single(series => series.Name == "sent").Points.Sum(bin => bin.Y * width / 8) > 200_000, "one segment was sent twice");
    }

    [Fact]
    public void TimeSequence_AnOlderAckThatComesLate_TakesNothingBack()
    {
        var observer = new Observer();
        observer.FromClient(TcpFlags.SYN, 99);
        observer.FromServer(TcpFlags.SYN | TcpFlags.ACK, 499, 100);
        for (uint i = 0; i < 3; i++)
        {
            observer.FromClient(TcpFlags.ACK, 100 + (1000 * i), 500, length: 1000);
        }

        observer.FromServer(TcpFlags.ACK, 500, 1100, window: 5000);
        observer.FromServer(TcpFlags.ACK, 500, 3100, window: 3000);
        observer.FromServer(TcpFlags.ACK, 500, 2100, window: 3500);
        observer.FromServer(TcpFlags.ACK, 500, 3100, window: 4000);
        Chart chart = SegmentCharts.TimeSequence(observer.Records, observer.Client);
        Assert.Equal([1001, 3001, 3001], chart.Series.Single(series => series.Name == "acknowledged").Points.Select(point => point.Y));
        Assert.Equal([6001, 6001, 7001], chart.Series.Single(series => series.Name == "window").Points.Select(point => point.Y));
    }

    [Fact]
    public void Svg_PaleBars_AreSeenOnPaper()
    {
        Chart chart = s_simple with { Series = [new("pale", [new(1, 100), new(1, 900)], SeriesStyle.PaleBars)] };
        XElement path = XDocument.Parse(SvgChart.Draw(chart)).Root!.Elements().Last(element => element.Name.LocalName == "path");

        // Less than two pixels at half the strength is lost where they fall between two columns of a bitmap.
        Assert.True((double)path.Attribute("stroke-width")! >= 2);
        Assert.True((double)path.Attribute("stroke-opacity")! > 0.5);
    }

    [Fact]
    public void Throughput_OfOneMomentOnly_IsEmpty()
    {
        var observer = new Observer();
        observer.FromClient(TcpFlags.SYN, 99);
        observer.FromServer(TcpFlags.SYN | TcpFlags.ACK, 499, 100);
        observer.FromClient(TcpFlags.ACK, 100, 500, length: 5);
        observer.FromServer(TcpFlags.ACK, 500, 105);
        Assert.True(SegmentCharts.Throughput(observer.Records, observer.Client).IsEmpty);
        observer.FromClient(TcpFlags.ACK, 105, 500, length: 5);
        Assert.False(SegmentCharts.Throughput(observer.Records, observer.Client).IsEmpty);
    }

    [Fact]
    public void Svg_Series_KeepTheirColoursWhenOthersAreEmpty()
    {
        Chart all = s_simple with { Series = [s_simple.Series[0], s_simple.Series[1]] };
        Chart second = s_simple with { Series = [s_simple.Series[0] with { Points = [] }, s_simple.Series[1]] };
        static string ColourOf(Chart chart) => XDocument.Parse(SvgChart.Draw(chart)).Root!.Elements().Last(element => element.Name.LocalName == "path").Attribute("stroke")!.Value;
        Assert.Equal(ColourOf(all), ColourOf(second));
    }

    [Fact]
    public void History_LongTransfer_IsBounded()
    {
        var lab = new Lab(Applications.Discard, links: new LinkOptions { Latency = TimeSpan.FromMilliseconds(1), Bandwidth = 1_000_000_000 });
        HostedConnection connection = lab.Network.Connect(lab.Client, Lab.ServerEnd);
        for (int round = 0; round < 30; round++)
        {
            lab.Network.RunFor(TimeSpan.FromMilliseconds(100));
            lab.Network.Send(connection, new byte[1_000_000]);
        }

        lab.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.InRange(connection.History.Samples.Count, 1000, 10_000);
    }

    private static HostedConnection Transfer(out SimulatedNetwork network)
    {
        var lab = new Lab(Applications.Discard, links: new LinkOptions { Latency = TimeSpan.FromMilliseconds(10), Bandwidth = 10_000_000 });
        network = lab.Network;
        lab.Network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { From = "client", DataOnly = true, Skip = 40, Count = 1 });
        HostedConnection connection = lab.Network.Connect(lab.Client, Lab.ServerEnd);
        lab.Network.Send(connection, new byte[200_000]);
        lab.Network.RunFor(TimeSpan.FromSeconds(5));
        return connection;
    }
}
