using System.Globalization;

namespace TcpShell.Hunt.Commands;

/// <summary>What was asked for on the command line.</summary>
internal sealed record Options
{
    public const string Usage = """
        Hunts for bugs in the engine.

          TcpShell.Hunt [--seeds N] [--start N] [--threads N] [--out FOLDER]   runs random scenarios, one for each seed
          TcpShell.Hunt --seed N [--verbose]                                   runs one of them and tells what it is
          TcpShell.Hunt --replay FILE                                          runs a scenario that was written down
          TcpShell.Hunt fuzz [--segments N] [--start N] [--threads N]          random segments in every state, and random packets at a host

        A failure is made smaller and written to FOLDER (by default out/hunt) as a script that --replay reads, and as a capture.
        """;

    public bool Fuzz { get; init; }

    public long Seeds { get; init; } = 10_000;

    public long Segments { get; init; } = 10_000_000;

    public long Start { get; init; }

    public int Threads { get; init; } = Environment.ProcessorCount;

    public long? Seed { get; init; }

    public bool Verbose { get; init; }

    public string? Replay { get; init; }

    public string Out { get; init; } = Path.Combine("out", "hunt");

    /// <exception cref="FormatException">The command line is none.</exception>
    public static Options Parse(IReadOnlyList<string> arguments)
    {
        var options = new Options();
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw new FormatException($"{name} needs a value.");
            long Number() => long.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                ? number
                : throw new FormatException($"{name} needs a number, not '{arguments[i]}'.");
            options = name switch
            {
                "fuzz" => options with { Fuzz = true },
                "--seeds" => options with { Seeds = Number() },
                "--segments" => options with { Segments = Number() },
                "--start" => options with { Start = Number() },
                "--threads" => options with { Threads = (int)Math.Clamp(Number(), 1, 256) },
                "--seed" => options with { Seed = Number() },
                "--verbose" => options with { Verbose = true },
                "--replay" => options with { Replay = Value() },
                "--out" => options with { Out = Value() },
                _ => throw new FormatException($"'{name}' is no option."),
            };
        }

        return options;
    }
}
