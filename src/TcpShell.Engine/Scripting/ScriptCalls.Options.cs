using TcpShell.Sockets;
using TcpShell.Tcp;

namespace TcpShell.Scripting;

// Calls that set or read what a socket is like: fcntl, ioctl, setsockopt, getsockopt.
internal sealed partial class ScriptCalls
{
    private SocketResult Control(int descriptor, SystemCallEvent call)
    {
        const int ReadWrite = 2;
        long nonBlocking = ScriptSymbols.ValueOf("O_NONBLOCK");
        if (Sockets.Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        return Argument(call, 1) is SymbolValue { Name: "F_GETFL" }
            ? new(ReadWrite | (socket.IsNonBlocking ? (int)nonBlocking : 0))
            : Sockets.SetNonBlocking(descriptor, (Number(Argument(call, 2)) & nonBlocking) != 0);
    }

    private SocketResult Inquire(int descriptor, SystemCallEvent call)
    {
        bool outgoing = Number(Argument(call, 1)) == ScriptSymbols.ValueOf("SIOCOUTQ");
        SocketResult result = outgoing ? Sockets.Unacknowledged(descriptor) : Sockets.Readable(descriptor);
        RequireSame(call, 2, result);
        return result.Succeeded ? new(0) : result;
    }

    private SocketResult SetOption(int descriptor, SystemCallEvent call)
    {
        string name = OptionName(call);
        ScriptValue value = Argument(call, 3);
        switch (name)
        {
            case "SO_LINGER" when value is StructureValue linger:
                bool on = Number(linger.Find("onoff")) != 0;
                return Sockets.SetLinger(descriptor, on ? TimeSpan.FromSeconds(Number(linger.Find("linger"))) : null);
            case "TCP_CONGESTION" when value is StringValue algorithm:
                return SetCongestion(descriptor, algorithm.Text);
            default:
                SocketOption option = ScriptSymbols.OptionOf(name);
                SocketResult result = Sockets.SetOption(descriptor, option, (int)Number(Pointed(value)));
                bool expectsRefusal = call.Errno is not null;
                return result.Error == Errno.ENOPROTOOPT && !expectsRefusal ? throw new ScriptUnsupported($"{name} on an open connection") : result;
        }
    }

    private SocketResult SetCongestion(int descriptor, string algorithm)
    {
        if (Sockets.Find(descriptor) is not { } socket)
        {
            return SocketResult.Fail(Errno.EBADF);
        }

        SocketResult result = Sockets.Change(socket, socket.Settings with { Congestion = CongestionOf(algorithm) });
        return result.Error == Errno.ENOPROTOOPT ? throw new ScriptUnsupported("TCP_CONGESTION on an open connection") : result;
    }

    private static CongestionAlgorithm CongestionOf(string algorithm) => algorithm switch
    {
        "reno" => CongestionAlgorithm.Reno,
        "cubic" => CongestionAlgorithm.Cubic,
        _ => throw new ScriptUnsupported($"the congestion control {algorithm}"),
    };

    private SocketResult GetOption(int descriptor, SystemCallEvent call)
    {
        SocketResult result = Sockets.GetOption(descriptor, ScriptSymbols.OptionOf(OptionName(call)));
        RequireSame(call, 3, result);
        return result.Succeeded ? new(0) : result;
    }
}
