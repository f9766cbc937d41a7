using System.Collections.ObjectModel;
using System.IO.Enumeration;
using System.Management.Automation;
using TcpShell.Errors;

namespace TcpShell;

/// <summary>The files that a user's paths mean.</summary>
internal static class InputFiles
{
    /// <summary>The files that paths name; one error for each path that names none, and for each folder that cannot be read. Folders that a wildcard meets beside files are passed over.</summary>
    /// <param name="cmdlet">The cmdlet that reads them.</param>
    /// <param name="paths">Paths as the user wrote them.</param>
    /// <param name="isLiteral">Whether wildcards are none.</param>
    /// <param name="inFolders">Which files of a folder, and of its subfolders, are meant by its path; null if a folder cannot be meant.</param>
    /// <param name="refuse">Takes the error of a path, in the order of the paths; null to write it.</param>
    public static IEnumerable<string> Resolve(PSCmdlet cmdlet, string[] paths, bool isLiteral, string? inFolders = null, Action<string, ErrorRecord>? refuse = null)
    {
        refuse ??= (_, error) => cmdlet.WriteError(error);
        foreach (string path in paths)
        {
            // Whoever writes *.pcap or dir/* means the files; only where there are none is it worth a word.
            bool isWildcard = !isLiteral && WildcardPattern.ContainsWildcardCharacters(path);
            bool hasFile = false;
            string? passedOver = null;
            foreach (string file in Resolve(cmdlet, path, isLiteral, refuse))
            {
                if (!Directory.Exists(file))
                {
                    hasFile = true;
                    yield return file;
                }
                else if (inFolders is null && isWildcard)
                {
                    passedOver = file;
                }
                else if (inFolders is null)
                {
                    refuse(file, ErrorRecords.PathIsFolder(file));
                }
                else
                {
                    foreach (string found in FilesIn(cmdlet, file, inFolders, refuse))
                    {
                        yield return found;
                    }
                }
            }

            if (passedOver is not null && !hasFile)
            {
                refuse(path, ErrorRecords.OnlyFolders(path));
            }
        }
    }

    /// <summary>The files of a folder and of its subfolders, sorted. Links to folders are not followed: they may lead back.</summary>
    private static List<string> FilesIn(PSCmdlet cmdlet, string folder, string pattern, Action<string, ErrorRecord> refuse)
    {
        var found = new List<string>();
        var folders = new Stack<string>([folder]);
        bool isWhole = true;
        while (folders.TryPop(out string? current) && !cmdlet.Stopping)
        {
            try
            {
                foreach (FileSystemInfo entry in new DirectoryInfo(current).EnumerateFileSystemInfos("*", new EnumerationOptions { IgnoreInaccessible = false, AttributesToSkip = 0 }))
                {
                    if (entry is FileInfo && FileSystemName.MatchesSimpleExpression(pattern, entry.Name, ignoreCase: OperatingSystem.IsWindows()))
                    {
                        found.Add(entry.FullName);
                    }
                    else if (entry is DirectoryInfo && (entry.Attributes & FileAttributes.ReparsePoint) == 0)
                    {
                        folders.Push(entry.FullName);
                    }
                }
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
            {
                // The others can be read all the same.
                isWhole = false;
                refuse(current, ErrorRecords.FileNotReadable(failed, current));
            }
        }

        if (found.Count == 0 && isWhole)
        {
            refuse(folder, ErrorRecords.NothingInFolder(folder, pattern));
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    private static IEnumerable<string> Resolve(PSCmdlet cmdlet, string path, bool isLiteral, Action<string, ErrorRecord> refuse)
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
            refuse(path, ErrorRecords.PathNotFound(path));
            return [];
        }
        catch (System.Management.Automation.DriveNotFoundException)
        {
            refuse(path, ErrorRecords.PathNotFound(path));
            return [];
        }

        if (provider.Name != "FileSystem")
        {
            refuse(path, ErrorRecords.PathNotFileSystem(path));
            return [];
        }

        // Wildcards may match nothing, and a literal path was not looked for yet.
        if (files.Count == 0 || (isLiteral && !Path.Exists(files[0])))
        {
            refuse(path, ErrorRecords.PathNotFound(path));
            return [];
        }

        return files;
    }
}
