using System.Globalization;
using TcpShell.Tracing;
using static System.FormattableString;

namespace TcpShell.Scripting.Generation;

/// <summary>
/// Makes packetdrill scripts of connections: of a simulated network's trace, of a script's run, of a capture. One end is put under test. What it
/// sent becomes what is expected of it, what reached it is sent by the script, and the calls of its program are inferred.
/// </summary>
public static class ScriptGenerator
{
    private const int ListenerDescriptor = 3;
    private const int AcceptedDescriptor = 4;
    private const int LargestSendBuffer = 4 * 1024 * 1024;
    private static readonly TimeSpan s_captureTolerance = TimeSpan.FromMilliseconds(10);

    /// <summary>Makes a script of one connection.</summary>
    /// <param name="segments">Its segments in their order, from its first SYN on; segments of other connections are passed over.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="ScriptGenerationException">The start of the connection is missing.</exception>
    public static GeneratedScript Generate(IEnumerable<SegmentRecord> segments, ScriptGenerationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(segments);
        options ??= ScriptGenerationOptions.Default;
        var trace = new SeatTrace([.. segments], options.Side);
        var traits = new StackTraits(trace);
        ProgramInference? program = trace.Calls is null ? new ProgramInference(trace, traits) : null;
        var wording = new PacketWording(trace, options.StateWindows);
        var text = new ScriptText(options.AbsoluteTimes);
        int descriptor = trace.IsActive ? ListenerDescriptor : AcceptedDescriptor;
        CallPlan calls = program is null
            ? ObservedCalls.Plan(trace, ListenerDescriptor, descriptor)
            : InferredCalls.Plan(trace, traits, program, ListenerDescriptor, descriptor);

        AddOpening(text, trace, program);
        int highest = 0;
        for (int i = 0; i < trace.Packets.Count; i++)
        {
            SeatPacket packet = trace.Packets[i];
            Add(text, packet.Time, calls.Before(i));
            text.Add(packet.Time, wording.Word(packet), Comment(packet, ref highest), slack: calls.AnswerTime(i));
            Add(text, packet.Time, calls.After(i));
        }

        List<string> notes = Notes(trace, program, wording);
        if (calls.HasOtherChanges)
        {
            notes.Add("Its settings changed on the way in what no socket option changes.");
        }

        if (text.IsFull)
        {
            notes.Add(Invariant($"It ends before its time: {trace.Packets.Count} packets are more than a script can hold."));
        }

        AddHead(text, trace, traits, program, wording, options, notes);
        ScriptProfile profile = traits.Profile(
            "seat", Invariant($"The {options.Side.ToString().ToLowerInvariant()} {trace.Local} as its segments show it{(options.Origin == "" ? "" : $" ({options.Origin})")}."));
        return new GeneratedScript { Side = options.Side, Text = text.ToString(), ExpectsPackets = text.ExpectsPackets, Profile = profile, Notes = notes };
    }

    private static void Add(ScriptText text, long time, IReadOnlyList<PlannedCall> calls)
    {
        foreach (PlannedCall planned in calls)
        {
            text.Add(planned.Time ?? time, [planned.Call]);
        }
    }

    private static void AddHead(
        ScriptText text, SeatTrace trace, StackTraits traits, ProgramInference? program, PacketWording wording, ScriptGenerationOptions options, List<string> notes)
    {
        (string end, string verb) = options.Side == ScriptSide.Client ? ("client", "calls") : ("server", "is called by");
        text.Head.Add($"{options.Origin}{(options.Origin == "" ? "" : ": ")}{end} {trace.Local} {verb} {trace.Remote}, as the {end} saw it.");
        text.Head.AddRange(notes);
        if (traits.IsIpv6)
        {
            text.Options.Add("--ip_version=ipv6");
        }

        TimeSpan? tolerance = options.Tolerance ?? (trace.IsOfThisEngine ? null : s_captureTolerance);
        if (tolerance is { } limit)
        {
            text.Options.Add(Invariant($"--tolerance_usecs={(long)limit.TotalMicroseconds}"));
        }

        if (traits.Mtu != 1500)
        {
            text.Options.Add(Invariant($"--mtu={traits.Mtu}"));
        }

        if (wording.HasUnknownEcho)
        {
            text.Options.Add("--tcp_ts_ecr_scaled");
        }

        int largest = trace.Settings?.SendBufferSize ?? program!.Writes.Select(write => write.End - write.Start).DefaultIfEmpty().Max();
        string sendBuffer = largest <= LargestSendBuffer ? "" : string.Create(CultureInfo.InvariantCulture, $" net.ipv4.tcp_wmem=\"4096 16384 {largest}\"");
        text.Command = traits.Command is { } command ? command + sendBuffer : sendBuffer.Length > 0 ? "sysctl -q" + sendBuffer : null;
    }

    private static List<string> Notes(SeatTrace trace, ProgramInference? program, PacketWording wording)
    {
        var notes = new List<string>();
        CaptureOrder? order = trace.Capture;
        void Note(bool applies, string sentence)
        {
            if (applies)
            {
                notes.Add(sentence);
            }
        }

        Note(order?.Correction > TimeSpan.Zero, Invariant($"It was captured {order?.Correction.TotalMilliseconds:0.###} ms (there and back) from that end: what it sent was moved to when it sent it."));
        Note(wording.OtherLayouts > 0, Invariant($"The options of {wording.OtherLayouts} of its segments stood in another order, which is a stack's own business."));
        Note(wording.OtherOptions > 0, Invariant($"The options of {wording.OtherOptions} of its segments are not compared: <...>."));
        Note(wording.Unknown > 0, Invariant($"{wording.Unknown} of its options that this engine never sends are left out."));
        Note(wording.Replaced > 0, Invariant($"{wording.Replaced} options that the language cannot write are padding here."));
        Note(order?.Copies > 0, Invariant($"{order?.Copies} frames that were captured twice stand here once."));
        Note(order?.JoinedSegments > 0, Invariant($"{order?.JoinedSegments} segments that reached it at once with the next one are joined with it, as its host had done."));
        Note(order?.Updates > 0, Invariant($"{order?.Updates} of its segments that only told another window are left out: when it does that is a stack's own business."));
        Note(order?.Unanswered > 0, Invariant($"{order?.Unanswered} SYNs that were never answered are left out."));
        Note(trace.Damaged > 0, Invariant($"{trace.Damaged} damaged segments that reached it are left out."));
        Note(program?.SendsAtOnce == true, "Short segments went while others were on their way: TCP_NODELAY.");
        return notes;
    }

    /// <summary>The calls up to the first packet.</summary>
    private static void AddOpening(ScriptText text, SeatTrace trace, ProgramInference? program)
    {
        if (!trace.IsActive && trace.LocalSyn is null)
        {
            return; // nobody listens
        }

        text.Add(0, [Calls.Socket(ListenerDescriptor)]);
        if (trace.IsActive)
        {
            text.Add(0, [Calls.NonBlocking(ListenerDescriptor)]);
        }
        else
        {
            text.Add(0, [Calls.SetOption(ListenerDescriptor, "SOL_SOCKET", "SO_REUSEADDR", 1)]);
        }

        text.Add(0, trace.Settings is { } settings ? SocketOptions.Of(settings, ListenerDescriptor) : Options(trace, program!));
        text.Add(0, trace.IsActive ? [Calls.Connect(ListenerDescriptor)] : [Calls.Bind(ListenerDescriptor), Calls.Listen(ListenerDescriptor)]);
    }

    /// <summary>The socket options that segments tell of.</summary>
    private static IEnumerable<SystemCallEvent> Options(SeatTrace trace, ProgramInference program)
    {
        if (program.SendsAtOnce)
        {
            yield return Calls.SetOption(ListenerDescriptor, "SOL_TCP", "TCP_NODELAY", 1);
        }

        if (KeepAliveInference.Of(trace) is { } keepAlive)
        {
            yield return Calls.SetOption(ListenerDescriptor, "SOL_SOCKET", "SO_KEEPALIVE", 1);
            yield return Calls.SetOption(ListenerDescriptor, "SOL_TCP", "TCP_KEEPIDLE", keepAlive.IdleSeconds);
            yield return Calls.SetOption(ListenerDescriptor, "SOL_TCP", "TCP_KEEPINTVL", keepAlive.IntervalSeconds);
        }
    }

    private static string Comment(SeatPacket packet, ref int highest)
    {
        if (packet.IsInbound || packet.IsIcmp)
        {
            return "";
        }

        bool takesNumbers = packet.HasData || packet.IsSyn || packet.IsFin;
        bool isAgain = takesNumbers && packet.EndWithFin <= highest;
        highest = takesNumbers ? Math.Max(highest, packet.EndWithFin) : highest;
        string lost = packet.Segment.Fate is PacketFate.Lost or PacketFate.Unreachable or PacketFate.Corrupted ? "lost on its way" : "";
        return isAgain && lost.Length > 0 ? $"again, {lost}" : isAgain ? "again" : lost;
    }
}
