using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting.Referee;

/// <summary>
/// packetdrill itself, unmodified, with this engine as the stack that it drives (tests/TcpShell.Packetdrill). Tests that need it are skipped where it, or
/// what makes the engine a shared object, is not there.
/// </summary>
internal sealed partial class Packetdrill
{
    /// <summary>The environment variable that names the program; without it, it is looked for on PATH.</summary>
    public const string Variable = "TCPSHELL_PACKETDRILL_BINARY";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_publishing = TimeSpan.FromMinutes(10);
    private static readonly Lazy<Packetdrill> s_instance = new(() => new Packetdrill());

    private static readonly string s_path = Environment.GetEnvironmentVariable("PATH") ?? "";

    private readonly string _program;
    private readonly string _library;
    private readonly string _empty;

    private Packetdrill()
    {
        _program = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : FindProgram("packetdrill") ?? "";
        Assert.SkipUnless(File.Exists(_program), $"packetdrill is neither on PATH nor named by {Variable}: nobody referees this engine.");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "packetdrill loads shared objects on Linux: nobody referees this engine.");
        Assert.SkipWhen(FindProgram("clang") is null && FindProgram("gcc") is null, "There is no clang and no gcc to link the engine as a shared object for packetdrill.");
        Assert.SkipWhen(FindProgram("python3") is null, "There is no python3, with which packetdrill runs code blocks.");
        string folder = Directory.CreateTempSubdirectory("tcpshell-referee-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        _empty = Directory.CreateDirectory(Path.Combine(folder, "empty")).FullName;
        _library = Publish();
        RequireHarmless(folder);
    }

    /// <summary>Looks for packetdrill and makes the shared object, once; skips the test where that cannot be.</summary>
    public static Packetdrill Instance => s_instance.Value;

    /// <summary>Runs a script.</summary>
    /// <param name="script">The script as it was read, with the path of its file.</param>
    public PacketdrillVerdict Run(TcpScript script)
    {
        var configuration = new ScriptConfiguration(script);
        configuration.Read();
        return Run(
            script.Path!,
            $"--code_command=PATH='{s_path}' python3",
            $"--ip_version={(configuration.LocalAddress.IsIPv6 ? "ipv6" : "ipv4")}",
            $"--local_ip={configuration.LocalAddress}",
            $"--so_filename={_library}",
            $"--so_flags={configuration.LocalAddress},{configuration.Mtu}");
    }

    private static string? FindProgram(string name) => s_path.Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Makes the shared object, in a folder of its own: whatever else is being built from the same sources is not disturbed.</summary>
    private static string Publish()
    {
        string project = Path.Combine(Checkout.Root, "tests", "TcpShell.Packetdrill");
        string artifacts = Path.Combine(project, "obj", "referee");
        string library = Path.Combine(artifacts, "library");
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] arguments = ["publish", project, "--use-current-runtime", "--artifacts-path", artifacts, "-o", library, "-nodeReuse:false"];
        (int code, string output) = Run(new ProcessStartInfo(host, arguments), s_publishing);

        // NU1101, NU1301 and their kind: the package registry is away, or has no compiler of native code.
        string? restore = output.Split('\n').FirstOrDefault(line => line.Contains("error NU1", StringComparison.Ordinal));
        Assert.SkipWhen(code != 0 && restore is not null, $"What makes the engine a shared object cannot be had: {restore?.Trim()}");
        return code == 0 ? Path.Combine(library, "TcpShell.Packetdrill.so") : throw new InvalidOperationException(output);
    }

    private static (int Code, string Output) Run(ProcessStartInfo start, TimeSpan patience)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(patience))
        {
            process.Kill(entireProcessTree: true);
            return (-1, $"{Path.GetFileName(start.FileName)} was ended after {patience.TotalSeconds} s.");
        }

        return (process.ExitCode, errors.Result + output.Result);
    }

    /// <summary>
    /// Command lines of scripts must come to the shared object, and to no shell. One that no shell knows is taken there; and should they ever come to a
    /// shell, it finds no program to run.
    /// </summary>
    private void RequireHarmless(string folder)
    {
        const string Harmless = "`defaults.sh`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n";
        string path = Path.Combine(folder, "harmless.pkt");
        File.WriteAllText(path, Harmless);
        PacketdrillVerdict verdict = Run(TcpScript.Parse(Harmless, path));
        if (!verdict.Passed)
        {
            throw new InvalidOperationException($"packetdrill runs command lines of scripts: {verdict.Output}");
        }
    }

    private PacketdrillVerdict Run(string path, params string[] options)
    {
        var start = new ProcessStartInfo(_program, options) { WorkingDirectory = _empty };
        foreach ((string word, string meaning) in PublicScripts.Definitions)
        {
            start.ArgumentList.Add("-D");
            start.ArgumentList.Add($"{word}={meaning}");
        }

        start.ArgumentList.Add(path);
        start.Environment.Clear();
        start.Environment["PATH"] = _empty;
        start.Environment["LD_PRELOAD"] = _library;
        (int code, string output) = Run(start, s_patience);
        Match line = FailingLine().Match(output);
        return new(code == 0, line.Success ? int.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture) : 0, output.Trim());
    }

    [GeneratedRegex(@"\.pkt:(\d+): ")]
    private static partial Regex FailingLine();
}

/// <summary>What packetdrill says of a script.</summary>
/// <param name="Passed">Whether it passed.</param>
/// <param name="Line">Where it failed; 0 where it tells no line.</param>
/// <param name="Output">What it printed.</param>
internal sealed record PacketdrillVerdict(bool Passed, int Line, string Output);
