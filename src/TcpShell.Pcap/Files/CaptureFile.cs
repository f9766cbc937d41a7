using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>
/// A capture of IP packets that is being written: pcapng, or classic pcap where the name ends so. Where there is a file that it will replace, it
/// grows beside that, so that one which is being read, or one that is there when writing fails at once, is not lost.
/// </summary>
public sealed class CaptureFile : IDisposable
{
    // Who reads the file while it is written sees a packet no later than with the first one that comes a second later.
    private static readonly TimeSpan s_flushAfter = TimeSpan.FromSeconds(1);

    private readonly ReplacingFile _file;
    private readonly CaptureWriter _writer;
    private readonly PcapNgWriter? _pcapng;
    private readonly PcapWriter? _pcap;
    private Timestamp? _flushed;

    /// <summary>Begins a file.</summary>
    /// <param name="path">Where it shall stand. A name that ends in .pcap makes classic pcap with nanoseconds, any other pcapng.</param>
    /// <param name="interfaceName">The name of the interface, for pcapng.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public CaptureFile(string path, string interfaceName)
    {
        _file = new ReplacingFile(path);
        if (Path.GetExtension(path).Equals(".pcap", StringComparison.OrdinalIgnoreCase))
        {
            _writer = _pcap = new PcapWriter(_file.Stream, LinkType.Raw, nanoseconds: true);
        }
        else
        {
            _writer = _pcapng = new PcapNgWriter(_file.Stream);
            _pcapng.AddInterface(interfaceName, LinkType.Raw);
        }
    }

    /// <summary>Octets written so far.</summary>
    public long Length => _writer.BytesWritten;

    /// <summary>Adds a packet.</summary>
    /// <param name="time">When it was seen, from 1970.</param>
    /// <param name="bytes">The octets from the IP header on.</param>
    /// <param name="comment">What is said of it; empty for nothing. Classic pcap has no place for it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(Timestamp time, ReadOnlySpan<byte> bytes, string comment)
    {
        _pcap?.Write(time, bytes);
        _pcapng?.Write(0, time, bytes, comment: comment.Length > 0 ? comment : null);
        _flushed ??= time;
        if (time - _flushed.Value >= s_flushAfter)
        {
            _flushed = time;
            _writer.Flush();
        }
    }

    /// <summary>What is written is not wanted: what stood there before stays when the file ends.</summary>
    public void GiveUp() => _file.GiveUp();

    /// <summary>Ends the file and puts it in its place; further calls do nothing.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Dispose()
    {
        _writer.Dispose();
        _file.Dispose();
    }
}
