using TcpShell.Tcp;
using TcpShell.Tcp.Recovery;

namespace TcpShell.Engine.Tests.Tcp.Recovery;

/// <summary>The two examples of RFC 6937 4, in segments: 20 in flight, to be halved; and how RFC 9937 differs.</summary>
public sealed class ProportionalRateReductionTests
{
    private readonly ProportionalRateReduction _prr = new();

    [Fact]
    [Trait("Proves", "6937-3")]
    [Trait("Proves", "6937-5")]
    public void OneOfTwentyLost_OneSegmentForEachTwoAcks()
    {
        _prr.Start(RateReduction.Rfc6937, threshold: 10, flight: 20);
        int pipe = 19;
        var sent = new List<int>();
        for (int ack = 1; ack <= 19; ack++)
        {
            pipe--;
            int count = _prr.Allow(1, pipe, segmentSize: 1, isSafe: false);
            _prr.Sent(count);
            pipe += count;
            sent.Add(count);
        }

        Assert.Equal([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1], sent); // ssthresh is reached at the 17th
        Assert.Equal(10, pipe);
    }

    [Fact]
    [Trait("Proves", "6937-4")]
    [Trait("Proves", "6937-5")]
    public void FifteenOfTwentyLost_GrowsBackAsSlowStartWould()
    {
        _prr.Start(RateReduction.Rfc6937, threshold: 10, flight: 20);
        int pipe = 5; // 15 of 20 are lost
        var pipes = new List<int>();
        for (int ack = 1; ack <= 12; ack++)
        {
            pipe--;
            int count = _prr.Allow(1, pipe, segmentSize: 1, isSafe: false);
            Assert.InRange(count, 1, 2); // no stall, no burst
            _prr.Sent(count);
            pipe += count;
            pipes.Add(pipe);
        }

        Assert.Equal([6, 7, 8, 9, 10, 10, 10, 10, 10, 10, 10, 10], pipes);
    }

    [Fact]
    [Trait("Proves", "6937-4")]
    public void NothingWasSentWhileMuchArrived_ItMayBeMadeUpFor()
    {
        _prr.Start(RateReduction.Rfc6937, threshold: 10_000, flight: 20_000);
        Assert.Equal(4000, _prr.Allow(8000, 11_000, 1000, isSafe: false)); // proportional
        Assert.Equal(8000, _prr.Allow(9000, 2000, 1000, isSafe: false)); // up to ssthresh, of 17000 + 1000
        _prr.Sent(8000);
        Assert.Equal(0, _prr.Allow(1000, 10_000, 1000, isSafe: false));
    }

    [Fact]
    public void Rfc9937_BelowSsthresh_OneMoreThanArrivesOnlyWithSafeAcks()
    {
        _prr.Start(RateReduction.Rfc9937, threshold: 10_000, flight: 20_000);
        Assert.Equal(1000, _prr.Allow(1000, 4000, 1000, isSafe: false)); // as much as arrives
        _prr.Sent(1000);
        Assert.Equal(2000, _prr.Allow(1000, 4000, 1000, isSafe: true)); // and one more
        _prr.Sent(2000);
        Assert.Equal(500, _prr.Allow(1000, 9500, 1000, isSafe: true)); // not beyond ssthresh
    }

    [Fact]
    public void Rfc9937_NothingInFlightAndNothingArrives_OneSegmentGoes()
    {
        _prr.Start(RateReduction.Rfc9937, threshold: 10_000, flight: 20_000);
        _prr.Sent(1000);
        Assert.Equal(0, _prr.Allow(0, 1000, 1000, isSafe: false));
        Assert.Equal(1000, _prr.Allow(0, 0, 1000, isSafe: false)); // or no ACK would ever come that lets more out
    }
}
