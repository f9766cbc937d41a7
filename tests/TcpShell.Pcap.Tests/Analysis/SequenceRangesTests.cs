using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tests.Analysis;

public sealed class SequenceRangesTests
{
    [Fact]
    public void Add_RandomRanges_CountsEachOctetOnce()
    {
        var random = new Random(1);
        for (int round = 0; round < 500; round++)
        {
            // Few enough that no hole has to be forgotten.
            var ranges = new SequenceRanges();
            var octets = new HashSet<long>();
            for (int i = 0; i < SequenceRanges.Capacity; i++)
            {
                long start = random.Next(-50, 400);
                long end = start + random.Next(-1, 40);
                int before = octets.Count;
                for (long octet = start; octet < end; octet++)
                {
                    octets.Add(octet);
                }

                Assert.Equal(octets.Count - before, ranges.Add(start, end));
            }
        }
    }

    [Fact]
    public void Add_MoreHolesThanAreKept_ForgetsTheOldest()
    {
        var ranges = new SequenceRanges();
        for (int i = 0; i <= SequenceRanges.Capacity; i++)
        {
            Assert.Equal(5, ranges.Add(i * 10, (i * 10) + 5));
        }

        Assert.Equal(0, ranges.Add(5, 10)); // forgotten
        Assert.Equal(5, ranges.Add(15, 20)); // kept
    }
}
