using TcpShell.Wire;

namespace TcpShell.Pcap.Files;

/// <summary>
/// A capture of IP packets that is being written: pcapng, or classic pcap where the name ends so. Where there is a file that it will replace, it
/// grows beside that, so that one which is being read, or one that is there when writing fails at once, is not lost. Any thread may call; what was written
/// is on the disk half a second later.
/// </summary>
public sealed class CaptureFile : IDisposable
{
    // Who reads the file while it is written sees a packet no later than this after it was written.
    private static readonly TimeSpan s_flushAfter = TimeSpan.FromMilliseconds(500);

    private readonly ReplacingFile _file;
    private readonly CaptureWriter _writer;
    private readonly PcapNgWriter? _pcapng;
    private readonly PcapWriter? _pcap;
    private readonly object _writing = new();
    private readonly Timer _flushing;
    private long _flushed;
    private IOException? _failure;
    private bool _disposed;

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

        // The header at once: who opens the file finds a capture, if an empty one.
        _flushing = new Timer(_ => FlushByTheClock());
        try
        {
            FlushWritten();
        }
        catch
        {
            _flushing.Dispose();
            _file.GiveUp();
            _file.Dispose();
            throw;
        }

        _flushing.Change(s_flushAfter, s_flushAfter);
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
        lock (_writing)
        {
            ThrowIfFailed();
            _pcap?.Write(time, bytes);
            _pcapng?.Write(0, time, bytes, comment: comment.Length > 0 ? comment : null);
        }
    }

    /// <summary>What is written is not wanted: what stood there before stays when the file ends.</summary>
    public void GiveUp() => _file.GiveUp();

    /// <summary>Ends the file and puts it in its place; further calls do nothing.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Dispose()
    {
        lock (_writing)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _flushing.Dispose();
            try
            {
                _writer.Dispose();
            }
            finally
            {
                _file.Dispose();
            }

            ThrowIfFailed();
        }
    }

    private void FlushByTheClock()
    {
        lock (_writing)
        {
            if (_disposed || _failure is not null)
            {
                return;
            }

            try
            {
                FlushWritten();
            }
            catch (IOException failed)
            {
                _failure = failed; // told whoever writes next
            }
        }
    }

    private void FlushWritten()
    {
        if (_writer.BytesWritten > _flushed)
        {
            _flushed = _writer.BytesWritten;
            _writer.Flush();
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            _failure = null;
            throw new IOException(failure.Message, failure);
        }
    }
}
