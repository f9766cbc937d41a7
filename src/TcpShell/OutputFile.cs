using System.Management.Automation;
using TcpShell.Errors;

namespace TcpShell;

/// <summary>What the cmdlets share that write a file: the checks before, and one way to report what the disk refuses.</summary>
internal static class OutputFile
{
    /// <summary>Where a file shall stand, if it can.</summary>
    /// <param name="cmdlet">The cmdlet, which ends with an error if it cannot.</param>
    /// <param name="path">The path as the user wrote it.</param>
    /// <param name="noClobber">Whether a file that exists is left alone.</param>
    public static string Resolve(PSCmdlet cmdlet, string path, bool noClobber)
    {
        string full = cmdlet.GetUnresolvedProviderPathFromPSPath(path);
        if (Directory.Exists(full))
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.PathIsFolder(full));
        }

        if (!Directory.Exists(Path.GetDirectoryName(full)))
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.PathNotFound(Path.GetDirectoryName(full) ?? full));
        }

        if (noClobber && File.Exists(full))
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.FileExists(full));
        }

        return full;
    }

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
}
