using TcpShell.Hunt.Running;
using TcpShell.Hunt.Scenarios;
using TcpShell.Pcap.Files;

namespace TcpShell.Hunt.Commands;

/// <summary>Tells of a run that failed, and writes it down: the scenario as a script, the packets as a capture.</summary>
internal static class FailureReport
{
    public static void Write(TextWriter output, string folder, RunResult result)
    {
        if (result.Failure is not { } failure)
        {
            output.WriteLine($"Seed {result.Scenario.Seed} fails no more.");
            return;
        }

        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"{failure.Invariant}-{result.Scenario.Seed}");
        string script = ScenarioText.Write(result.Scenario);
        File.WriteAllText($"{path}.hunt", $"# {failure.Invariant} at {failure.At}: {FirstLine(failure.Text)}\n{script}");
        using (var capture = new CaptureFile($"{path}.pcapng", "hunt"))
        {
            foreach (TraceExport.Frame frame in TraceExport.Frames(result.Network.Trace, null))
            {
                capture.Write(frame.Time, frame.Bytes.Span, frame.Comment);
            }
        }

        output.WriteLine($"Seed {result.Scenario.Seed} breaks {failure.Invariant} at {failure.At}: {failure.Text}");
        output.WriteLine(failure.State);
        output.WriteLine(script);
        output.WriteLine($"Replay it with --replay {path}.hunt; the packets are in {path}.pcapng.");
    }

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd('\r');
}
