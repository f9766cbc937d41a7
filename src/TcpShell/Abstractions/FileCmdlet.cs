using System.Collections.ObjectModel;
using System.ComponentModel;
using System.Management.Automation;
using TcpShell.Errors;

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
    protected IEnumerable<string> ResolveFiles(string[] paths, string? inFolders = null)
    {
        foreach (string path in paths)
        {
            foreach (string file in Resolve(path))
            {
                if (!Directory.Exists(file))
                {
                    yield return file;
                }
                else if (inFolders is null)
                {
                    WriteError(ErrorRecords.PathIsFolder(file));
                }
                else
                {
                    foreach (string found in Directory.GetFiles(file, inFolders, SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                    {
                        yield return found;
                    }
                }
            }
        }
    }

    private IEnumerable<string> Resolve(string path)
    {
        Collection<string> files = [];
        ProviderInfo provider;
        try
        {
            if (ParameterSetName == PathSet)
            {
                files = GetResolvedProviderPathFromPSPath(path, out provider);
            }
            else
            {
                files.Add(SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _));
            }
        }
        catch (ItemNotFoundException)
        {
            WriteError(ErrorRecords.PathNotFound(path));
            return [];
        }
        catch (System.Management.Automation.DriveNotFoundException)
        {
            WriteError(ErrorRecords.PathNotFound(path));
            return [];
        }

        if (provider.Name != "FileSystem")
        {
            WriteError(ErrorRecords.PathNotFileSystem(path));
            return [];
        }

        return files;
    }
}
