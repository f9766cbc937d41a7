using System.Management.Automation;
using TcpShell.Errors;
using TcpShell.Pcap.Files;

namespace TcpShell;

/// <summary>What the cmdlets share that write a file: the checks before, and one way to report what the disk refuses.</summary>
internal static class OutputFile
{
    /// <summary>Where a file shall stand; the cmdlet ends with an error if it cannot.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="path">The path as the user wrote it.</param>
    /// <param name="noClobber">Whether a file that exists is left alone.</param>
    public static string Resolve(PSCmdlet cmdlet, string path, bool noClobber)
    {
        string full = Resolve(cmdlet, path);
        if (WhyNot(full, noClobber) is { } error)
        {
            cmdlet.ThrowTerminatingError(error);
        }

        return full;
    }

    /// <summary>The whole path of a file in a file system; the cmdlet ends with an error if a path leads elsewhere.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="path">The path as the user wrote it.</param>
    public static string Resolve(PSCmdlet cmdlet, string path)
    {
        string full = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
        if (provider.Name != "FileSystem")
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.PathNotFileSystem(path));
        }

        return full;
    }

    /// <summary>What is against writing a file; null if nothing is.</summary>
    /// <param name="path">Its whole path.</param>
    /// <param name="noClobber">Whether a file that exists is left alone.</param>
    public static ErrorRecord? WhyNot(string path, bool noClobber) =>
        Directory.Exists(path) ? ErrorRecords.PathIsFolder(path)
        : !Directory.Exists(Path.GetDirectoryName(path)) ? WhyNoFolder(Path.GetDirectoryName(path) ?? path)
        : TargetThatIsMissing(path) is { } target ? ErrorRecords.LinkLeadsNowhere(path, target)
        : noClobber && File.Exists(path) ? ErrorRecords.FileExists(path)
        : null;

    /// <summary>Whether a capture that is read is the file that is written, by whatever name: links and hard links give it several.</summary>
    /// <param name="output">The file that is written.</param>
    /// <param name="input">The capture; of one that was read as one from several files, their names with semicolons between them.</param>
    public static bool IsInput(string output, string input) =>
        FileIdentity.AreSame(output, input) || (input.Contains(';', StringComparison.Ordinal) && input.Split(';').Any(file => FileIdentity.AreSame(output, file)));

    /// <summary>Does something on the disk; what that refuses ends the cmdlet with an error.</summary>
    public static void OnDisk(PSCmdlet cmdlet, string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.FileNotWritable(failed, path));
        }
    }

    /// <summary>Ends what was written, whatever ended the pipeline: it stays a whole file.</summary>
    public static void Release(IDisposable? file)
    {
        try
        {
            file?.Dispose();
        }
        catch (IOException)
        {
            // The error that ended the pipeline has been told already.
        }
    }

    // What stands for a pipe or a socket (/dev/stdout) has a target that is no path, and can be written all the same.
    private static string? TargetThatIsMissing(string path)
    {
        try
        {
            return !path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/proc/", StringComparison.Ordinal)
                && new FileInfo(path).LinkTarget is { } target && File.ResolveLinkTarget(path, returnFinalTarget: true) is not { Exists: true }
                ? target
                : null;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return null; // links that lead in a circle, for example: opening it tells so
        }
    }

    private static ErrorRecord WhyNoFolder(string folder)
    {
        string? above = folder;
        while (above is not null && !Path.Exists(above))
        {
            above = Path.GetDirectoryName(above);
        }

        return above is not null && File.Exists(above) ? ErrorRecords.FolderIsFile(above) : ErrorRecords.FolderNotFound(folder);
    }
}
