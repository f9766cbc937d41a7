using TcpShell.Sockets;

namespace TcpShell.Scripting;

// Calls that move data: read, write and their kin.
internal sealed partial class ScriptCalls
{
    private static readonly string[] s_readFlags = ["MSG_DONTWAIT", "MSG_NOSIGNAL"];

    // MSG_ZEROCOPY says how the octets get into the kernel; what it would tell of that later can be asked for only with MSG_ERRQUEUE.
    private static readonly string[] s_writeFlags = [.. s_readFlags, "MSG_OOB", "MSG_EOR", "MSG_MORE", "MSG_ZEROCOPY"];

    private ScriptCall Read(SystemCallEvent call, int length, long flags)
    {
        RequireFlags(call, flags, s_readFlags);
        int descriptor = Descriptor(Argument(call, 0));
        SocketResult Attempt()
        {
            // No more memory than there is to read, however much the script has room for.
            int readable = Math.Max(0, Sockets.Readable(descriptor).Value);
            return Sockets.Read(descriptor, new byte[Math.Min(length, Math.Max(1, readable))]);
        }

        return new(call, Attempt, call.End is not null && (flags & ScriptSymbols.ValueOf("MSG_DONTWAIT")) == 0);
    }

    /// <summary>recvmsg; the one control message that is known says how much more can be read (TCP_CM_INQ).</summary>
    private ScriptCall ReceiveMessage(SystemCallEvent call)
    {
        StructureValue message = Message(call);
        ScriptCall read = Read(call, Octets(message.Find("msg_iov")), Number(Argument(call, 2)));
        if (InquiryIn(message, call) is not { } expected)
        {
            return read;
        }

        int descriptor = Descriptor(Argument(call, 0));
        SocketResult Attempt()
        {
            SocketResult result = read.Attempt();
            if (result.Succeeded && Sockets.GetOption(descriptor, SocketOption.InQueue).Value == 0)
            {
                throw new ScriptFailure(call.Text, "no control message: TCP_INQ is not set", "The call gives no control message.");
            }

            if (result.Succeeded)
            {
                // Where nothing but the end of the stream is left, Linux says 1.
                int left = Sockets.Readable(descriptor).Value;
                left += left == 0 && Sockets.Find(descriptor)?.Connection?.Tcp.EndOfStream == true ? 1 : 0;
                RequireSame(call, expected, left);
            }

            return result;
        }

        return read with { Attempt = Attempt };
    }

    /// <summary>How much the control message shall say can be read; null where none is asked for.</summary>
    private static long? InquiryIn(StructureValue message, SystemCallEvent call) => message.Find("msg_control") switch
    {
        null => null,
        ListValue { Items: [StructureValue single] } when (single.Find("cmsg_type") as SymbolValue)?.Name == "TCP_CM_INQ" => Number(single.Find("cmsg_data")),
        _ => throw new ScriptUnsupported(call.Text),
    };

    private ScriptCall Write(SystemCallEvent call, int length, long flags)
    {
        RequireFlags(call, flags, s_writeFlags);
        int descriptor = Descriptor(Argument(call, 0));
        MessageFlags how = ((flags & ScriptSymbols.ValueOf("MSG_OOB")) != 0 ? MessageFlags.OutOfBand : MessageFlags.None)
            | ((flags & ScriptSymbols.ValueOf("MSG_EOR")) != 0 ? MessageFlags.EndOfRecord : MessageFlags.None)
            | ((flags & ScriptSymbols.ValueOf("MSG_MORE")) != 0 ? MessageFlags.More : MessageFlags.None);
        bool canWait = call.End is not null && (flags & ScriptSymbols.ValueOf("MSG_DONTWAIT")) == 0;
        int written = 0;
        bool waits = false;
        SocketResult Attempt()
        {
            const SocketEvents Woken = SocketEvents.POLLOUT | SocketEvents.POLLERR | SocketEvents.POLLHUP;
            if (waits && Sockets.Poll(descriptor) is { } events && (events & Woken) == SocketEvents.None)
            {
                return SocketResult.Wait(Errno.EAGAIN); // a little room does not wake who waits
            }

            SocketResult result = Sockets.Write(descriptor, Zeros(length - written), how);
            written += result.Succeeded ? result.Value : 0;
            if (canWait && (result.Waits || (result.Succeeded && written < length)))
            {
                waits = true;
                return SocketResult.Wait(Errno.EAGAIN); // a blocking write ends when all is taken
            }

            return written > 0 ? new(written) : result;
        }

        return new(call, Attempt, canWait);
    }
}
