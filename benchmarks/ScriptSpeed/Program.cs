using System.Diagnostics;
using System.Globalization;
using TcpShell.Engine.Tests.Scripting;
using TcpShell.Scripting;
using TcpShell.Simulation;

// How long scripts take, against what is promised: all of our own together under 5 s on two cores, one of them under 10 ms in the median, no broken
// one over 2 s. The argument is the folder of the scripts; with none it is tests/scripts. Exit code 1 where a promise is not kept.
string folder = args.Length > 0 ? args[0] : Path.Combine("tests", "scripts");
string[] scripts = [.. Directory.GetFiles(folder, "*.pkt", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText)];
Parallel.ForEach(scripts, script => Run(script)); // what has to be compiled is, from here on

long start = Stopwatch.GetTimestamp();
Parallel.ForEach(scripts, new ParallelOptions { MaxDegreeOfParallelism = 2 }, script => Run(script));
TimeSpan together = Stopwatch.GetElapsedTime(start);
TimeSpan[] each = [.. scripts.Select(Run).Order()];

var broken = new List<(TimeSpan Time, string Script)>();
for (long seed = 1; seed <= 5; seed++)
{
    var random = new SeededRandom(seed, "mutated scripts");
    broken.AddRange(scripts.Select(script => ScriptMutation.Mutate(script, random)).Select(script => (Run(script), script)));
}

(TimeSpan longest, string slowest) = broken.MaxBy(entry => entry.Time);
Write($"our own scripts, {scripts.Length} on two cores: {together.TotalSeconds:0.000} s together");
Write($"one of them: {Median(each).TotalMilliseconds:0.00} ms in the median, {each[^1].TotalMilliseconds:0.0} ms at most");
Write($"broken ones, {broken.Count}: {Median([.. broken.Select(entry => entry.Time).Order()]).TotalMilliseconds:0.00} ms in the median, {longest.TotalSeconds:0.000} s at most");
bool kept = together < TimeSpan.FromSeconds(5) && Median(each) < TimeSpan.FromMilliseconds(10) && longest < TimeSpan.FromSeconds(2);
if (!kept)
{
    Write($"The slowest broken one:\n{slowest}");
}

return kept ? 0 : 1;

static TimeSpan Run(string script)
{
    long start = Stopwatch.GetTimestamp();
    try
    {
        ScriptRunner.Run(TcpScript.Parse(script));
    }
    catch (TcpScriptException)
    {
        // Broken ones may be so broken that they are none.
    }

    return Stopwatch.GetElapsedTime(start);
}

static TimeSpan Median(TimeSpan[] sorted) => sorted[sorted.Length / 2];

static void Write(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
