using System.Collections.ObjectModel;
using System.Management.Automation;
using TcpShell.Errors;

namespace TcpShell;

/// <summary>The files that a user's paths mean.</summary>
internal static class InputFiles
{
    /// <summary>The files that paths name; one error for each path that names none.</summary>
    /// <param name="cmdlet">The cmdlet that reports errors.</param>
    /// <param name="paths">Paths as the user wrote them.</param>
    /// <param name="isLiteral">Whether wildcards are none.</param>
    /// <param name="inFolders">Which files of a folder, and of its subfolders, are meant by its path; null if a folder cannot be meant.</param>
    public static IEnumerable<string> Resolve(PSCmdlet cmdlet, string[] paths, bool isLiteral, string? inFolders = null)
    {
        foreach (string path in paths)
        {
            foreach (string file in Resolve(cmdlet, path, isLiteral))
            {
                if (!Directory.Exists(file))
                {
                    yield return file;
                }
                else if (inFolders is null)
                {
                    cmdlet.WriteError(ErrorRecords.PathIsFolder(file));
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

    private static IEnumerable<string> Resolve(PSCmdlet cmdlet, string path, bool isLiteral)
    {
        Collection<string> files = [];
        ProviderInfo provider;
        try
        {
            if (!isLiteral)
            {
                files = cmdlet.GetResolvedProviderPathFromPSPath(path, out provider);
            }
            else
            {
                files.Add(cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _));
            }
        }
        catch (ItemNotFoundException)
        {
            cmdlet.WriteError(ErrorRecords.PathNotFound(path));
            return [];
        }
        catch (System.Management.Automation.DriveNotFoundException)
        {
            cmdlet.WriteError(ErrorRecords.PathNotFound(path));
            return [];
        }

        if (provider.Name != "FileSystem")
        {
            cmdlet.WriteError(ErrorRecords.PathNotFileSystem(path));
            return [];
        }

        return files;
    }
}
