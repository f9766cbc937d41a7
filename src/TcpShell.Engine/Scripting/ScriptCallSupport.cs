using TcpShell.Sockets;
using TcpShell.Tcp;

namespace TcpShell.Scripting;

/// <summary>
/// Looks through the system calls of a script, in their order, for what is not supported. It follows which descriptors have a connection, because
/// some options cannot be set any more then.
/// </summary>
internal sealed class ScriptCallSupport
{
    private readonly Dictionary<long, (TcpSettings Settings, bool IsOpen)> _sockets = [];

    /// <summary>Looks at the next call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="defaults">The settings that a new socket has now.</param>
    /// <exception cref="ScriptUnsupported">The call, or something in it, is not supported.</exception>
    public void Require(SystemCallEvent call, TcpSettings defaults)
    {
        if (!ScriptCalls.IsKnown(call.Name))
        {
            throw new ScriptUnsupported($"the system call {call.Name}");
        }

        Require(call.Arguments);
        ScriptCalls.RequireSupported(call);
        Follow(call, defaults);
    }

    private static void Require(IReadOnlyList<ScriptValue> values)
    {
        foreach (ScriptValue value in values)
        {
            Require(value);
        }
    }

    private static void Require(ScriptValue value)
    {
        switch (value)
        {
            case SymbolValue symbol when !ScriptSymbols.IsKnown(symbol.Name):
                throw new ScriptUnsupported(symbol.Name == "NULL" ? "a null pointer" : symbol.Name);
            case FlagsValue flags:
                Require(flags.Items);
                break;
            case ListValue list:
                Require(list.Items);
                break;
            case StructureValue structure:
                Require(structure.Items);
                break;
            case FieldValue field:
                Require(field.Value);
                break;
        }
    }

    private void Follow(SystemCallEvent call, TcpSettings defaults)
    {
        if (call.Arguments is not [IntegerValue { Value: var descriptor }, ..])
        {
            if (call is { Name: "socket", Result: IntegerValue made })
            {
                _sockets[made.Value] = (defaults, false);
            }

            return;
        }

        (TcpSettings settings, bool isOpen) = _sockets.GetValueOrDefault(descriptor, (defaults, false));
        switch (call.Name)
        {
            case "connect" when call.Errno is null or "EINPROGRESS":
                _sockets[descriptor] = (settings, true);
                break;
            case "accept" when call.Result is IntegerValue made:
                _sockets[made.Value] = (settings, true);
                break;
            case "close":
                _sockets.Remove(descriptor);
                break;
            case "setsockopt" when call.Errno is null:
                TcpSettings changed = ScriptCalls.SettingsAfter(call, settings);
                _sockets[descriptor] = !isOpen || TcpConnection.CanChange(settings, changed)
                    ? (changed, isOpen)
                    : throw new ScriptUnsupported($"{call.Arguments[2]} on an open connection");
                break;
        }
    }
}
