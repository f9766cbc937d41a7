using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using TcpShell.Sockets;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Packetdrill.Interop;

/// <summary>The calls of packetdrill's table: C's arguments in, <see cref="Program"/>'s answer and errno out.</summary>
internal static unsafe class SystemCalls
{
    private const int ControlGet = 3;
    private const int ControlSet = 4;
    private const int ReadWrite = 2;
    private const int NonBlocking = 0x800;
    private const nuint SocketInQueue = 0x541b;
    private const nuint SocketOutQueue = 0x5411;
    private const int NotImplemented = 38; // ENOSYS

    private static Machine s_machine = null!;
    private static Program s_program = null!;

    /// <summary>The program that calls.</summary>
    public static Program Program => s_program;

    /// <summary>The machine that it runs on.</summary>
    public static Machine Machine => s_machine;

    /// <summary>Begins anew on a machine, and fills the table.</summary>
    public static void Begin(Machine machine, InterfaceTable* table)
    {
        s_machine = machine;
        s_program = new Program(machine);
        *table = new InterfaceTable
        {
            Free = &Free, Socket = &Socket, Bind = &Bind, Listen = &Listen, Accept = &Accept, Connect = &Connect,
            Read = &Read, ReadVector = &ReadVector, Receive = &Receive, ReceiveFrom = &ReceiveFrom, ReceiveMessage = &ReceiveMessage,
            Write = &Write, WriteVector = &WriteVector, Send = &Send, SendTo = &SendTo, SendMessage = &SendMessage,
            Control = &Control, DeviceControl = &DeviceControl, Close = &Close, Shutdown = &Shutdown, GetOption = &GetOption, SetOption = &SetOption,
            Poll = &Poll, PacketSend = &PacketSend, PacketReceive = &PacketReceive, Sleep = &Sleep, GetTime = &GetTime,
            EpollCreate = &EpollCreate, EpollControl = &EpollControl, EpollWait = &EpollWait, Pipe = &Missing, Splice = &Missing,
        };
    }

    /// <summary>getsockopt, which packetdrill also calls past its table.</summary>
    public static int GetOptionOf(int descriptor, int level, int name, byte* value, uint* length)
    {
        byte[]? octets = (level, name) switch
        {
            (LinuxOptions.TcpLevel, LinuxOptions.TcpInformation) => TcpInformation.Of(Program.Connection(descriptor), Machine.Now),
            (LinuxOptions.TcpLevel, LinuxOptions.CongestionInformation) => [],
            (LinuxOptions.SocketLevel, LinuxOptions.MemoryInformation) => new byte[*length],
            _ => null,
        };
        SocketResult result = new(0);
        if (octets is null)
        {
            result = LinuxOptions.Find(level, name) is { } option ? Program.GetOption(descriptor, option) : SocketResult.Fail(Errno.ENOPROTOOPT);
            octets = BitConverter.GetBytes(result.Value);
        }

        if (result.Succeeded)
        {
            *length = (uint)Math.Min(*length, octets.Length);
            octets.AsSpan(0, (int)*length).CopyTo(new Span<byte>(value, (int)*length));
        }

        return Return(result with { Value = result.Succeeded ? 0 : -1 });
    }

    private static int Return(SocketResult result)
    {
        if (!result.Succeeded)
        {
            Marshal.SetLastSystemError((int)result.Error);
        }

        return result.Value;
    }

    private static int ReadInto(int descriptor, ReadOnlySpan<IoVector> vectors, int flags)
    {
        int length = 0;
        foreach (IoVector vector in vectors)
        {
            length += (int)vector.Length;
        }

        var buffer = new byte[length];
        SocketResult result = Program.Read(descriptor, buffer, (MessageFlags)flags);
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, Math.Max(0, result.Value));
        foreach (IoVector vector in vectors)
        {
            int count = Math.Min(rest.Length, (int)vector.Length);
            rest[..count].CopyTo(new Span<byte>(vector.Start, count));
            rest = rest[count..];
        }

        return Return(result);
    }

    private static int WriteFrom(int descriptor, ReadOnlySpan<IoVector> vectors, int flags)
    {
        var data = new List<byte>();
        foreach (IoVector vector in vectors)
        {
            data.AddRange(new ReadOnlySpan<byte>(vector.Start, (int)vector.Length));
        }

        return Return(Program.Write(descriptor, [.. data], (MessageFlags)flags));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Free(nint user)
    {
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Missing(nint user)
    {
        Marshal.SetLastSystemError(NotImplemented);
        return -1;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Socket(nint user, int domain, int type, int protocol) => Return(Program.Socket((type & NonBlocking) != 0));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Bind(nint user, int descriptor, byte* address, uint length) =>
        Return(SocketAddress.Read(new(address, (int)length)) is { } local ? Program.Bind(descriptor, local) : SocketResult.Fail(Errno.EINVAL));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Listen(nint user, int descriptor, int backlog) => Return(Program.Listen(descriptor, backlog));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Accept(nint user, int descriptor, byte* address, uint* length)
    {
        SocketResult result = Program.Accept(descriptor);
        if (result.Succeeded)
        {
            *length = (uint)SocketAddress.Write(Program.Connection(result.Value)!.Remote, new(address, (int)*length));
        }

        return Return(result);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Connect(nint user, int descriptor, byte* address, uint length) =>
        Return(SocketAddress.Read(new(address, (int)length)) is { } remote ? Program.Connect(descriptor, remote) : SocketResult.Fail(Errno.EINVAL));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Read(nint user, int descriptor, byte* buffer, nint length) =>
        ReadInto(descriptor, [new IoVector { Start = buffer, Length = length }], 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint ReadVector(nint user, int descriptor, IoVector* vectors, int count) => ReadInto(descriptor, new(vectors, count), 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Receive(nint user, int descriptor, byte* buffer, nint length, int flags) =>
        ReadInto(descriptor, [new IoVector { Start = buffer, Length = length }], flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint ReceiveFrom(nint user, int descriptor, byte* buffer, nint length, int flags, byte* address, uint* addressLength) =>
        ReadInto(descriptor, [new IoVector { Start = buffer, Length = length }], flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint ReceiveMessage(nint user, int descriptor, MessageHeader* message, int flags)
    {
        int result = ReadInto(descriptor, new(message->Vectors, (int)message->VectorCount), flags);
        int room = (int)message->ControlLength;
        message->Flags = 0;
        message->ControlLength = 0;
        if (result >= 0 && room >= sizeof(ControlMessage) && Program.ReadableToTell(descriptor) is { } left)
        {
            int length = (int)Marshal.OffsetOf<ControlMessage>(nameof(ControlMessage.Data)) + sizeof(int);
            *message->Control = new ControlMessage { Length = length, Level = LinuxOptions.TcpLevel, Type = LinuxOptions.InQueue, Data = left };
            message->ControlLength = sizeof(ControlMessage);
        }

        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Write(nint user, int descriptor, byte* buffer, nint length) =>
        WriteFrom(descriptor, [new IoVector { Start = buffer, Length = length }], 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint WriteVector(nint user, int descriptor, IoVector* vectors, int count) => WriteFrom(descriptor, new(vectors, count), 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Send(nint user, int descriptor, byte* buffer, nint length, int flags) =>
        WriteFrom(descriptor, [new IoVector { Start = buffer, Length = length }], flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint SendTo(nint user, int descriptor, byte* buffer, nint length, int flags, byte* address, uint addressLength) =>
        WriteFrom(descriptor, [new IoVector { Start = buffer, Length = length }], flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint SendMessage(nint user, int descriptor, MessageHeader* message, int flags) =>
        WriteFrom(descriptor, new(message->Vectors, (int)message->VectorCount), flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Control(nint user, int descriptor, int command, nint argument) => Return(command switch
    {
        _ when !Program.Owns(descriptor) => SocketResult.Fail(Errno.EBADF),
        ControlGet => new(ReadWrite | (Program.IsNonBlocking(descriptor) ? NonBlocking : 0)),
        ControlSet => Program.SetNonBlocking(descriptor, (argument & NonBlocking) != 0),
        _ => SocketResult.Fail(Errno.EINVAL),
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceControl(nint user, int descriptor, nuint request, int* value)
    {
        SocketResult result = request switch
        {
            SocketInQueue => Program.Readable(descriptor),
            SocketOutQueue => Program.Unacknowledged(descriptor),
            _ => SocketResult.Fail(Errno.EINVAL),
        };
        *value = result.Value;
        return Return(result with { Value = result.Succeeded ? 0 : -1 });
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(nint user, int descriptor) => Return(Program.Close(descriptor));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Shutdown(nint user, int descriptor, int how) => Return(Program.Shutdown(descriptor, (SocketShutdown)how));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetOption(nint user, int descriptor, int level, int name, byte* value, uint* length) =>
        GetOptionOf(descriptor, level, name, value, length);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SetOption(nint user, int descriptor, int level, int name, byte* value, uint length)
    {
        int number = length >= sizeof(int) ? *(int*)value : 0;
        return Return((level, name) switch
        {
            (LinuxOptions.SocketLevel, LinuxOptions.Linger) when length >= 2 * sizeof(int) =>
                Program.SetLinger(descriptor, number == 0 ? null : TimeSpan.FromSeconds(((int*)value)[1])),
            (LinuxOptions.TcpLevel, LinuxOptions.InQueue) => Program.TellReadable(descriptor, number != 0),
            (LinuxOptions.TcpLevel, LinuxOptions.Congestion)
                when Enum.TryParse(Encoding.ASCII.GetString(value, (int)length), ignoreCase: true, out CongestionAlgorithm algorithm) =>
                Program.SetCongestion(descriptor, algorithm),
            _ when LinuxOptions.Find(level, name) is { } option => Program.SetOption(descriptor, option, number),
            _ => SocketResult.Fail(Errno.ENOPROTOOPT),
        });
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Poll(nint user, PollEntry* entries, nuint count, int timeout)
    {
        var asked = new (int, SocketEvents)[(int)count];
        for (int i = 0; i < asked.Length; i++)
        {
            asked[i] = (entries[i].Descriptor, (SocketEvents)entries[i].Events);
        }

        var told = new SocketEvents[asked.Length];
        SocketResult result = Program.Poll(asked, told, timeout < 0 ? null : TimeSpan.FromMilliseconds(timeout));
        for (int i = 0; i < told.Length; i++)
        {
            entries[i].Returned = (short)told[i];
        }

        return Return(result);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int EpollCreate(nint user, int size) => Return(Program.CreateEpoll());

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int EpollControl(nint user, int epoll, int operation, int descriptor, EpollEntry* entry)
    {
        const uint EdgeTriggered = 1u << 31;
        const uint OneShot = 1u << 30;
        uint events = entry == null ? 0 : entry->Events;
        EpollMode mode = ((events & EdgeTriggered) != 0 ? EpollMode.EdgeTriggered : EpollMode.LevelTriggered)
            | ((events & OneShot) != 0 ? EpollMode.OneShot : EpollMode.LevelTriggered);
        return Return(Program.ControlEpoll(epoll, operation, descriptor, (SocketEvents)(events & ~(EdgeTriggered | OneShot)), mode, entry == null ? 0 : entry->Data));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int EpollWait(nint user, int epoll, EpollEntry* entries, int most, int timeout)
    {
        TimeSpan? limit = timeout < 0 ? null : TimeSpan.FromMilliseconds(timeout);
        SocketResult result = Program.WaitEpoll(epoll, most, out IReadOnlyList<EpollEvent> ready, limit);
        for (int i = 0; i < ready.Count; i++)
        {
            entries[i] = new EpollEntry { Events = (uint)ready[i].Events, Data = ready[i].Data };
        }

        return Return(result);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int PacketSend(nint user, byte* packet, nint length)
    {
        Machine.Deliver(new ReadOnlySpan<byte>(packet, (int)length).ToArray());
        return 0;
    }

    /// <summary>Gives the next packet; an empty one, which packetdrill calls bad, where none will come.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int PacketReceive(nint user, byte* buffer, nint* length, long* microseconds)
    {
        (Timestamp time, byte[] packet) = Machine.Receive() ?? (Machine.Now, []);
        packet.CopyTo(new Span<byte>(buffer, (int)*length));
        *length = packet.Length;
        *microseconds = time.Nanoseconds / 1000;
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sleep(nint user, uint microseconds)
    {
        Machine.Sleep(TimeSpan.FromMicroseconds(microseconds));
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetTime(nint user, TimeValue* value, nint zone)
    {
        long microseconds = Machine.ReadClock().Nanoseconds / 1000;
        *value = new TimeValue { Seconds = (nint)(microseconds / 1_000_000), Microseconds = (nint)(microseconds % 1_000_000) };
        return 0;
    }
}
