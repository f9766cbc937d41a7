using TcpShell.RfcCoverage;

// Writes docs/rfc-coverage.md and the counts in the README, and tells what is open. The exit code is 1 if anything is.
string root = Checkout.Root;
var coverage = new Coverage(root);
string readme = Path.Combine(root, CoveragePage.ReadmePath);
File.WriteAllText(Path.Combine(root, CoveragePage.PagePath), CoveragePage.Page(coverage));
File.WriteAllText(readme, CoveragePage.Readme(coverage, File.ReadAllText(readme)));
string[] problems = [.. coverage.Problems()];
foreach (string problem in problems)
{
    Console.WriteLine(problem);
}

Console.WriteLine(problems.Length == 0 ? $"Nothing is open. {CoveragePage.PagePath} is up to date." : $"{problems.Length} problems.");
return problems.Length == 0 ? 0 : 1;
