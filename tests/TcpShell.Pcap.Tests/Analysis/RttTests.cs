using System.Globalization;
using TcpShell.Pcap.Analysis;
using static TcpShell.Pcap.Tests.Analysis.Exchange;

namespace TcpShell.Pcap.Tests.Analysis;

public sealed class RttTests
{
    [Fact]
    public void Statistics_OfManySamples_AreRightToFourPercentInFixedMemory()
    {
        var statistics = new RttStatistics();
        var random = new Random(1);
        List<long> samples = [];
        for (int i = 0; i < 100_000; i++)
        {
            long sample = (long)Math.Exp(random.NextDouble() * 15) * 1000;
            samples.Add(sample);
            statistics.Add(sample);
        }

        samples.Sort();
        foreach (double part in new[] { 0.01, 0.1, 0.5, 0.9, 0.95, 0.99 })
        {
            double exact = samples[(int)Math.Ceiling(part * samples.Count) - 1];
            Assert.InRange(statistics.Quantile(part).TotalNanoseconds / exact, 0.96, 1.04);
        }

        Assert.Equal((samples[0] / 100, samples[^1] / 100), (statistics.Minimum.Ticks, statistics.Maximum.Ticks));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < samples.Count; i++)
        {
            statistics.Add(samples[i]);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Statistics_OfFewSamples_AreExact()
    {
        var statistics = new RttStatistics();
        foreach (long milliseconds in new[] { 5, 1, 9, 3 })
        {
            statistics.Add(milliseconds * 1_000_000);
        }

        Assert.Equal((1, 3, 9, 4.5), (statistics.Minimum.TotalMilliseconds, statistics.Median.TotalMilliseconds, statistics.Maximum.TotalMilliseconds, statistics.Mean.TotalMilliseconds));
        Assert.Equal((4 + 8 + 6) / 3.0, statistics.Jitter.TotalMilliseconds, 3);
        Assert.Equal("4 samples, 1/3/9 ms", statistics.ToString());
    }

    // Kept in pieces at first; whoever asks, and when, changes nothing.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Samples_OfAnyNumber_ComeToTheSameAsStatistics(bool isAskedMeanwhile)
    {
        var random = new Random(2);
        var samples = new RttSamples();
        var statistics = new RttStatistics();
        Assert.Null(samples.Statistics);
        for (int count = 1; count <= 200; count++)
        {
            long sample = random.NextInt64(1_000_000_000);
            samples.Add(sample);
            statistics.Add(sample);
            if (isAskedMeanwhile || count == 200)
            {
                Assert.Equal(Facts(statistics), Facts(samples.Statistics!));
            }

            // A copy asks apart from the original, so that the original keeps its pieces.
            RttSamples copy = samples;
            Assert.Equal(Facts(statistics), Facts(copy.Statistics!));
        }

        static (long Count, TimeSpan Minimum, TimeSpan Median, TimeSpan Tail, TimeSpan Maximum, TimeSpan Mean, TimeSpan Jitter) Facts(RttStatistics of) =>
            (of.Count, of.Minimum, of.Median, of.Quantile(0.95), of.Maximum, of.Mean, of.Jitter);
    }

    [Fact]
    public void Retransmission_Acknowledged_TellsNoRoundTrip()
    {
        TcpConversation conversation = new Exchange().Open().C(Ack, 101, 501, 10).C(Ack, 101, 501, 10).S(Ack, 501, 111).C(Ack, 111, 501, 10).S(Ack, 501, 121).Only;

        Assert.Equal(2, conversation.Client.Rtt!.Count); // the SYN's and the last one's
    }

    [Theory]
    [InlineData("zeek/ftp/ftp-auth-tls.pcap")]
    [InlineData("pcapplusplus/Tests/ExamplesTest/pcap_examples/many-protocols.pcap")]
    [InlineData("tcpdump/dns_tcp.pcap")]
    [InlineData("zeek/tls/irc-starttls.pcap")]
    public void RoundTrips_OfARealCapture_AreTsharks(string name)
    {
        string path = Path.Combine(SharedCaptures.Folder, name);
        Dictionary<int, List<double>> theirs = [];
        Dictionary<int, double> handshakes = [];
        foreach (string line in Tshark.Run("tshark", "-n", "-2", "-r", path, "-Y", "tcp", "-T", "fields", "-e", "tcp.stream", "-e", "tcp.analysis.ack_rtt", "-e", "tcp.analysis.initial_rtt"))
        {
            string[] fields = line.Split('\t');
            int stream = int.Parse(fields[0], CultureInfo.InvariantCulture);
            if (fields[1].Length > 0)
            {
                theirs.TryAdd(stream, []);
                theirs[stream].Add(double.Parse(fields[1], CultureInfo.InvariantCulture));
            }

            if (fields[2].Length > 0)
            {
                handshakes[stream] = double.Parse(fields[2], CultureInfo.InvariantCulture);
            }
        }

        int compared = 0;
        foreach (TcpConversation conversation in TruthTests.Track(name, out _).Where(conversation => conversation.Client.Analysis.Retransmissions + conversation.Server.Analysis.Retransmissions == 0 && theirs.ContainsKey(conversation.Stream)))
        {
            long ours = (conversation.Client.Rtt?.Count ?? 0) + (conversation.Server.Rtt?.Count ?? 0);
            double longest = Math.Max(conversation.Client.Rtt?.Maximum.TotalSeconds ?? 0, conversation.Server.Rtt?.Maximum.TotalSeconds ?? 0);
            compared++;
            Assert.Equal(theirs[conversation.Stream].Max(), longest, 6);
            Assert.True(theirs[conversation.Stream].Count == ours, $"stream {conversation.Stream}: {ours}, tshark {theirs[conversation.Stream].Count}");
            if (conversation.HandshakeRtt is { } handshake)
            {
                Assert.Equal(handshakes[conversation.Stream], handshake.TotalSeconds, 6);
            }
        }

        Assert.True(compared > 0);
    }
}
