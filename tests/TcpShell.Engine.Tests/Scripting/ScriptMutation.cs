using System.Globalization;
using System.Text.RegularExpressions;
using TcpShell.Simulation;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>Breaks scripts: their syntax, their numbers, the order of their lines; and lets them wait for what never comes.</summary>
internal static partial class ScriptMutation
{
    private static readonly string[] s_numbers =
    [
        "0", "1", "-1", "255", "256", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "99999999999999999999", "0.0000001", "1e9",
        "86401", "999999999", "0x", "0xffffffffffffffffff", "1~2", "NULL",
    ];

    private static readonly string[] s_waits =
    [
        "* > . 1:1(0) ack 1", "+0...86400 read(4, ..., 1000) = 1000", "+0...100000 accept(3, ..., ...) = 9", "+0 poll([{fd=4, events=POLLIN}], 1, -1) = 1",
        "+0...1000000 poll([{fd=4, events=POLLIN}], 1, 2000000000) = 1", "+0...80000 write(4, ..., 60000000) = 60000000", "+0 write(4, ..., 60000000) = 1",
        "+80000 close(4) = 0", "+1000000 close(4) = 0", "+0~+90000 > . 1:1(0) ack 1", "+0 setsockopt(4, SOL_SOCKET, SO_RCVBUF, [2147483647], 4) = 0",
        "+0 setsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0\n+0 setsockopt(4, SOL_TCP, TCP_KEEPIDLE, [1], 4) = 0\n* > . 7:7(0) ack 9",
        "+0 `tc qdisc replace dev tun0 root pfifo limit 0`\n+0 write(4, ..., 60000000) = 1\n* > . 7:7(0) ack 9",
        "+0 %{ x = 1; x += x << 63; assert x // 0 }%", "+0 sendfile(4, 5, [0], 10) = 10",
    ];

    private static readonly char[] s_characters = [.. "<>()[]{}.,:~+*-\"`%/\\0189afS x\n_=|"];

    /// <summary>A script with one to three things broken.</summary>
    public static string Mutate(string script, SeededRandom random)
    {
        for (int changes = 1 + random.Next(3); changes > 0; changes--)
        {
            script = random.Next(5) switch
            {
                0 => OtherNumber(script, random),
                1 => script + "\n" + s_waits[random.Next(s_waits.Length)] + "\n",
                2 => OtherLines(script, random),
                3 => OtherCharacter(script, random),
                _ => InsertWait(script, random),
            };
        }

        return script;
    }

    private static string OtherNumber(string script, SeededRandom random)
    {
        MatchCollection numbers = Number().Matches(script);
        Match number = numbers[random.Next(numbers.Count)];
        string other = random.Next(4) == 0
            ? (long.Parse(number.Value, CultureInfo.InvariantCulture) + random.Next(3) - 1).ToString(CultureInfo.InvariantCulture)
            : s_numbers[random.Next(s_numbers.Length)];
        return script[..number.Index] + other + script[(number.Index + number.Length)..];
    }

    private static string OtherLines(string script, SeededRandom random)
    {
        List<string> lines = [.. script.Split('\n')];
        int one = random.Next(lines.Count);
        int other = random.Next(lines.Count);
        switch (random.Next(3))
        {
            case 0:
                (lines[one], lines[other]) = (lines[other], lines[one]);
                break;
            case 1:
                lines.RemoveAt(one);
                break;
            default:
                lines.Insert(other, lines[one]);
                break;
        }

        return string.Join('\n', lines);
    }

    private static string OtherCharacter(string script, SeededRandom random)
    {
        int at = random.Next(script.Length);
        return script[..at] + s_characters[random.Next(s_characters.Length)] + script[(at + random.Next(2))..];
    }

    private static string InsertWait(string script, SeededRandom random)
    {
        int at = script.IndexOf('\n', random.Next(script.Length));
        return at < 0 ? script : script[..at] + "\n" + s_waits[random.Next(s_waits.Length)] + script[at..];
    }

    [GeneratedRegex("[0-9]{1,9}")]
    private static partial Regex Number();
}
