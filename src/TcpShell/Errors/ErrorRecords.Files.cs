using System.Management.Automation;

namespace TcpShell.Errors;

// Errors of files.
internal static partial class ErrorRecords
{
    /// <summary>A file exists that shall not be overwritten.</summary>
    public static ErrorRecord FileExists(string path) => Create(
        new IOException($"The file '{path}' exists already."),
        "FileExists",
        ErrorCategory.ResourceExists,
        path,
        "Leave out -NoClobber to overwrite it, or give another name.");

    /// <summary>A file cannot be written.</summary>
    public static ErrorRecord FileNotWritable(Exception failed, string path) => Create(
        failed, "FileNotWritable", ErrorCategory.WriteError, path, "Look at the rights on the folder, and whether another program holds the file.");
}
