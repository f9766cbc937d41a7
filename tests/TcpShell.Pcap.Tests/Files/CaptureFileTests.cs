using System.Diagnostics;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Files;

/// <summary>Capture files while they are written: others can read them, and whoever ends them does so on any thread.</summary>
public sealed class CaptureFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.pcapng");

    [Fact]
    public void Begun_TheHeaderIsOnTheDiskAtOnce()
    {
        using var file = new CaptureFile(_path, "test");
        using CaptureReader reader = CaptureReader.Open(_path);
        Assert.False(reader.TryRead(out _));
        Assert.Null(reader.Problem);
    }

    [Fact]
    public void Written_ThePacketIsOnTheDiskSoonThoughNoneFollows()
    {
        using var file = new CaptureFile(_path, "test");
        file.Write(new Timestamp(1), new byte[40], "");
        for (var clock = Stopwatch.StartNew(); new FileInfo(_path).Length < file.Length; Thread.Sleep(20))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{new FileInfo(_path).Length} of {file.Length} octets");
        }

        using CaptureReader reader = CaptureReader.Open(_path);
        Assert.True(reader.TryRead(out CapturedFrame frame));
        Assert.Equal(40, frame.Data.Length);
    }

    // A signal ends the file while the pipeline writes: it is whole, and what comes later begins no new one.
    [Fact]
    public void Ended_WhileAnotherThreadWrites_IsWholeAndStaysSo()
    {
        var series = new CaptureSeries(_path, "test");
        bool ends = false;
        int written = 0;
        var writer = new Thread(() =>
        {
            while (!Volatile.Read(ref ends))
            {
                series.Write(new Timestamp(1), new byte[40], "");
                Interlocked.Increment(ref written);
            }
        });
        writer.Start();
        SpinWait.SpinUntil(() => Volatile.Read(ref written) > 1000);
        series.Dispose();
        long length = new FileInfo(_path).Length;
        int before = Volatile.Read(ref written);
        SpinWait.SpinUntil(() => Volatile.Read(ref written) > before + 1000);
        Volatile.Write(ref ends, true);
        writer.Join();
        Assert.Equal(length, new FileInfo(_path).Length);
        using CaptureReader reader = CaptureReader.Open(_path);
        int read = 0;
        while (reader.TryRead(out _))
        {
            read++;
        }

        Assert.Null(reader.Problem);
        Assert.InRange(read, 1000, before + 1);
    }

    public void Dispose() => File.Delete(_path);
}
