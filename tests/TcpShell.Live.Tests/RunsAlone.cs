namespace TcpShell.Live.Tests;

/// <summary>Tests that measure the memory of the whole process: what others take meanwhile would count as theirs.</summary>
[CollectionDefinition(nameof(RunsAlone), DisableParallelization = true)]
public sealed class RunsAlone;
