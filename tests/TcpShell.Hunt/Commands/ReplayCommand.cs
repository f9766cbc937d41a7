using TcpShell.Hunt.Running;
using TcpShell.Hunt.Scenarios;
using TcpShell.Tracing;

namespace TcpShell.Hunt.Commands;

/// <summary>Runs one scenario and tells what happens.</summary>
internal static class ReplayCommand
{
    /// <returns>Whether the run was without a failure.</returns>
    public static bool Run(Options options, TextWriter output)
    {
        Scenario scenario = options.Replay is { } path ? ScenarioText.Parse(File.ReadAllText(path)) : ScenarioGenerator.Make(options.Seed!.Value);
        RunResult result = ScenarioRun.Execute(scenario, keepTrace: true);
        if (options.Verbose || options.Replay is not null)
        {
            foreach (SegmentRecord segment in SegmentRecorder.Record(result.Network.Trace))
            {
                string fate = segment.FateText.Length > 0 ? $" ({segment.FateText})" : "";
                string verdict = segment.Verdict is { Text.Length: > 0 } judged ? $" [{judged}]" : "";
                output.WriteLine($"{segment.Number,5} {segment.Time} {segment.From} > {segment.To} {segment.Info} {segment.Reason}{fate}{verdict}");
            }
        }

        if (result.Failure is not null)
        {
            FailureReport.Write(output, options.Out, result);
            return false;
        }

        output.WriteLine(ScenarioText.Write(scenario));
        output.WriteLine($"No failure: {result.Packets} packets, {result.Steps} steps, {result.Network.Now} s of virtual time.");
        return true;
    }
}
