using System.ComponentModel;
using System.Management.Automation;

namespace TcpShell.Abstractions;

/// <summary>What all cmdlets share that read files: paths with wildcards, or literal ones from the pipeline.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class FileCmdlet : TcpCmdlet
{
    /// <summary>The parameter set whose paths may have wildcards.</summary>
    protected const string PathSet = "Path";

    /// <summary>The parameter set whose paths are taken as they are written.</summary>
    protected const string LiteralPathSet = "LiteralPath";

    /// <summary>The files that paths name; one error for each path that names none.</summary>
    /// <param name="paths">Paths as the user wrote them.</param>
    /// <param name="inFolders">Which files of a folder, and of its subfolders, are meant by its path; null if a folder cannot be meant.</param>
    /// <param name="refuse">Takes the error of a path, in the order of the paths; null to write it.</param>
    protected IEnumerable<string> ResolveFiles(string[] paths, string? inFolders = null, Action<string, ErrorRecord>? refuse = null) =>
        InputFiles.Resolve(this, paths, isLiteral: ParameterSetName != PathSet, inFolders, refuse);
}
