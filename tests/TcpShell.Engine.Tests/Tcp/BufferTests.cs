using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>The parts that hold octets, against plain models, over many seeded random runs.</summary>
public sealed class BufferTests
{
    [Fact]
    [Trait("Proves", "P32")]
    [Trait("Proves", "SHLD-31")]
    public void Reassembler_AnyCutsOverlapsAndOrder_EqualTheStream()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            int capacity = random.Next(1, 3000);
            byte[] stream = TcpHarness.Pattern(seed, random.Next(1, 6000));
            var reassembler = new Reassembler(capacity);
            var received = new List<byte>();
            int next = 0;
            for (int step = 0; step < 20_000 && received.Count < stream.Length; step++)
            {
                int from = Math.Min(stream.Length, next + random.Next(0, step % 2 == 0 ? 2 : 1500));
                int length = Math.Min(stream.Length - from, random.Next(0, 400));
                int advance = reassembler.Insert(from - next, stream.AsSpan(from, length));
                next += advance;
                Assert.InRange(reassembler.Available + reassembler.OutOfOrder, 0, capacity);
                byte[] buffer = new byte[random.Next(0, 600)];
                int count = reassembler.Read(buffer);
                received.AddRange(buffer.AsSpan(0, count));
                Assert.Equal(next - received.Count, reassembler.Available);
                Assert.Equal(capacity - reassembler.Available, reassembler.Free);
            }

            Assert.Equal(stream, received);
            Assert.Equal(0, reassembler.OutOfOrder);
        }
    }

    [Fact]
    public void Reassembler_CopiesThatDiffer_TheFirstCounts()
    {
        var reassembler = new Reassembler(100);
        Assert.Equal(0, reassembler.Insert(2, [2, 3]));
        Assert.Equal(5, reassembler.Insert(0, [0, 1, 99, 99, 4]));
        Assert.Equal(0, reassembler.Insert(95, []));
        byte[] buffer = new byte[10];
        Assert.Equal(5, reassembler.Read(buffer));
        Assert.Equal([0, 1, 2, 3, 4], buffer[..5]);
    }

    [Fact]
    public void Reassembler_EverySecondOctet_IslandsAreBounded()
    {
        var reassembler = new Reassembler(1 << 20);
        for (int offset = 2; offset < 20_000; offset += 2)
        {
            Assert.Equal(0, reassembler.Insert(offset, [1]));
        }

        Assert.Equal(1024, reassembler.Islands);
        Assert.Equal(1024, reassembler.OutOfOrder);
        Assert.Equal(0, reassembler.Insert(3, [7])); // joins two islands, so it is taken
        Assert.Equal(1023, reassembler.Islands);
        Assert.Equal(20_000, reassembler.Insert(0, new byte[20_000])); // and nothing keeps the stream from going on
        Assert.Equal(0, reassembler.Islands);
    }

    [Fact]
    public void Reassembler_BeyondTheBuffer_LeftOut()
    {
        var reassembler = new Reassembler(10);
        Assert.Equal(0, reassembler.Insert(10, [1]));
        Assert.Equal(0, reassembler.Insert(8, [8, 9, 10, 11]));
        Assert.Equal(2, reassembler.OutOfOrder);
        Assert.Equal(10, reassembler.Insert(0, new byte[8]));
        Assert.Equal(0, reassembler.Free);
        Assert.Equal(0, reassembler.Insert(0, [1]));
    }

    [Fact]
    public void SendBuffer_AppendAcknowledgeAndCopy_EqualTheStream()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            int capacity = random.Next(1, 5000);
            var buffer = new SendBuffer(capacity);
            SeqNumber first = uint.MaxValue - (uint)random.Next(0, 3000);
            buffer.StartAt(first);
            int appended = 0;
            int acknowledged = 0;
            for (int step = 0; step < 300; step++)
            {
                int wanted = random.Next(0, 1500);
                int taken = buffer.Append(TcpHarness.Pattern(appended, wanted));
                Assert.Equal(Math.Min(wanted, capacity - (appended - acknowledged)), taken);
                appended += taken;
                int from = random.Next(acknowledged, appended + 1);
                byte[] copy = new byte[random.Next(0, appended - from + 1)];
                buffer.CopyTo(first + from, copy);
                Assert.Equal(TcpHarness.Pattern(from, copy.Length), copy);
                int upTo = random.Next(acknowledged, appended + 1);
                buffer.Acknowledge(first + upTo);
                buffer.Acknowledge(first + acknowledged); // an old one does nothing
                acknowledged = upTo;
                Assert.Equal((first + acknowledged, first + appended, appended - acknowledged), (buffer.Start, buffer.End, buffer.Count));
            }

            buffer.Acknowledge(first + appended + 1); // of the FIN
            Assert.Equal(0, buffer.Count);
        }
    }

    [Fact]
    public void ByteRing_Empty_HoldsNoMemoryAndCopiesNothing()
    {
        var ring = new ByteRing(100);
        ring.CopyTo(0, []);
        ring.RemoveFront(0);
        Assert.Equal(0, ring.Append([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.CopyTo(0, new byte[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.RemoveFront(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.WriteAt(100, [1]));
        Assert.Equal(100, ring.Append(new byte[200]));
    }

    [Fact]
    public void TimerTable_EqualDeadlines_FireInTheOrderOfTheirKinds()
    {
        var timers = new TimerTable();
        Assert.Null(timers.Next);
        timers.Set(TimerKind.TimeWait, Timestamp.FromSeconds(2));
        timers.Set(TimerKind.Persist, Timestamp.FromSeconds(2));
        timers.Set(TimerKind.Retransmission, Timestamp.FromSeconds(3));
        Assert.Equal(Timestamp.FromSeconds(2), timers.Next);
        Assert.False(timers.TryTakeExpired(new(1_999_999_999), out _));
        Assert.True(timers.TryTakeExpired(Timestamp.FromSeconds(2), out TimerKind kind));
        Assert.Equal(TimerKind.Persist, kind);
        Assert.True(timers.TryTakeExpired(Timestamp.FromSeconds(2), out kind));
        Assert.Equal(TimerKind.TimeWait, kind);
        Assert.False(timers.TryTakeExpired(Timestamp.FromSeconds(2), out _));
        Assert.Equal(Timestamp.FromSeconds(3), timers[TimerKind.Retransmission]);
    }
}
