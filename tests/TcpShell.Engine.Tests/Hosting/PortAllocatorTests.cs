using TcpShell.Hosting;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>Which ephemeral port is next.</summary>
public class PortAllocatorTests
{
    private const int Ports = PortAllocator.Last - PortAllocator.First + 1;

    [Fact]
    public void AllFree_GoesThroughTheRangeAndBeginsAgain()
    {
        var ports = new PortAllocator();
        Assert.Equal(16384, Ports);
        for (int expected = PortAllocator.First; expected <= PortAllocator.Last; expected++)
        {
            Assert.True(ports.TryTake(_ => false, out ushort port));
            Assert.Equal(expected, port);
        }

        Assert.True(ports.TryTake(_ => false, out ushort first));
        Assert.Equal(PortAllocator.First, first);
    }

    [Fact]
    public void SomeTaken_AreSkipped()
    {
        var ports = new PortAllocator();
        Assert.True(ports.TryTake(port => port < 49155, out ushort taken));
        Assert.Equal(49155, taken);
        Assert.True(ports.TryTake(port => port < 49155, out taken));
        Assert.Equal(49156, taken);
    }

    [Fact]
    public void OneFree_IsFoundWhereverItIs()
    {
        var ports = new PortAllocator();
        foreach (ushort free in (ushort[])[65535, 49152, 60000, 59999])
        {
            Assert.True(ports.TryTake(port => port != free, out ushort taken));
            Assert.Equal(free, taken);
        }
    }

    [Fact]
    public void NoneFree_SaysSoAfterEachWasTriedOnce()
    {
        var ports = new PortAllocator();
        int asked = 0;
        Assert.False(ports.TryTake(_ => ++asked > 0, out ushort port));
        Assert.Equal((Ports, 0), (asked, port));
    }
}
