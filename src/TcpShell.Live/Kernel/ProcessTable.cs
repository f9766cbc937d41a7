using System.Globalization;

namespace TcpShell.Live.Kernel;

/// <summary>Which process has which socket, as /proc tells: those of other users take root.</summary>
internal static class ProcessTable
{
    /// <summary>Adds the processes that can be seen.</summary>
    public static List<SystemConnection> AddTo(List<SystemConnection> connections)
    {
        var wanted = connections.Where(connection => connection.Inode != 0).Select(connection => connection.Inode).ToHashSet();
        var owners = new Dictionary<uint, (int Id, string Name)>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (owners.Count < wanted.Count && int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                foreach (uint inode in Sockets(folder).Where(wanted.Contains))
                {
                    owners.TryAdd(inode, (id, NameOf(folder)));
                }
            }
        }

        return
        [
            .. connections.Select(connection => owners.TryGetValue(connection.Inode, out (int Id, string Name) owner)
                ? connection with { ProcessId = owner.Id, ProcessName = owner.Name }
                : connection),
        ];
    }

    /// <summary>The inodes of a process's sockets: its open files are links to <c>socket:[12345]</c>.</summary>
    private static List<uint> Sockets(string folder)
    {
        const string Prefix = "socket:[";
        var inodes = new List<uint>();
        try
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(folder, "fd")))
            {
                string? target = new FileInfo(file).LinkTarget;
                if (target?.StartsWith(Prefix, StringComparison.Ordinal) == true
                    && uint.TryParse(target.AsSpan(Prefix.Length, target.Length - Prefix.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint inode))
                {
                    inodes.Add(inode);
                }
            }
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // The process has ended meanwhile, or is somebody else's.
        }

        return inodes;
    }

    private static string NameOf(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "comm")).TrimEnd();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
