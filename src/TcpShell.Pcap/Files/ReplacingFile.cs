namespace TcpShell.Pcap.Files;

/// <summary>
/// A file that is being written. Where there is one that it will replace, it grows beside that, so that one which is being read, or one that is
/// there when writing fails at once, is not lost.
/// </summary>
public sealed class ReplacingFile : IDisposable
{
    private readonly string _path;
    private readonly string _growing;
    private bool _disposed;

    /// <summary>Begins a file.</summary>
    /// <param name="path">Where it shall stand.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public ReplacingFile(string path)
    {
        _path = path;

        // Only what has something to lose is replaced at the end. Devices and pipes have no length, and a link keeps its target.
        var there = new FileInfo(path);
        bool replaces = there.Exists && there.Length > 0 && there.LinkTarget is null;
        _growing = replaces ? path + ".partial" : path;
        Stream = new FileStream(_growing, replaces || !there.Exists ? FileMode.Create : FileMode.Truncate, FileAccess.Write, FileShare.Read, bufferSize: 64 * 1024);
    }

    /// <summary>What is written.</summary>
    public FileStream Stream { get; }

    /// <summary>Ends the file and puts it in its place; further calls do nothing.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Stream.Dispose();
        if (_growing != _path)
        {
            File.Move(_growing, _path, overwrite: true);
        }
    }
}
