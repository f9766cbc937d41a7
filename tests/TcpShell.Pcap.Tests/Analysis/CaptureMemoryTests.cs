using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>How much memory the analysis of a capture takes. What runs beside it would be measured as well, so nothing does.</summary>
[Collection(nameof(RunsAlone))]
public sealed class CaptureMemoryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ManyConversations_OpenOrRefused_TakeItForSoManyAsMayBeOpen(bool isRefused)
    {
        const int Count = 100_000;
        string path = Path.GetTempFileName();
        try
        {
            using (var file = File.Create(path))
            {
                var exchange = new Exchange();
                file.Write(new CaptureBytes(bigEndian: false).PcapHeader(linkType: (uint)Wire.LinkType.Raw).ToArray());
                for (int i = 0; i < Count; i++)
                {
                    // All within the time that a closed one stays.
                    var client = new Wire.Endpoint(Wire.IpAddress.Parse($"10.1.{i / 50_000}.1"), (ushort)(1000 + (i % 50_000)));
                    byte[] answer = exchange.Bytes(Exchange.Server, client, isRefused ? Exchange.RstAck : Exchange.SynAck, 0, (uint)i + 1);
                    foreach (byte[] packet in new[] { exchange.Bytes(client, Exchange.Server, Exchange.Syn, (uint)i), answer })
                    {
                        file.Write(new CaptureBytes(bigEndian: false).PcapRecord((uint)(i / 1000), (uint)(i % 1000 * 1000), packet).ToArray());
                    }
                }
            }

            var options = new AnalysisOptions { MaximumOpenConversations = 1000 };
            using var segments = new CaptureRun([path], options);
            segments.Open();
            long before = GC.GetTotalMemory(forceFullCollection: true);
            Assert.Equal(2 * Count, segments.Segments().Count(segment => segment.Number != (2 * Count) - 1 || IsSmall(before)));
            Assert.Equal(!isRefused, segments.Limits.Evicted > 0);

            using var conversations = new CaptureRun([path], options);
            int found = 0;
            before = GC.GetTotalMemory(forceFullCollection: true);
            for (bool goesOn = conversations.Open(); goesOn;)
            {
                goesOn = conversations.Advance();
                for (; conversations.TryTake(out _); found++)
                {
                    Assert.True(found != Count - 5000 || IsSmall(before));
                }
            }

            Assert.Equal(Count, found);
            Assert.Equal(segments.Limits, conversations.Limits);
        }
        finally
        {
            File.Delete(path);
        }

        // They would take some hundred megabytes together.
        static bool IsSmall(long before) => GC.GetTotalMemory(forceFullCollection: true) - before < 25_000_000;
    }

    // Nothing is made of segments that nobody wants; those that are wanted are the same as without a filter.
    [Fact]
    public void Segments_OfOneConversationOfMany_CostAFractionOfAll()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (var file = File.Create(path))
            {
                var exchange = new Exchange();
                file.Write(new CaptureBytes(bigEndian: false).PcapHeader(linkType: (uint)Wire.LinkType.Raw).ToArray());
                for (int i = 0; i < 20_000; i++)
                {
                    var client = new Wire.Endpoint(Wire.IpAddress.Parse("10.1.0.1"), (ushort)(1000 + (i % 100)));
                    file.Write(new CaptureBytes(bigEndian: false).PcapRecord((uint)i, 0, exchange.Bytes(client, Exchange.Server, Exchange.Ack, (uint)(i / 100 * 10), 1, 10)).ToArray());
                }
            }

            (List<Tracing.SegmentRecord> all, long cost) = Read(path, null);
            (List<Tracing.SegmentRecord> some, long less) = Read(path, new() { Streams = [99] });

            Assert.Equal(all.Where(segment => segment.Stream == 99).Select(Describe), some.Select(Describe));
            Assert.Equal(200, some.Count);
            Assert.InRange(less, 0, cost / 10);
        }
        finally
        {
            File.Delete(path);
        }

        static string Describe(Tracing.SegmentRecord segment) => $"{segment.Number} {segment.RelativeTime} {segment.Stream} {segment} {segment.Remark}";

        static (List<Tracing.SegmentRecord> Segments, long Allocated) Read(string path, ConversationFilter? filter)
        {
            using var run = new CaptureRun([path], filter: filter);
            run.Open();
            long before = GC.GetAllocatedBytesForCurrentThread();
            List<Tracing.SegmentRecord> segments = [.. run.Segments()];
            return (segments, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }
}
