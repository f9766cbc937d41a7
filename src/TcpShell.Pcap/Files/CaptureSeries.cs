using System.Collections.Concurrent;
using System.Globalization;

namespace TcpShell.Pcap.Files;

/// <summary>When a capture that is being written goes on in a new file.</summary>
/// <param name="MaximumSize">Once a file has so many octets; null for no such limit. A file can be larger by its last packet.</param>
/// <param name="After">Once so much time lies between a file's first packet and the next one; null for no such limit.</param>
/// <param name="MaximumFiles">How many files are kept: when there is one more, the oldest is deleted; null for all.</param>
public readonly record struct CaptureRotation(long? MaximumSize, TimeSpan? After, int? MaximumFiles)
{
    /// <summary>Whether there is more than one file.</summary>
    public bool IsOn => MaximumSize is not null || After is not null;
}

/// <summary>
/// A capture in one file, or in a series of them: <c>x.pcapng</c>, or <c>x_00001_20260131235959.pcapng</c> with number and UTC time of the first
/// packet, as dumpcap names them. So a capture of days takes bounded memory, and bounded room if it is to. Another thread may end it.
/// </summary>
/// <param name="path">Where the one file shall stand, or what the names of the series are made of.</param>
/// <param name="interfaceName">The name of the interface, for pcapng.</param>
/// <param name="rotation">When a new file begins.</param>
/// <param name="overwrite">Whether files that exist may be replaced.</param>
public sealed class CaptureSeries(string path, string interfaceName, CaptureRotation rotation = default, bool overwrite = true) : IDisposable
{
    private readonly Queue<string> _kept = new();
    private readonly ConcurrentQueue<string> _finished = new();
    private readonly object _writing = new();
    private bool _ended;
    private CaptureFile? _file;
    private string _current = "";
    private Timestamp _began;
    private int _files;

    /// <summary>Whether a file was begun.</summary>
    public bool HasBegun => _files > 0;

    /// <summary>Adds a packet.</summary>
    /// <param name="time">When it was seen, from 1970.</param>
    /// <param name="bytes">The octets from the IP header on.</param>
    /// <param name="comment">What is said of it; empty for nothing.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Write(Timestamp time, ReadOnlySpan<byte> bytes, string comment)
    {
        lock (_writing)
        {
            WriteNext(time, bytes, comment);
        }
    }

    /// <summary>Begins a file that may stay without a packet; does nothing if one is begun.</summary>
    /// <param name="time">The time that its name has, where it has one.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public CaptureFile Begin(Timestamp time)
    {
        if (_file is null)
        {
            _files++;
            _began = time;
            _current = NameOf(time);
            if (!overwrite && File.Exists(_current))
            {
                throw new IOException($"The file '{_current}' exists already.");
            }

            _file = new CaptureFile(_current, interfaceName);
            _kept.Enqueue(_current);
            if (_kept.Count > rotation.MaximumFiles)
            {
                File.Delete(_kept.Dequeue());
            }
        }

        return _file;
    }

    /// <summary>Takes the name of the next file that is complete.</summary>
    /// <param name="finished">Its path.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTakeFinished(out string? finished) => _finished.TryDequeue(out finished);

    /// <summary>What is written to the last file is not wanted: what stood there before stays when it ends.</summary>
    public void GiveUp() => _file?.GiveUp();

    /// <summary>Ends the last file; further calls do nothing.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Dispose()
    {
        lock (_writing)
        {
            _ended = true;
            if (_file is { } last)
            {
                End(last);
            }
        }
    }

    private void WriteNext(Timestamp time, ReadOnlySpan<byte> bytes, string comment)
    {
        if (_ended)
        {
            return; // the process ends, and the file is complete
        }

        if (_file is { } full && (full.Length >= rotation.MaximumSize || time - _began >= rotation.After))
        {
            End(full);
        }

        Begin(time).Write(time, bytes, comment);
    }

    private void End(CaptureFile file)
    {
        _file = null;
        file.Dispose();
        _finished.Enqueue(_current);
    }

    private string NameOf(Timestamp time)
    {
        if (!rotation.IsOn)
        {
            return path;
        }

        DateTime utc = DateTime.UnixEpoch + time.ToTimeSpan();
        string name = string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(path)}_{_files:D5}_{utc:yyyyMMddHHmmss}{Path.GetExtension(path)}");
        return Path.Combine(Path.GetDirectoryName(path) ?? "", name);
    }
}
