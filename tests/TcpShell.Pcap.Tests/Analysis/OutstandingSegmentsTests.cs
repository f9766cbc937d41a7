using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>What waits for its ACK, beside a list that does the same the plain way.</summary>
public sealed class OutstandingSegmentsTests
{
    [Fact]
    public void Segments_SentAgainAndAcknowledgedInAnyWay_TellTheRoundTripsOfAPlainList()
    {
        var random = new Random(3);
        var outstanding = new OutstandingSegments();
        List<(uint End, long Time)> plain = [];
        uint next = uint.MaxValue - 5000;
        int told = 0;
        for (long time = 1; time < 100_000; time++)
        {
            switch (random.Next(12))
            {
                case < 6:
                    next = unchecked(next + (uint)random.Next(1, 100));
                    outstanding.Add(next, time);
                    if (plain.Count < 32)
                    {
                        plain.Add((next, time));
                    }

                    break;
                case 6:
                    uint from = unchecked(next - (uint)random.Next(0, 150));
                    outstanding.Forget(from);
                    plain.RemoveAll(segment => unchecked((int)(segment.End - from)) > 0);
                    break;
                default:
                    int until = random.Next(-1, plain.Count);
                    uint ack = until >= 0 ? unchecked(plain[until].End + (uint)(random.Next(4) == 0 ? 1 : 0)) : unchecked(next - 5000);
                    List<(uint End, long Time)> acknowledged = plain.FindAll(segment => unchecked((int)(ack - segment.End)) >= 0);
                    plain.RemoveRange(0, acknowledged.Count);
                    long expected = acknowledged.Count > 0 && acknowledged[^1].End == ack ? time - acknowledged[^1].Time : -1;
                    Assert.Equal(expected, outstanding.Acknowledge(ack, time));
                    told += expected >= 0 ? 1 : 0;
                    break;
            }
        }

        Assert.InRange(told, 10_000, 100_000);
    }
}
