namespace TcpShell.RfcCoverage;

/// <summary>One rule of an RFC.</summary>
/// <param name="Id">Its id: <c>MUST-14</c>, <c>U-7</c>, <c>6298-2</c>.</param>
/// <param name="Rfc">The number of the RFC.</param>
/// <param name="Section">Where in it.</param>
/// <param name="Level">MUST, MUST NOT, SHOULD, SHOULD NOT, RECOMMENDED, MAY, or a dash where the RFC uses no such word.</param>
/// <param name="Statement">The rule in short words.</param>
public sealed record Requirement(string Id, string Rfc, string Section, string Level, string Statement)
{
    /// <summary>Whether there is no choice about it.</summary>
    public bool IsMust => Level is "MUST" or "MUST NOT";
}

/// <summary>Something that a user must be able to make happen, see and test.</summary>
/// <param name="Id">Its id: <c>P20</c>.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Seen">What must be seen.</param>
public sealed record Phenomenon(string Id, string Name, string Seen);

/// <summary>A place in code or tests that names an id.</summary>
/// <param name="Id">The id.</param>
/// <param name="Member">The member or test that it stands at.</param>
/// <param name="Path">The file, from the root of the repository on, with forward slashes.</param>
/// <param name="Line">The line, from 1.</param>
public sealed record Mention(string Id, string Member, string Path, int Line)
{
    /// <summary><c>src/A.cs:7 (Member)</c>.</summary>
    public override string ToString() => $"{Path}:{Line} ({Member})";
}
