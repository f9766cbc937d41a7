using TcpShell.Sockets;
using TcpShell.Tcp;
using TcpShell.Wire;
using static System.FormattableString;

namespace TcpShell.Scripting;

/// <summary>A system call of a script that is under way: it is tried until it need not wait any more.</summary>
/// <param name="Event">The call as the script has it.</param>
/// <param name="Attempt">Makes the call, or makes it again.</param>
/// <param name="CanWait">Whether it may wait; otherwise its first answer counts.</param>
internal sealed record ScriptCall(SystemCallEvent Event, Func<SocketResult> Attempt, bool CanWait)
{
    /// <summary>When a call with a time limit of its own (poll) ends without having got what it waits for.</summary>
    public Timestamp? Deadline { get; init; }
}

/// <summary>Carries out the system calls of a script on the sockets of the host under test.</summary>
internal sealed partial class ScriptCalls
{
    // Nobody writes more than that at once, and a script cannot make the runner take more memory. What is read is there already.
    private const int LargestBuffer = 1 << 26;

    private readonly Dictionary<long, int> _descriptors = [];
    private readonly ScriptHost _host;
    private readonly Endpoint _bound;
    private readonly Endpoint _remote;
    private byte[] _zeros = [];

    /// <summary>Makes the calls of a program.</summary>
    /// <param name="host">The host that it runs on.</param>
    /// <param name="bound">What bind(fd, ..., ...) means.</param>
    /// <param name="remote">What connect(fd, ..., ...) means.</param>
    public ScriptCalls(ScriptHost host, Endpoint bound, Endpoint remote)
    {
        _host = host;
        _bound = bound;
        _remote = remote;
    }

    private SocketTable Sockets => _host.Sockets;

    /// <summary>Whether there is a system call of this name here.</summary>
    public static bool IsKnown(string name) => name is "socket" or "bind" or "listen" or "accept" or "connect" or "read" or "recv" or "recvfrom"
        or "readv" or "recvmsg" or "write" or "send" or "sendto" or "writev" or "sendmsg" or "shutdown" or "close" or "fcntl" or "ioctl" or "poll"
        or "setsockopt" or "getsockopt" or "epoll_create" or "epoll_ctl" or "epoll_wait";

    /// <summary>The socket of a descriptor of the script; null if it has none.</summary>
    public TcpSocket? Find(ScriptValue descriptor) =>
        descriptor is IntegerValue number && _descriptors.TryGetValue(number.Value, out int known) ? Sockets.Find(known) : null;

    /// <summary>Makes a call ready to be tried.</summary>
    /// <exception cref="ScriptUnsupported">The call, or one of its arguments, is not supported.</exception>
    public ScriptCall Prepare(SystemCallEvent call)
    {
        bool waits = call.End is not null;
        IReadOnlyList<ScriptValue> arguments = call.Arguments;
        switch (call.Name)
        {
            case "socket":
                RequireTcp(call);
                return Named(call, Sockets.Socket);
            case "accept":
                int listener = Descriptor(Argument(call, 0));
                return Named(call, () => Sockets.Accept(listener));
            case "poll":
                return Poll(call);
            case "epoll_create":
                return Named(call, Sockets.CreateEpoll);
            case "epoll_wait":
                return WaitEpoll(call);
            case "read" or "recv" or "recvfrom":
                return Read(call, Length(call, 2, int.MaxValue), call.Name == "read" ? 0 : Number(Argument(call, 3)));
            case "readv":
                return Read(call, Octets(Argument(call, 1)), 0);
            case "recvmsg":
                return ReceiveMessage(call);
            case "write" or "send" or "sendto":
                return Write(call, Length(call, 2), call.Name == "write" ? 0 : Number(Argument(call, 3)));
            case "writev":
                return Write(call, Octets(Argument(call, 1)), 0);
            case "sendmsg":
                return Write(call, Octets(Message(call).Find("msg_iov")), Number(Argument(call, 2)));
        }

        int descriptor = Descriptor(Argument(call, 0));
        return call.Name switch
        {
            "bind" => new(call, () => Sockets.Bind(descriptor, _bound), waits),
            "listen" => new(call, () => Sockets.Listen(descriptor, (int)Math.Clamp(Number(Argument(call, 1)), int.MinValue, int.MaxValue)), waits),
            "connect" => new(call, () => Sockets.Connect(descriptor, _remote), waits),
            "shutdown" => new(call, () => Sockets.Shutdown(descriptor, (SocketShutdown)Number(Argument(call, 1))), waits),
            "close" => new(call, () => Close(descriptor, call), waits),
            "fcntl" => new(call, () => Control(descriptor, call), waits),
            "ioctl" => new(call, () => Inquire(descriptor, call), waits),
            "setsockopt" => new(call, () => SetOption(descriptor, call), waits),
            "getsockopt" => new(call, () => GetOption(descriptor, call), waits),
            "epoll_ctl" => new(call, () => ControlEpoll(descriptor, call), waits),
            _ => throw new ScriptUnsupported($"the system call {call.Name}"),
        };
    }

    /// <summary>Checks what a call gave against what the script asks for.</summary>
    /// <exception cref="ScriptFailure">It is something else.</exception>
    public static void Verify(SystemCallEvent call, SocketResult result)
    {
        if (call.Result is UnstatedValue)
        {
            return;
        }

        long expected = Number(call.Result);
        bool anyDescriptor = call.Name is "socket" or "accept" or "epoll_create" && expected >= 0;
        bool same = anyDescriptor ? result.Succeeded : expected == result.Value;
        if (!same || (call.Errno is not null && call.Errno != result.Error.ToString()))
        {
            throw new ScriptFailure($"{call.Text}", $"{call.Name}(...) = {result}", "The call returns something else.");
        }
    }

    private static void RequireTcp(SystemCallEvent call)
    {
        if (call.Arguments.Count != 3 || (Number(call.Arguments[1]) & 0xf) != 1 || Number(call.Arguments[2]) != 6)
        {
            throw new ScriptUnsupported($"{call.Text}, a socket that is not TCP's,");
        }
    }

    /// <summary>A call that gives a descriptor: the script's number stands for it from then on.</summary>
    private ScriptCall Named(SystemCallEvent call, Func<SocketResult> attempt)
    {
        SocketResult Attempt()
        {
            SocketResult result = attempt();
            if (result.Succeeded && call.Result is IntegerValue number)
            {
                _descriptors[number.Value] = result.Value;
                bool nonBlocking = call.Name == "socket" && (Number(call.Arguments[1]) & ScriptSymbols.ValueOf("SOCK_NONBLOCK")) != 0;
                Sockets.SetNonBlocking(result.Value, nonBlocking);
            }

            return result;
        }

        return new(call, Attempt, call.End is not null);
    }

    private static void RequireSame(SystemCallEvent call, int index, SocketResult result)
    {
        ScriptValue pointed = Pointed(Argument(call, index));
        if (result.Succeeded && pointed is not UnstatedValue)
        {
            RequireSame(call, Number(pointed), result.Value);
        }
    }

    private static void RequireSame(SystemCallEvent call, long expected, int actual)
    {
        // Both are what stands in the 32 bits of the program's variable.
        if (unchecked((int)expected) != actual)
        {
            throw new ScriptFailure(call.Text, Invariant($"[{actual}]"), "The call gives another value.");
        }
    }

    private static void RequireFlags(SystemCallEvent call, long flags, params string[] known)
    {
        foreach (string name in known)
        {
            flags &= ~ScriptSymbols.ValueOf(name);
        }

        if (flags != 0)
        {
            throw new ScriptUnsupported(call.Text);
        }
    }

    private int Descriptor(ScriptValue? value) =>
        value is IntegerValue number && _descriptors.TryGetValue(number.Value, out int descriptor)
            ? descriptor
            : throw new ScriptFailure($"an open descriptor {value}", "none of this number", "The script has no such descriptor open.");

    private SocketResult Close(int descriptor, SystemCallEvent call)
    {
        _descriptors.Remove(((IntegerValue)call.Arguments[0]).Value);
        return Sockets.Close(descriptor);
    }

    private static ScriptValue Argument(SystemCallEvent call, int index) =>
        index < call.Arguments.Count ? call.Arguments[index] : throw new ScriptUnsupported($"{call.Text} without an argument {index + 1}");

    private static string OptionName(SystemCallEvent call) =>
        Argument(call, 2) is SymbolValue symbol ? symbol.Name : throw new ScriptUnsupported($"the option {call.Arguments[2]} of {call.Name}");

    private static StructureValue Message(SystemCallEvent call) =>
        Argument(call, 1) as StructureValue ?? throw new ScriptUnsupported(call.Text);

    private static int Length(SystemCallEvent call, int index, int largest = LargestBuffer)
    {
        // The buffer is a pointer that the script does not state; a null pointer is the operating system's affair.
        long length = Number(Argument(call, index));
        return Argument(call, 1) is UnstatedValue or StringValue && length >= 0 && length <= largest
            ? (int)length
            : throw new ScriptUnsupported($"a buffer of {length} octets in {call.Text}");
    }

    /// <summary>Octets of a list of buffers.</summary>
    private static int Octets(ScriptValue? buffers)
    {
        long sum = 0;
        foreach (ScriptValue buffer in (buffers as ListValue)?.Items ?? [])
        {
            sum += buffer is StructureValue { Items: [UnstatedValue, IntegerValue length] } ? length.Value : LargestBuffer + 1L;
        }

        return sum is >= 0 and <= LargestBuffer ? (int)sum : throw new ScriptUnsupported($"the buffers {buffers}");
    }

    /// <summary>What a pointer points to: <c>[1]</c>.</summary>
    private static ScriptValue Pointed(ScriptValue value) => value is ListValue { Items: [var single] } ? single : value;

    private static long Number(ScriptValue? value) => value switch
    {
        IntegerValue number => number.Value,
        SymbolValue symbol => ScriptSymbols.ValueOf(symbol.Name),
        FlagsValue flags => flags.Items.Aggregate(0L, (sum, item) => sum | Number(item)),
        null => throw new ScriptUnsupported("a structure that lacks a field"),
        _ => throw new ScriptUnsupported($"the argument {value}"),
    };

    private ReadOnlySpan<byte> Zeros(int count)
    {
        if (_zeros.Length < count)
        {
            _zeros = new byte[count];
        }

        return _zeros.AsSpan(0, count);
    }
}
