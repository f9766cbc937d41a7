using TcpShell.Simulation;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>The order of what will happen.</summary>
public class EventQueueTests
{
    [Fact]
    public void Empty_HasNoNext()
    {
        var queue = new EventQueue<int>();
        Assert.Null(queue.Next);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void SameTime_KeepsTheOrderOfAdding()
    {
        var queue = new EventQueue<int>();
        for (int i = 0; i < 1000; i++)
        {
            queue.Add(new Timestamp(5), i);
        }

        Assert.Equal(Enumerable.Range(0, 1000), Take(queue));
    }

    [Fact]
    public void RandomTimes_ComeSortedAndStable()
    {
        var queue = new EventQueue<(long At, int Order)>();
        var random = new SeededRandom(1, "events");
        var expected = new List<(long At, int Order)>();
        for (int i = 0; i < 5000; i++)
        {
            (long At, int Order) item = (random.Next(500), i);
            expected.Add(item);
            queue.Add(new Timestamp(item.At), item);
        }

        Assert.Equal(expected.Min(item => item.At), queue.Next!.Value.Nanoseconds);
        Assert.Equal(expected.OrderBy(item => item.At).ThenBy(item => item.Order), Take(queue));
    }

    private static IEnumerable<T> Take<T>(EventQueue<T> queue)
    {
        while (queue.Count > 0)
        {
            yield return queue.Take();
        }
    }
}
