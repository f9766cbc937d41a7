using System.Globalization;
using TcpShell.Pcap.Files;
using TcpShell.Scripting;
using TcpShell.Scripting.Generation;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Scripting;

/// <summary>Scripts that are made of real captures: what share of them passes on this engine. The figures stand in docs/packetdrill.md.</summary>
[Trait("Proves", "P71")]
public sealed class CaptureScriptTests(ITestOutputHelper output)
{
    // More than that no script can hold anyway.
    private const int LongestStream = 5000;

    [Fact]
    public void Streams_OfAllCaptures_MadeScripts_AreScriptsAndMostlyPass()
    {
        int made = 0;
        int impossible = 0;
        int passed = 0;
        var shapes = new SortedDictionary<int, (int Passed, int Made)>();
        foreach (Dictionary<string, string> row in SharedCaptures.Index)
        {
            foreach (IGrouping<int, SegmentRecord> stream in Read(Path.Combine(SharedCaptures.Folder, row["source"], row["file"])).GroupBy(segment => segment.Stream))
            {
                SegmentRecord[] segments = [.. stream];
                foreach (ScriptSide side in segments.Length > LongestStream ? [] : Enum.GetValues<ScriptSide>())
                {
                    if (Try(segments, side) is not { } verdict)
                    {
                        impossible++;
                        continue;
                    }

                    bool passes = verdict == ScriptVerdict.Pass;
                    made++;
                    passed += passes ? 1 : 0;
                    int shape = segments.Length switch { <= 4 => 4, <= 10 => 10, <= 30 => 30, <= 100 => 100, _ => LongestStream };
                    (int Passed, int Made) before = shapes.GetValueOrDefault(shape);
                    shapes[shape] = (before.Passed + (passes ? 1 : 0), before.Made + 1);
                }
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{made} scripts made, {impossible} impossible, {passed} pass ({100.0 * passed / made:0.0} %)"));
        foreach ((int most, (int Passed, int Made) count) in shapes)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"up to {most} segments: {count.Passed} of {count.Made}"));
        }

        Assert.InRange((double)passed / made, 0.9, 1);
    }

    /// <summary>The verdict; null where the connection cannot be made a script. Any other exception is a bug.</summary>
    private static ScriptVerdict? Try(SegmentRecord[] segments, ScriptSide side)
    {
        try
        {
            GeneratedScript script = ScriptGenerator.Generate(segments, new() { Side = side });
            return ScriptRunner.Run(script.Script, new() { Profile = script.Profile, KeepTrace = false }).Verdict;
        }
        catch (ScriptGenerationException)
        {
            return null;
        }
    }

    private static List<SegmentRecord> Read(string path)
    {
        var segments = new List<SegmentRecord>();
        using CaptureReader reader = CaptureReader.Open(path);
        var recorder = new SegmentRecorder();
        while (reader.TryRead(out CapturedFrame frame))
        {
            DecodedPacket packet = PacketDecoder.Decode(frame.Data, frame.LinkType, (int)Math.Min(frame.OriginalLength, int.MaxValue));
            if (recorder.Record(packet, frame.Timestamp, "", (int)Math.Min(frame.Number, int.MaxValue)) is { } segment)
            {
                segments.Add(segment);
            }
        }

        return segments;
    }
}
