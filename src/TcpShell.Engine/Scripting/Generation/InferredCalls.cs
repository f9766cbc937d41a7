namespace TcpShell.Scripting.Generation;

/// <summary>The calls of a program of which only segments are known: each stands beside the packet that tells of it.</summary>
internal static class InferredCalls
{
    /// <summary>All calls after the opening ones, each beside the packet that tells of it.</summary>
    public static CallPlan Plan(SeatTrace trace, StackTraits traits, ProgramInference program, int listener, int descriptor)
    {
        var plan = new CallPlan();
        if (!trace.IsActive && program.EstablishedBy is { } established)
        {
            plan.AddAfter(established, Calls.Accept(listener, descriptor));
        }
        else if (!trace.IsActive)
        {
            return plan; // never accepted: there is no descriptor to call with
        }

        foreach ((int packet, bool isQuick) in AcknowledgmentMode.Changes(trace, traits, program))
        {
            // Before the connection is accepted its listener's options are those that it will have.
            int target = packet <= (program.EstablishedBy ?? -1) && !trace.IsActive ? listener : descriptor;
            plan.AddBefore(packet, Calls.SetOption(target, "SOL_TCP", "TCP_QUICKACK", isQuick ? 1 : 0));
        }

        foreach ((int packet, long delay) in AcknowledgmentMode.Delays(trace))
        {
            plan.NoteAnswer(packet, delay);
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
            if (isBefore)
            {
                plan.AddBefore(packet, Calls.Read(descriptor, octets));
            }
            else
            {
                plan.AddAfter(packet, Calls.Read(descriptor, octets));
            }
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
}
