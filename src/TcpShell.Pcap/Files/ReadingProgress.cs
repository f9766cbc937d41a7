namespace TcpShell.Pcap.Files;

/// <summary>How far several captures are read together. The readers keep it up, so that to ask costs the same for one and for thousands; any thread may ask.</summary>
internal sealed class ReadingProgress
{
    private long _frames;
    private long _bytes;

    /// <summary>Frames delivered so far.</summary>
    public long Frames => Volatile.Read(ref _frames);

    /// <summary>Bytes taken from the files so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>One of them has gone on.</summary>
    /// <param name="frames">By how many frames; negative where it will deliver some once more.</param>
    /// <param name="bytes">By how many bytes.</param>
    public void Add(long frames, long bytes)
    {
        Interlocked.Add(ref _frames, frames);
        Interlocked.Add(ref _bytes, bytes);
    }
}
