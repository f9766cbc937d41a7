using System.Globalization;
using System.Text;
using TcpShell.Simulation;
using TcpShell.Tracing;

namespace TcpShell.Scripting;

/// <summary>What became of a script, and why.</summary>
public sealed record ScriptResult
{
    /// <summary>The name under which the trace has the end that the script plays.</summary>
    public const string PeerName = "script";

    /// <summary>The script's file; null for a text without one.</summary>
    public string? Path { get; init; }

    /// <summary>What became of it.</summary>
    public required ScriptVerdict Verdict { get; init; }

    /// <summary>The line of the event that decided; 0 where none did.</summary>
    public int Line { get; init; }

    /// <summary>Why, in one sentence; empty for a pass.</summary>
    public string Reason { get; init; } = "";

    /// <summary>What the script asks for, in packetdrill's notation; empty for a pass.</summary>
    public string Expected { get; init; } = "";

    /// <summary>What came instead, in packetdrill's notation; empty for a pass.</summary>
    public string Actual { get; init; } = "";

    /// <summary>The last events before the one that decided, with their times, the oldest first.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>Packets that were not as the script asks for, where it wants to be only warned of them (<c>--non_fatal=packet</c>).</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The virtual time that the script took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The packets and timers that it took.</summary>
    public int Steps { get; init; }

    /// <summary>Packets that left the TCP under test and that the script says nothing about.</summary>
    public int Unlisted { get; init; }

    /// <summary>All packets, in both directions; empty where they are not kept.</summary>
    public required PacketTrace Trace { get; init; }

    /// <summary>All segments, in both directions; none where packets are not kept.</summary>
    public IEnumerable<SegmentRecord> Segments => SegmentRecorder.Record(Trace);

    /// <summary>The result of what could not be run.</summary>
    /// <param name="path">What was to be a script.</param>
    /// <param name="reason">Why it is none, in one sentence.</param>
    /// <param name="line">The line that is wrong; 0 where none is.</param>
    public static ScriptResult Invalid(string? path, string reason, int line = 0) => new()
    {
        Path = path,
        Verdict = ScriptVerdict.Invalid,
        Line = line,
        Reason = reason,
        Trace = new(() => Timestamp.Zero),
    };

    /// <summary>The verdict and its warnings; where it is no pass, with place, reason, expectation and what came.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Verdict.ToString());
        if (Reason.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" {Path ?? "script"}{(Line == 0 ? "" : $":{Line}")}: {Reason}");
        }

        if (Expected.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n  expected {Expected}\n  but got  {Actual}");
        }

        foreach (string line in Before)
        {
            text.Append("\n  before   ").Append(line);
        }

        foreach (string warning in Warnings)
        {
            text.Append("\n  warning  ").Append(warning);
        }

        return text.ToString();
    }
}
