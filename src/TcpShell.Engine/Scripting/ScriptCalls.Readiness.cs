using TcpShell.Sockets;

namespace TcpShell.Scripting;

// Calls that wait until something can be done: poll and epoll.
internal sealed partial class ScriptCalls
{
    private const int LargestEpollWait = 1024;

    private ScriptCall Poll(SystemCallEvent call)
    {
        if (Argument(call, 0) is not ListValue list)
        {
            throw new ScriptUnsupported(call.Text);
        }

        long timeout = Number(Argument(call, 2));
        Timestamp? deadline = timeout < 0 ? null : _host.Now + TimeSpan.FromMilliseconds(timeout);
        SocketResult Attempt()
        {
            int ready = 0;
            var wrong = new List<string>();
            foreach (ScriptValue item in list.Items)
            {
                var entry = item as StructureValue ?? throw new ScriptUnsupported(call.Text);
                var asked = (SocketEvents)Number(entry.Find("events"));
                SocketEvents held = Sockets.Poll(Descriptor(entry.Find("fd"))) ?? SocketEvents.None;
                SocketEvents told = held & (asked | SocketEvents.POLLERR | SocketEvents.POLLHUP);
                ready += told == SocketEvents.None ? 0 : 1;
                if (entry.Find("revents") is { } wanted && (SocketEvents)Number(wanted) != told)
                {
                    wrong.Add($"revents={Names(told)}");
                }
            }

            if (ready == 0 && (deadline is null || _host.Now < deadline))
            {
                return SocketResult.Wait(Errno.EAGAIN);
            }

            return wrong.Count == 0 ? new(ready) : throw new ScriptFailure(call.Text, string.Join(", ", wrong), "The call tells of other events.");
        }

        return new(call, Attempt, call.End is not null) { Deadline = deadline };
    }

    private SocketResult ControlEpoll(int epoll, SystemCallEvent call)
    {
        var operation = (EpollOperation)Number(Argument(call, 1));
        if (operation is not (EpollOperation.Add or EpollOperation.Remove or EpollOperation.Modify))
        {
            return SocketResult.Fail(Errno.EINVAL);
        }

        var entry = call.Arguments.Count > 3 ? call.Arguments[3] as StructureValue : null;
        long events = entry?.Find("events") is { } asked ? Number(asked) : 0;
        EpollMode mode = ((events & ScriptSymbols.ValueOf("EPOLLET")) != 0 ? EpollMode.EdgeTriggered : EpollMode.LevelTriggered)
            | ((events & ScriptSymbols.ValueOf("EPOLLONESHOT")) != 0 ? EpollMode.OneShot : EpollMode.LevelTriggered);
        const long Modes = ~0xffffL;
        return Sockets.ControlEpoll(epoll, operation, Descriptor(Argument(call, 2)), (SocketEvents)(events & ~Modes), mode, EpollData(entry));
    }

    /// <summary>epoll_wait; as in packetdrill the first event is compared.</summary>
    private ScriptCall WaitEpoll(SystemCallEvent call)
    {
        int epoll = Descriptor(Argument(call, 0));
        var expected = Argument(call, 1) as StructureValue;
        int most = (int)Math.Clamp(Number(Argument(call, 2)), 1, LargestEpollWait);
        long timeout = Number(Argument(call, 3));
        Timestamp? deadline = timeout < 0 ? null : _host.Now + TimeSpan.FromMilliseconds(timeout);
        SocketResult Attempt()
        {
            SocketResult result = Sockets.WaitEpoll(epoll, most, out IReadOnlyList<EpollEvent> ready);
            if (result is { Succeeded: true, Value: 0 } && (deadline is null || _host.Now < deadline))
            {
                return SocketResult.Wait(Errno.EAGAIN);
            }

            bool same = ready.Count == 0
                || expected?.Find("events") is not { } events
                || (Number(events) == (long)ready[0].Events && EpollData(expected) == ready[0].Data);
            return same ? result : throw new ScriptFailure(call.Text, $"{{events={Names(ready[0].Events)}, fd={ready[0].Data}}}", "The call tells of other events.");
        }

        return new(call, Attempt, call.End is not null) { Deadline = deadline };
    }

    // The data that is given back with an event is a union: whatever its name, it is the same 64 bits.
    private static long EpollData(StructureValue? entry) =>
        new[] { "fd", "u32", "u64", "ptr" }.Select(name => entry?.Find(name)).FirstOrDefault(value => value is not null) is { } data ? Number(data) : 0;

    private static string Names(SocketEvents events) => events.ToString().Replace(", ", "|", StringComparison.Ordinal);
}
