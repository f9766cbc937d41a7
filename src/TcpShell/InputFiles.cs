using System.Collections.ObjectModel;
using System.IO.Enumeration;
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
                    foreach (string found in FilesIn(cmdlet, file, inFolders))
                    {
                        yield return found;
                    }
                }
            }
        }
    }

    /// <summary>The files of a folder and of its subfolders, sorted. Links to folders are not followed: they may lead back.</summary>
    private static IEnumerable<string> FilesIn(PSCmdlet cmdlet, string folder, string pattern)
    {
        var files = new FileSystemEnumerable<string>(
            folder, (ref FileSystemEntry entry) => entry.ToFullPath(), new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                !entry.IsDirectory && FileSystemName.MatchesSimpleExpression(pattern, entry.FileName, ignoreCase: OperatingSystem.IsWindows()),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        try
        {
            string[] found = [.. files.Order(StringComparer.Ordinal)];
            if (found.Length == 0)
            {
                cmdlet.WriteError(ErrorRecords.NothingInFolder(folder, pattern));
            }

            return found;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            cmdlet.WriteError(ErrorRecords.FileNotReadable(failed, folder));
            return [];
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

        // Wildcards may match nothing, and a literal path was not looked for yet.
        if (files.Count == 0 || (isLiteral && !Path.Exists(files[0])))
        {
            cmdlet.WriteError(ErrorRecords.PathNotFound(path));
            return [];
        }

        return files;
    }
}
