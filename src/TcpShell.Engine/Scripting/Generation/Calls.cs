namespace TcpShell.Scripting.Generation;

/// <summary>System calls as a script writes them.</summary>
internal static class Calls
{
    private static readonly ScriptValue s_any = new UnstatedValue();

    public static SystemCallEvent Socket(int descriptor) => Make("socket", descriptor, s_any, Symbol("SOCK_STREAM"), Symbol("IPPROTO_TCP"));

    public static SystemCallEvent NonBlocking(int descriptor) =>
        Make("fcntl", 0, Number(descriptor), Symbol("F_SETFL"), new FlagsValue([Symbol("O_RDWR"), Symbol("O_NONBLOCK")]));

    public static SystemCallEvent Bind(int descriptor) => Make("bind", 0, Number(descriptor), s_any, s_any);

    public static SystemCallEvent Listen(int descriptor) => Make("listen", 0, Number(descriptor), Number(1));

    public static SystemCallEvent Accept(int listener, int descriptor) => Make("accept", descriptor, Number(listener), s_any, s_any);

    public static SystemCallEvent Connect(int descriptor) =>
        Make("connect", -1, Number(descriptor), s_any, s_any) with { Errno = "EINPROGRESS", Note = "Operation now in progress" };

    public static SystemCallEvent Read(int descriptor, int octets) => Make("read", octets, Number(descriptor), s_any, Number(octets));

    public static SystemCallEvent Write(int descriptor, int octets) => Make("write", octets, Number(descriptor), s_any, Number(octets));

    public static SystemCallEvent Send(int descriptor, int octets, string flags) =>
        Make("send", octets, Number(descriptor), s_any, Number(octets), Symbol(flags));

    public static SystemCallEvent Shutdown(int descriptor) => Make("shutdown", 0, Number(descriptor), Symbol("SHUT_WR"));

    public static SystemCallEvent Close(int descriptor) => Make("close", 0, Number(descriptor));

    public static SystemCallEvent SetOption(int descriptor, string level, string option, int value) =>
        Make("setsockopt", 0, Number(descriptor), Symbol(level), Symbol(option), new ListValue([Number(value)]), Number(sizeof(int)));

    /// <summary>A close that aborts.</summary>
    public static SystemCallEvent LingerForNoTime(int descriptor)
    {
        var linger = new StructureValue([new FieldValue(Symbol("onoff"), Number(1)), new FieldValue(Symbol("linger"), Number(0))]);
        return Make("setsockopt", 0, Number(descriptor), Symbol("SOL_SOCKET"), Symbol("SO_LINGER"), linger, Number(2 * sizeof(int)));
    }

    private static SystemCallEvent Make(string name, int result, params ScriptValue[] arguments) =>
        new() { Time = default, Name = name, Arguments = arguments, Result = Number(result) };

    private static IntegerValue Number(int value) => new(value);

    private static SymbolValue Symbol(string name) => new(name);
}
