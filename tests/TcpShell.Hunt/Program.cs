using TcpShell.Hunt.Running;
using TcpShell.Hunt.Scenarios;

long start = long.Parse(args[0]);
long count = long.Parse(args[1]);
long packets = 0;
int bad = 0;
var kinds = new Dictionary<string, (int, long)>();
var clock = System.Diagnostics.Stopwatch.StartNew();
for (long seed = start; seed < start + count; seed++)
{
    RunResult result = ScenarioRun.Execute(ScenarioGenerator.Make(seed));
    packets += result.Packets;
    if (result.Failure is { } f)
    {
        bad++;
        kinds[f.Invariant] = kinds.TryGetValue(f.Invariant, out var k) ? (k.Item1 + 1, k.Item2) : (1, seed);
        if (kinds[f.Invariant].Item1 == 1) Console.WriteLine($"seed {seed} {f.Invariant} at {f.At}: {f.Text}\n{f.State}\n{(args.Length > 2 ? ScenarioText.Write(result.Scenario) : "")}");
    }
}
Console.WriteLine($"{count} seeds {packets} packets {clock.Elapsed.TotalSeconds:0.0} s {count / clock.Elapsed.TotalSeconds:0} seeds/s, {bad} bad");
foreach (var k in kinds) Console.WriteLine($"  {k.Key} {k.Value}");
