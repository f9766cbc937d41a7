using System.Text;
using TcpShell.Pcap.Files;

namespace TcpShell.Pcap.Tests.Files;

public sealed class ReplacingFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tcpshell-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Dispose_OverAFile_LeavesOneOfAnyOtherNameAlone()
    {
        string path = Make("a.txt", "old");
        string mine = Make("a.txt.partial", "mine");
        Write(path, "new");
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal("mine", File.ReadAllText(mine));
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void Dispose_SeveralOverOneFile_TheLastStands()
    {
        string path = Make("a.txt", "old");
        ReplacingFile[] all = [.. Enumerable.Range(0, 4).Select(_ => new ReplacingFile(path))];
        for (int i = 0; i < all.Length; i++)
        {
            all[i].Stream.Write(Encoding.UTF8.GetBytes($"new {i}"));
        }

        Assert.Equal("old", File.ReadAllText(path));
        Array.ForEach(all, file => file.Dispose());
        Assert.Equal("new 3", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GiveUp_WhatStoodThereStays_AndNothingElse(bool isThere)
    {
        string path = isThere ? Make("a.txt", "old") : Path.Combine(_folder, "a.txt");
        using (var file = new ReplacingFile(path))
        {
            file.Stream.WriteByte(1);
            file.GiveUp();
        }

        Assert.Equal(isThere ? ["old"] : [], Directory.GetFiles(_folder).Select(File.ReadAllText));
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)]
    public void Dispose_OverAFile_KeepsItsMode(UnixFileMode mode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no modes");
        string path = Make("a.txt", "old");
        SetMode(path, mode);
        Write(path, "new");
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(mode, ModeOf(path));
    }

    [Fact]
    public void New_OverAProtectedFile_IsRefused()
    {
        string path = Make("a.txt", "old");
        File.SetAttributes(path, FileAttributes.ReadOnly);
        Assert.Throws<UnauthorizedAccessException>(() => new ReplacingFile(path));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(_folder));
        File.SetAttributes(path, FileAttributes.Normal);
    }

    [Fact]
    public void Dispose_ThroughALink_ReplacesTheTarget()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links take rights there");
        string path = Make("a.txt", "old");
        string link = Link("b.txt", path);
        using (var file = new ReplacingFile(link))
        {
            file.Stream.Write("new"u8);
            Assert.Equal("old", File.ReadAllText(path));
        }

        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(path, new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void AreSame_NamesOfOneFile_OtherNamesAreNot()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links take rights there");
        string path = Make("a.txt", "old");
        string link = Link("b.txt", path);
        string linkToLink = Link("c.txt", link);
        string folder = Path.Combine(_folder, "folder");
        Directory.CreateSymbolicLink(folder, _folder);
        string copy = Make("d.txt", "old");
        string dangling = Link("e.txt", Path.Combine(_folder, "none"));
        Assert.All([path, link, linkToLink, Path.Combine(folder, "a.txt"), Path.Combine(folder, "c.txt")], name =>
        {
            Assert.True(FileIdentity.AreSame(name, path), name);
            Assert.True(FileIdentity.AreSame(path, name), name);
        });
        Assert.All([copy, dangling, Path.Combine(_folder, "none"), _folder, ""], name => Assert.False(FileIdentity.AreSame(name, path), name));
    }

    private string Make(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private string Link(string name, string target)
    {
        string path = Path.Combine(_folder, name);
        File.CreateSymbolicLink(path, target);
        return path;
    }

    private static void Write(string path, string text)
    {
        using var file = new ReplacingFile(path);
        file.Stream.Write(Encoding.UTF8.GetBytes(text));
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);
}
