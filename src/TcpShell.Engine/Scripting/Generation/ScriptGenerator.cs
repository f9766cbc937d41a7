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
        var program = new ProgramInference(trace, traits);
        var wording = new PacketWording(trace, options.StateWindows);
        var text = new ScriptText(options.AbsoluteTimes);
        int descriptor = trace.IsActive ? ListenerDescriptor : AcceptedDescriptor;
        CallPlan calls = Plan(trace, traits, program, descriptor);

        AddOpening(text, trace, traits, program);
        int highest = 0;
        for (int i = 0; i < trace.Packets.Count; i++)
        {
            SeatPacket packet = trace.Packets[i];
            text.Add(packet.Time, calls.Before(i));
            text.Add(packet.Time, wording.Word(packet), Comment(packet, ref highest), slack: calls.AnswerTime(i));
            text.Add(packet.Time, calls.After(i));
        }

        List<string> notes = Notes(trace, program, wording);
        if (text.IsFull)
        {
            notes.Add(Invariant($"It ends before its time: {trace.Packets.Count} packets are more than a script can hold."));
        }

        AddHead(text, trace, traits, program, wording, options, notes);
        ScriptProfile profile = traits.Profile(
            "seat", Invariant($"The {options.Side.ToString().ToLowerInvariant()} {trace.Local} as its segments show it{(options.Origin == "" ? "" : $" ({options.Origin})")}."));
        return new GeneratedScript { Side = options.Side, Text = text.ToString(), Profile = profile, Notes = notes };
    }

    private static void AddHead(
        ScriptText text, SeatTrace trace, StackTraits traits, ProgramInference program, PacketWording wording, ScriptGenerationOptions options, List<string> notes)
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

        int largest = program.Writes.Select(write => write.End - write.Start).DefaultIfEmpty().Max();
        string sendBuffer = largest <= LargestSendBuffer ? "" : string.Create(CultureInfo.InvariantCulture, $" net.ipv4.tcp_wmem=\"4096 16384 {largest}\"");
        text.Command = traits.Command is { } command ? command + sendBuffer : sendBuffer.Length > 0 ? "sysctl -q" + sendBuffer : null;
    }

    private static List<string> Notes(SeatTrace trace, ProgramInference program, PacketWording wording)
    {
        var notes = new List<string>();
        void Note(bool applies, string sentence)
        {
            if (applies)
            {
                notes.Add(sentence);
            }
        }

        Note(trace.Correction > TimeSpan.Zero, Invariant($"It was captured {trace.Correction.TotalMilliseconds:0.###} ms (there and back) from that end: what it sent was moved to when it sent it."));
        Note(wording.OtherLayouts > 0, Invariant($"The options of {wording.OtherLayouts} of its segments stood in another order, which is a stack's own business."));
        Note(wording.OtherOptions > 0, Invariant($"The options of {wording.OtherOptions} of its segments are not compared: <...>."));
        Note(wording.Unknown > 0, Invariant($"{wording.Unknown} of its options that this engine never sends are left out."));
        Note(wording.Replaced > 0, Invariant($"{wording.Replaced} options that the language cannot write are padding here."));
        Note(trace.Copies > 0, Invariant($"{trace.Copies} frames that were captured twice stand here once."));
        Note(trace.JoinedSegments > 0, Invariant($"{trace.JoinedSegments} segments that reached it at once with the next one are joined with it, as its host had done."));
        Note(trace.Unanswered > 0, Invariant($"{trace.Unanswered} SYNs that were never answered are left out."));
        Note(trace.Damaged > 0, Invariant($"{trace.Damaged} damaged segments that reached it are left out."));
        Note(program.SendsAtOnce, "Short segments went while others were on their way: TCP_NODELAY.");
        return notes;
    }

    /// <summary>The calls up to the first packet.</summary>
    private static void AddOpening(ScriptText text, SeatTrace trace, StackTraits traits, ProgramInference program)
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

        if (program.SendsAtOnce)
        {
            text.Add(0, [Calls.SetOption(ListenerDescriptor, "SOL_TCP", "TCP_NODELAY", 1)]);
        }

        if (KeepAliveInference.Of(trace) is { } keepAlive)
        {
            text.Add(0, [Calls.SetOption(ListenerDescriptor, "SOL_SOCKET", "SO_KEEPALIVE", 1)]);
            text.Add(0, [Calls.SetOption(ListenerDescriptor, "SOL_TCP", "TCP_KEEPIDLE", keepAlive.IdleSeconds)]);
            text.Add(0, [Calls.SetOption(ListenerDescriptor, "SOL_TCP", "TCP_KEEPINTVL", keepAlive.IntervalSeconds)]);
        }

        text.Add(0, trace.IsActive ? [Calls.Connect(ListenerDescriptor)] : [Calls.Bind(ListenerDescriptor), Calls.Listen(ListenerDescriptor)]);
    }

    /// <summary>All calls after the opening ones, each beside the packet that tells of it.</summary>
    private static CallPlan Plan(SeatTrace trace, StackTraits traits, ProgramInference program, int descriptor)
    {
        var plan = new CallPlan();
        if (!trace.IsActive && program.EstablishedBy is { } established)
        {
            plan.AddAfter(established, Calls.Accept(ListenerDescriptor, AcceptedDescriptor));
        }
        else if (!trace.IsActive)
        {
            return plan; // never accepted: there is no descriptor to call with
        }

        foreach ((int packet, bool isQuick) in AcknowledgmentMode.Changes(trace, program))
        {
            // Before the connection is accepted its listener's options are those that it will have.
            int target = packet <= (program.EstablishedBy ?? -1) && !trace.IsActive ? ListenerDescriptor : descriptor;
            plan.AddBefore(packet, Calls.SetOption(target, "SOL_TCP", "TCP_QUICKACK", isQuick ? 1 : 0));
        }

        if (program.ClosesUnopenedBefore is { } given)
        {
            plan.AddBefore(given, Calls.Close(descriptor));
            plan.NoteAnswer(given + 1, trace.Packets[given + 1].Time - trace.Packets[given].Time);
        }

        var reads = new ReadInference(trace, traits);
        var ending = EndingOf(trace, program, reads);
        for (int i = 0; i < program.Writes.Count; i++)
        {
            ProgramInference.Write write = program.Writes[i];
            int octets = write.End - write.Start;
            SystemCallEvent call = write.IsUrgent ? Calls.Send(descriptor, octets, "MSG_OOB")
                : write.HasMore ? Calls.Send(descriptor, octets, "MSG_MORE")
                : Calls.Write(descriptor, octets);
            Add(plan, trace, program, write, call);
            if (program.ClosesAfter == i && ending is not null)
            {
                Add(plan, trace, program, write, ending(descriptor));
            }
        }

        if (program.ClosesBefore is { } closes && program.ClosesAfter < 0 && ending is not null)
        {
            AddBefore(plan, trace, program, closes, ending(descriptor));
        }

        foreach ((int packet, bool isBefore, int octets) in reads.Reads.Where(read => read.Packet < (program.AbortsBefore ?? int.MaxValue)))
        {
            (isBefore ? (Action<int, SystemCallEvent>)plan.AddBefore : plan.AddAfter)(packet, Calls.Read(descriptor, octets));
        }

        if (program.AbortsBefore is { } aborts && !IsClose(ending))
        {
            plan.AddBefore(aborts, Calls.LingerForNoTime(descriptor));
            plan.AddBefore(aborts, Calls.Close(descriptor));
        }

        return plan;
    }

    /// <summary>Makes a call right before the packet that it sends; or right after the one that this answers.</summary>
    private static void AddBefore(CallPlan plan, SeatTrace trace, ProgramInference program, int packet, SystemCallEvent call)
    {
        if (program.AnsweredBy(packet) is { } cause)
        {
            plan.AddAfter(cause, call);
            plan.NoteAnswer(packet, trace.Packets[packet].Time - trace.Packets[cause].Time);
        }
        else
        {
            plan.AddBefore(packet, call);
        }
    }

    private static void Add(CallPlan plan, SeatTrace trace, ProgramInference program, ProgramInference.Write write, SystemCallEvent call)
    {
        if (write.Waits)
        {
            plan.AddAfter(write.Packet, call);
        }
        else
        {
            AddBefore(plan, trace, program, write.Packet, call);
        }
    }

    private static bool IsClose(Func<int, SystemCallEvent>? ending) => ending == Calls.Close;

    /// <summary>
    /// How the program closes its direction: by close, if it has read all and takes nothing any more; else by shutdown, as close would be answered
    /// with a reset.
    /// </summary>
    private static Func<int, SystemCallEvent>? EndingOf(SeatTrace trace, ProgramInference program, ReadInference reads)
    {
        if (program.ClosesBefore is not { } closes)
        {
            return null;
        }

        int from = program.ClosesAfter >= 0 ? program.Writes[program.ClosesAfter].Packet : closes;
        bool readsMore = reads.UnreadBefore(from) > 0 || reads.Reads.Exists(read => read.Packet >= from) || program.Writes.Skip(program.ClosesAfter + 1).Any(write => write.Packet > from);
        bool aborts = program.AbortsBefore > closes && !trace.Packets.Skip(from).Any(packet => packet is { IsInbound: true, HasData: true });
        return readsMore || aborts ? Calls.Shutdown : Calls.Close;
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
