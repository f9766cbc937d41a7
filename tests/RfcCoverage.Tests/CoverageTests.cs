namespace TcpShell.RfcCoverage.Tests;

/// <summary>The repository's own state: every rule has code and a test or a reason, and the page says so.</summary>
public class CoverageTests
{
    private const string HowToRenew = "Run: dotnet run --project tools/RfcCoverage";

    private static readonly Coverage s_coverage = new(Checkout.Root);

    [Fact]
    public void Repository_AllRequirements_HaveCodeAndTestOrReason()
    {
        string[] problems = [.. s_coverage.Problems()];
        Assert.True(problems.Length == 0, $"{problems.Length} problems:\n{string.Join("\n", problems)}");
    }

    [Fact]
    public void Page_IsGeneratedFromWhatTheRepositoryHas() =>
        Assert.True(CoveragePage.Page(s_coverage) == Text(CoveragePage.PagePath), $"{CoveragePage.PagePath} is not up to date. {HowToRenew}");

    [Fact]
    public void Readme_CountsAreThoseOfToday() =>
        Assert.True(
            CoveragePage.Readme(s_coverage, Text(CoveragePage.ReadmePath)) == Text(CoveragePage.ReadmePath),
            $"The counts in {CoveragePage.ReadmePath} are not up to date. {HowToRenew}");

    private static string Text(string path) => File.ReadAllText(Path.Combine(Checkout.Root, path));
}
