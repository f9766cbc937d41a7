namespace TcpShell.Pcap.Files;

/// <summary>
/// A file that is being written. Where there is one that it will replace, it grows beside that, so that one which is being read, or one that is
/// there when writing fails at once, is not lost. It gets the mode of the file that it replaces; of a link the target is replaced.
/// </summary>
public sealed class ReplacingFile : IDisposable
{
    private const UnixFileMode AnyWrite = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private readonly string _path;
    private readonly string _growing;
    private readonly bool _isNew;
    private bool _isGivenUp;
    private bool _disposed;

    /// <summary>Begins a file.</summary>
    /// <param name="path">Where it shall stand.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written, or the file that stands there may not.</exception>
    public ReplacingFile(string path)
    {
        _path = FileIdentity.FinalTarget(path);

        // Only what has something to lose is replaced at the end. Devices and pipes have no length, but a file behind /dev/stdout has one.
        var there = new FileInfo(_path);
        _isNew = !there.Exists;
        bool replaces = there.Exists && there.Length > 0 && there.LinkTarget is null && !path.StartsWith("/dev/", StringComparison.Ordinal);
        if (!replaces)
        {
            _growing = _path;
            Stream = Open(_path, _isNew ? FileMode.Create : FileMode.Truncate);
            return;
        }

        ThrowIfProtected(there);
        _growing = Path.Combine(there.DirectoryName!, $".{Path.GetRandomFileName()}.partial");
        Stream = Open(_growing, FileMode.CreateNew);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(Stream.SafeFileHandle, File.GetUnixFileMode(_path));
            }
        }
        catch
        {
            Stream.Dispose();
            File.Delete(_growing);
            throw;
        }
    }

    /// <summary>What is written.</summary>
    public FileStream Stream { get; }

    /// <summary>What is written is not wanted: when the file ends, what stood there before stays, and where there was nothing there is nothing.</summary>
    public void GiveUp() => _isGivenUp = true;

    /// <summary>Ends the file and puts it in its place; further calls do nothing.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        bool isInPlace = _growing == _path;
        try
        {
            Stream.Dispose();
            if (!isInPlace && !_isGivenUp)
            {
                File.Move(_growing, _path, overwrite: true);
                isInPlace = true;
            }
        }
        finally
        {
            if (!isInPlace || (_isGivenUp && _isNew))
            {
                File.Delete(_growing);
            }
        }
    }

    private static FileStream Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 64 * 1024 };
        if (mode == FileMode.CreateNew && !OperatingSystem.IsWindows())
        {
            // Nobody else shall read it before it has the mode of the file that it replaces.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    // To replace a file takes rights on its folder alone; its own protection would mean nothing.
    private static void ThrowIfProtected(FileInfo file)
    {
        bool isProtected = OperatingSystem.IsWindows() ? file.IsReadOnly : (file.UnixFileMode & AnyWrite) == 0;
        if (isProtected)
        {
            throw new UnauthorizedAccessException($"The file '{file.FullName}' is protected against writing.");
        }

        new FileStream(file.FullName, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
    }
}
