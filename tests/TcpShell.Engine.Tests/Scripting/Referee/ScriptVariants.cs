using TcpShell.Scripting;
using TcpShell.Simulation;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Scripting.Referee;

/// <summary>Scripts in which one thing is changed, so that most of them must fail, and some of them bring the TCP where nobody thought of.</summary>
internal static class ScriptVariants
{
    /// <summary>A script with one change, printed and read again.</summary>
    /// <param name="script">The script.</param>
    /// <param name="random">Chooses event and change.</param>
    public static TcpScript Change(TcpScript script, SeededRandom random)
    {
        while (true)
        {
            int index = random.Next(script.Events.Count);
            List<ScriptEvent> events = [.. script.Events];
            if (random.Happens(0.1))
            {
                events.RemoveAt(index);
            }
            else
            {
                events[index] = Change(events[index], random);
            }

            try
            {
                TcpScript changed = TcpScript.Parse((script with { Events = events }).ToString(), script.Path);
                if (!changed.Events.Select(scriptEvent => scriptEvent.ToString()).SequenceEqual(script.Events.Select(scriptEvent => scriptEvent.ToString())))
                {
                    return changed;
                }
            }
            catch (TcpScriptException)
            {
                // No script at all, such as one whose times go back: another change then.
            }
        }
    }

    private static ScriptEvent Change(ScriptEvent scriptEvent, SeededRandom random) => scriptEvent switch
    {
        _ when random.Happens(0.2) && scriptEvent.Time.IsExact => Later(scriptEvent, random),
        TcpPacketEvent packet => Change(packet, random),
        SystemCallEvent { Result: IntegerValue result } call => call with { Result = new IntegerValue(result.Value + 1), Errno = null },
        _ => scriptEvent,
    };

    private static ScriptEvent Later(ScriptEvent scriptEvent, SeededRandom random)
    {
        TimeSpan time = scriptEvent.Time.Start + TimeSpan.FromMilliseconds(random.Next(2) == 0 ? 3 : 10 + random.Next(1000));
        return scriptEvent with { Time = scriptEvent.Time with { Start = time, End = time } };
    }

    private static TcpPacketEvent Change(TcpPacketEvent packet, SeededRandom random) => random.Next(6) switch
    {
        0 => packet with { Sequence = unchecked(packet.Sequence + Offset(random)) },
        1 when packet.Acknowledgment is { } number => packet with { Acknowledgment = unchecked(number + Offset(random)) },
        2 => packet with { PayloadLength = Math.Max(0, packet.PayloadLength + (int)Offset(random)) },
        3 => packet with { Flags = packet.Flags ^ (TcpFlags)(1 << random.Next(8)) },
        4 when packet.Window is { } window => packet with { Window = (ushort)random.Next(window + 1) },
        _ when packet.Options is { Count: > 0 } => packet with { Options = [] },
        _ => packet,
    };

    private static uint Offset(SeededRandom random) => unchecked((uint)(random.Next(2) == 0 ? 1 - (2 * random.Next(2)) : random.Next(3000) - 1500));
}
