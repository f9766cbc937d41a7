namespace TcpShell.Pester.Tests;

/// <summary>
/// Runs the Pester files of tests/Pester, each as one case. xunit runs the cases of a class one after another and classes side by side, so
/// the two classes below run two files at a time.
/// </summary>
public abstract class PesterTests(ITestOutputHelper output)
{
    /// <summary>Every second file.</summary>
    protected static IEnumerable<TheoryDataRow<string>> Half(int remainder) =>
        Checkout.PesterFiles.Where((_, index) => index % 2 == remainder).Select(name => new TheoryDataRow<string>(name));

    /// <summary>Runs a file, quotes its failures, and keeps its counts for .ci/run.</summary>
    protected async Task RunFile(string name)
    {
        int count = Checkout.PesterFiles.Length;
        if (Checkout.Pwsh is null)
        {
            Assert.Skip($"pwsh is not on PATH: {count} Pester files were not run, this one among them.");
        }

        PesterRun? run = await PesterRun.StartAsync(Checkout.Pwsh, Path.Combine(Checkout.Root, "tests", "Pester", name));
        if (run is null)
        {
            Assert.Skip($"pwsh has no Pester 5: {count} Pester files were not run, this one among them.");
        }

        output.WriteLine($"{name}: {run.Passed} passed, {run.Failed} failed, {run.Skipped} skipped");
        foreach (PesterNote skip in run.Skips)
        {
            output.WriteLine($"Skipped {skip.Name}: {skip.Message}");
        }

        KeepCounts(name, run);
        Assert.True(run.Passed + run.Failed + run.Skipped > 0, $"{name} has no tests.");
        Assert.True(run.Failed == 0, $"{run.Failed} of {run.Passed + run.Failed} failed.\n\n" + string.Join("\n\n", run.Failures.Select(f => $"{f.Name}\n{f.Message}")));
    }

    /// <summary>One line for each file: passed, failed, skipped, then each skip with its reason.</summary>
    private static void KeepCounts(string name, PesterRun run)
    {
        string folder = Path.Combine(Checkout.Root, "TestResults", "pester");
        Directory.CreateDirectory(folder);
        IEnumerable<string> skips = run.Skips.Select(skip => $"{skip.Name}: {skip.Message}".ReplaceLineEndings(" "));
        File.WriteAllLines(Path.Combine(folder, $"{name}.txt"), [$"{run.Passed} {run.Failed} {run.Skipped}", .. skips]);
    }
}

/// <summary>The first, third, fifth ... file.</summary>
public sealed class PesterOddTests(ITestOutputHelper output) : PesterTests(output)
{
    /// <summary>The files.</summary>
    public static IEnumerable<TheoryDataRow<string>> Files => Half(0);

    /// <summary>Every test of the file passes.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public Task File_Run_Passes(string name) => RunFile(name);
}

/// <summary>The second, fourth, sixth ... file.</summary>
public sealed class PesterEvenTests(ITestOutputHelper output) : PesterTests(output)
{
    /// <summary>The files.</summary>
    public static IEnumerable<TheoryDataRow<string>> Files => Half(1);

    /// <summary>Every test of the file passes.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public Task File_Run_Passes(string name) => RunFile(name);
}
