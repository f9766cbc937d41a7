namespace TcpShell.RfcCoverage.Tests;

/// <summary>What is found wrong in a repository of two files.</summary>
public sealed class ProblemTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("rfc-coverage").FullName;

    public ProblemTests()
    {
        Write("docs/rfc-requirements/rfc9293.tsv", "Id\tSection\tLevel\tStatement\nMUST-1\t3.1\tMUST\tWindows are unsigned\n");
        Write("docs/rfc-requirements/phenomena.tsv", "Id\tPhenomenon\tWhat must be seen\nP01\tPassive open\tLISTEN\n");
        Write("docs/rfc-requirements/not-implemented.tsv", "Id\tReason\n");
        Write("src/Window.cs", Code("// [MUST-1]"));
        Write("tests/WindowTests.cs", Test("MUST-1", "P01"));
        Write("labs/README.md", "Labs\n");
    }

    [Fact]
    public void AllTaggedAndProved_NoProblem() => Assert.Empty(Problems());

    [Fact]
    public void RuleWithoutCode_IsAProblem()
    {
        Write("src/Window.cs", Code("// unsigned"));
        Assert.Contains("MUST-1 (MUST, RFC 9293 3.1: Windows are unsigned): no code is tagged with it.", Problems());
    }

    [Fact]
    public void TagWithoutTest_IsAProblemAndNamesTheMember()
    {
        Write("tests/WindowTests.cs", Test("P01"));
        Assert.EndsWith("no test proves it. Code: src/Window.cs:6 (Scale).", Assert.Single(Problems()));
    }

    [Fact]
    public void UnknownIdInCode_IsAProblem()
    {
        Write("src/Window.cs", Code("// [MUST-1, MUST-99]"));
        Assert.Equal("MUST-99: unknown id in code, src/Window.cs:6 (Scale).", Assert.Single(Problems()));
    }

    [Fact]
    public void UnknownIdInTests_IsAProblemAndNamesTheTest()
    {
        Write("tests/WindowTests.cs", Test("MUST-1", "P01", "6298-77"));
        Assert.Equal("6298-77: unknown id in tests, tests/WindowTests.cs:9 (WindowTests.Wide_IsUnsigned).", Assert.Single(Problems()));
    }

    [Theory]
    [InlineData("// [MUST-1 .. MUST-3]")]
    [InlineData("// [RFC 9293 MUST-1]")]
    [InlineData("// [MUST-1,MUST-3]")]
    public void NoListOfIds_IsAProblem(string comment)
    {
        Write("src/Window.cs", Code("// [MUST-1]", comment));
        Assert.Contains("is no list of ids", Assert.Single(Problems()));
    }

    [Fact]
    public void ReasonForWhatIsImplemented_IsAProblem()
    {
        Write("docs/rfc-requirements/not-implemented.tsv", "Id\tReason\nMUST-1\tNo windows here.\n");
        Assert.Contains("said to be not implemented, but src/Window.cs:6 (Scale) names it", Assert.Single(Problems()));
    }

    [Fact]
    public void ReasonForWhatIsOpen_IsNoProblem()
    {
        Write("docs/rfc-requirements/not-implemented.tsv", "Id\tReason\nMUST-1\tNo windows here.\n");
        Write("src/Window.cs", Code("// unsigned"));
        Write("tests/WindowTests.cs", Test("P01"));
        Assert.Empty(Problems());
    }

    [Fact]
    public void PhenomenonInTheNameOfAPesterTest_IsShown()
    {
        Write("tests/WindowTests.cs", Test("MUST-1"));
        Assert.Equal("P01 (Passive open): no test shows it.", Assert.Single(Problems()));
        Write("tests/Pester/New-TcpHost.Tests.ps1", "    It 'listens (P01)' {\n");
        Assert.Empty(Problems());
    }

    [Fact]
    public void IdInACommentOfAScript_IsProof()
    {
        Write("tests/WindowTests.cs", Test("P01"));
        Assert.EndsWith("no test proves it. Code: src/Window.cs:6 (Scale).", Assert.Single(Problems()));
        Write("tests/scripts/window.pkt", "// A wide window (RFC 9293 MUST-1).\n+0 < . 1000:2000(1000) ack 1\n");
        Assert.Empty(Problems());
    }

    [Fact]
    public void Readme_CountsStandBetweenTheMarkers()
    {
        string readme = CoveragePage.Readme(new Coverage(_root), "a\n<!-- rfc-coverage: written by tools/RfcCoverage -->\nold\n<!-- /rfc-coverage -->\nb\n");
        Assert.Contains("1 rules of 1 RFCs: 1 have code and a test that proves it (MUST 1 of 1, ", readme);
        Assert.DoesNotContain("old", readme);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private IEnumerable<string> Problems() => new Coverage(_root).Problems();

    private static string Code(params string[] comments) =>
        $"namespace N;\n\npublic class Window\n{{\n    public int Scale() =>\n        {string.Join("\n        ", comments)}\n        1;\n}}\n";

    private static string Test(params string[] ids) =>
        $"namespace N;\n\npublic class WindowTests\n{{\n    [Fact]\n\n{string.Concat(ids.Select(id => $"    [Trait(\"Proves\", \"{id}\")]\n"))}    public void Wide_IsUnsigned() => Assert.True(true);\n}}\n";

    private void Write(string path, string text)
    {
        string full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
