namespace TcpShell.Pcap.Files;

/// <summary>Which file a name leads to: links, also those to folders, and hard links give one file several names.</summary>
public static class FileIdentity
{
    /// <summary>Whether two names lead to one file. Names are compared first, then where their links end, and on Linux device and inode.</summary>
    /// <param name="one">A whole path.</param>
    /// <param name="other">Another.</param>
    /// <returns>False also where one of them leads to nothing.</returns>
    public static bool AreSame(string one, string other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        StringComparison comparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return one.Equals(other, comparison)
            || (File.Exists(one) && File.Exists(other)
                && (WithoutLinks(one).Equals(WithoutLinks(other), comparison) || (Inode(one) is { } inode && inode == Inode(other))));
    }

    /// <summary>Where a file really stands: the end of its links if it is one, and else the name as it is.</summary>
    /// <param name="path">A whole path.</param>
    public static string FinalTarget(string path)
    {
        try
        {
            // What stands for a pipe or a socket (/dev/stdout) has a target that is no path.
            return File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: true } target ? target.FullName : path;
        }
        catch (IOException)
        {
            return path; // no such file, or links that lead in a circle: opening it tells so
        }
        catch (UnauthorizedAccessException)
        {
            return path;
        }
    }

    /// <summary>A path of which no part is a link any more.</summary>
    private static string WithoutLinks(string path)
    {
        string target = FinalTarget(Path.GetFullPath(path));
        try
        {
            string? folder = Path.GetDirectoryName(target);
            if (folder is null)
            {
                return target;
            }

            string real = Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? folder;
            return Path.Combine(Path.GetDirectoryName(real) is null ? real : WithoutLinks(real), Path.GetFileName(target));
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return target;
        }
    }

    private static (ulong Device, ulong Inode)? Inode(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            return UnixFile.Status(path, followLinks: true)?.Identity;
        }
        catch (EntryPointNotFoundException)
        {
            return null; // a C library without it: names have to do
        }
    }
}
