using TcpShell.Tcp;
using TcpShell.Tcp.Recovery;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp.Recovery;

/// <summary>The scoreboard by itself.</summary>
public sealed class RetransmissionQueueTests
{
    private static readonly List<SentSegment> s_ignored = [];

    [Fact]
    [Trait("Proves", "2018-6")]
    [Trait("Proves", "6675-1")]
    [Trait("Proves", "6675-3")]
    public void AnySequenceOfCalls_CountsStayTrue()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var queue = new RetransmissionQueue();
            SeqNumber una = uint.MaxValue - (uint)random.Next(0, 5000);
            SeqNumber next = una;
            for (int step = 0; step < 300; step++)
            {
                Something(queue, random, ref una, ref next);
                Check(queue, una, next);
            }

            queue.MarkAllLost(LossCause.Timeout);
            Assert.Equal(0, queue.InFlight);
            queue.Clear();
            Assert.Equal((0, 0, 0, null), (queue.Count, queue.InFlight, queue.Sacked, queue.FirstLost));
        }
    }

    [Fact]
    [Trait("Proves", "6298-6")]
    public void Acknowledge_SampleOnlyFromWhatWasSentOnce()
    {
        RetransmissionQueue queue = Tens(4);
        Assert.Equal(Timestamp.FromSeconds(2), queue.Acknowledge(20, s_ignored)); // the newest
        queue.MarkSentAgain(queue.Front!, Timestamp.FromSeconds(5));
        Assert.Null(queue.Acknowledge(40, s_ignored));
        Assert.Null(queue.Acknowledge(40, s_ignored));
    }

    [Fact]
    [Trait("Proves", "6298-6")]
    public void Acknowledge_SackedBefore_NoSampleFromIt()
    {
        RetransmissionQueue queue = Tens(3);
        queue.Sack(new(20, 30), s_ignored);
        Assert.Equal(Timestamp.FromSeconds(2), queue.Acknowledge(30, s_ignored)); // the third arrived long before this ACK
    }

    [Fact]
    [Trait("Proves", "6675-2")]
    public void LossEdge_ThreeRangesOrMoreThanTwoSegments_WhatLiesBelow()
    {
        RetransmissionQueue queue = Tens(20);
        queue.Sack(new(50, 70), s_ignored);
        Assert.Null(queue.LossEdge(segmentSize: 10, threshold: 3)); // 20 octets are not more than two segments
        queue.Sack(new(100, 110), s_ignored);
        Assert.Equal(50u, queue.LossEdge(10, 3)!.Value.Value); // 30 octets
        Assert.Null(queue.LossEdge(100, 3));
        queue.Sack(new(150, 160), s_ignored);
        Assert.Equal(50u, queue.LossEdge(100, 3)!.Value.Value); // three ranges
        queue.Sack(new(180, 200), s_ignored);
        Assert.Equal(100u, queue.LossEdge(100, 3)!.Value.Value);
    }

    [Fact]
    [Trait("Proves", "2018-9")]
    public void Sack_TinyBlocks_NoMoreRangesThanSegments()
    {
        RetransmissionQueue queue = Tens(1000);
        for (uint octet = 0; octet < 10_000; octet += 2)
        {
            queue.Sack(new(octet, octet + 1), s_ignored);
        }

        Assert.Equal((1000, 0, 10_000), (queue.Count, queue.Sacked, queue.InFlight));
        queue.Sack(new(15, 35), s_ignored); // only the segment that lies in it whole
        Assert.Equal((1000, 1, 9990), (queue.Count, queue.Sacked, queue.InFlight));
    }

    [Fact]
    public void Sack_TwentyThousandInFlight_EveryAckIsCheap()
    {
        RetransmissionQueue queue = Tens(20_000);
        long before = Environment.TickCount64;
        for (uint i = 1; i < 20_000; i++)
        {
            // The first is lost, all others arrive, and every ACK tells the whole range.
            queue.Sack(new(10, (i + 1) * 10), s_ignored);
            s_ignored.Clear();
        }

        Assert.Equal((19_999, 10), (queue.Sacked, queue.InFlight));
        Assert.InRange(Environment.TickCount64 - before, 0, 2000); // some 200 million steps if each ACK looked at the whole range
    }

    [Fact]
    public void Acknowledge_GapsAllOver_EveryAckIsCheap()
    {
        RetransmissionQueue queue = Tens(20_000);
        long before = Environment.TickCount64;
        for (uint i = 1; i < 20_000; i += 2)
        {
            queue.Sack(new(i * 10, (i + 1) * 10), s_ignored);
        }

        queue.MarkLostBelow(200_000, LossCause.SackedAbove);
        Assert.Equal((10_000, 10_000, 0), (queue.Sacked, queue.Lost, queue.InFlight));
        for (uint i = 0; i < 20_000; i += 2)
        {
            queue.MarkSentAgain(queue.FirstLost!, Timestamp.Zero);
            queue.Acknowledge((i + 2) * 10, s_ignored);
            s_ignored.Clear();
        }

        Assert.Equal((0, 0, 0), (queue.Count, queue.InFlight, queue.Retransmitted));
        Assert.InRange(Environment.TickCount64 - before, 0, 2000);
    }

    private static RetransmissionQueue Tens(int count)
    {
        var queue = new RetransmissionQueue();
        for (int i = 0; i < count; i++)
        {
            queue.Add(new() { SequenceNumber = (uint)i * 10, Length = 10, LastSent = Timestamp.FromSeconds(i + 1) });
        }

        s_ignored.Clear();
        return queue;
    }

    private static void Something(RetransmissionQueue queue, Random random, ref SeqNumber una, ref SeqNumber next)
    {
        SentSegment[] segments = [.. queue.Segments];
        SentSegment? any = segments.Length == 0 ? null : segments[random.Next(segments.Length)];
        switch (random.Next(14))
        {
            case 0 or 1 or 2 or 3:
                int length = random.Next(1, 1000);
                queue.Add(new() { SequenceNumber = next, Length = length });
                next += length;
                break;
            case 4:
                una += random.Next(0, ((next - una) / 2) + 1);
                queue.Acknowledge(una, s_ignored);
                break;
            case 5 or 6 when next > una:
                SeqNumber left = una + random.Next(0, next - una);
                queue.Sack(new(left, left + random.Next(1, next - left + 1)), s_ignored);
                break;
            case 7 when any is not null:
                queue.MarkLost(any, LossCause.Rack);
                break;
            case 8 when queue.FirstLost is { } lost:
                queue.MarkSentAgain(lost, Timestamp.Zero);
                break;
            case 9 when any is { Sacked: false, Lost: false }:
                queue.MarkSentAgain(any, Timestamp.Zero, both: true);
                break;
            case 10 when any is { Length: > 1 }:
                queue.Split(any, random.Next(1, any.Length));
                break;
            case 11 when any is { Sacked: false }:
                queue.Collapse(any, longest: 2000, room: random.Next(3000), next);
                break;
            case 12 when any is not null:
                queue.MarkLostBelow(any.End, LossCause.SackedAbove);
                break;
            case 13 when random.Next(10) == 0:
                queue.UnmarkLost();
                break;
            case 13 when random.Next(10) == 0:
                queue.ForgetSacks();
                break;
        }

        s_ignored.Clear();
    }

    private static void Check(RetransmissionQueue queue, SeqNumber una, SeqNumber next)
    {
        SentSegment[] segments = [.. queue.Segments];
        Assert.Equal(segments.Length, queue.Count);
        Assert.Equal(next - una, segments.Sum(segment => segment.Length));
        Assert.Equal(segments.Sum(segment => segment.Copies * segment.Length), queue.InFlight);
        Assert.Equal(segments.Count(segment => segment is { Copies: > 0, Transmissions: > 1 }), queue.Retransmitted);
        Assert.Equal(segments.Count(segment => segment.Lost), queue.Lost);
        Assert.Equal(segments.FirstOrDefault(segment => segment.Lost), queue.FirstLost);
        Assert.Equal(segments.Count(segment => segment.Sacked), queue.Sacked);
        Assert.Equal(segments.Where(segment => segment.Sacked).Sum(segment => segment.Length), queue.SackedOctets);
        Assert.Equal(segments.LastOrDefault(segment => segment.Sacked)?.End, queue.HighestSacked);
        SentSegment[] order = [.. segments.Where(segment => segment.Copies > 0).OrderBy(segment => segment.Order)];
        Assert.Equal(order.FirstOrDefault()?.Order, queue.SentFirst?.Order);
        SeqNumber expected = una;
        foreach (SentSegment segment in segments)
        {
            Assert.Equal(expected, segment.SequenceNumber);
            Assert.Equal(segment.Copies == 0, segment.Sacked || segment.Lost);
            Assert.False(segment.Sacked && segment.Lost);
            expected = segment.End;
        }
    }
}
