using TcpShell.Sockets;
using TcpShell.Tcp;

namespace TcpShell.Scripting;

// What calls ask for that is not there, found without making them.
internal sealed partial class ScriptCalls
{
    /// <summary>Looks at what a call is given, as far as it does not depend on what happens.</summary>
    /// <exception cref="ScriptUnsupported">Something in it is not supported.</exception>
    public static void RequireSupported(SystemCallEvent call)
    {
        switch (call.Name)
        {
            case "socket":
                RequireTcp(call);
                break;
            case "bind" or "accept" or "connect":
                RequireUnstatedAddress(call);
                break;
            case "read" or "recv" or "recvfrom":
                Length(call, 2, int.MaxValue);
                RequireFlags(call, call.Name == "read" ? 0 : Number(Argument(call, 3)), s_readFlags);
                break;
            case "write" or "send" or "sendto":
                Length(call, 2);
                RequireFlags(call, call.Name == "write" ? 0 : Number(Argument(call, 3)), s_writeFlags);
                break;
            case "readv" or "writev":
                Octets(Argument(call, 1));
                break;
            case "recvmsg":
                Octets(Message(call).Find("msg_iov"));
                RequireFlags(call, Number(Argument(call, 2)), s_readFlags);
                InquiryIn(Message(call), call);
                break;
            case "sendmsg":
                Octets(Message(call).Find("msg_iov"));
                RequireFlags(call, Number(Argument(call, 2)), s_writeFlags);
                if (Message(call).Find("msg_control") is not null)
                {
                    throw new ScriptUnsupported(call.Text);
                }

                break;
            case "fcntl":
                RequireOneOf(call, "F_GETFL", "F_SETFL");
                break;
            case "ioctl":
                RequireOneOf(call, "SIOCINQ", "FIONREAD", "SIOCOUTQ");
                break;
            case "getsockopt":
                RequireLevel(call);
                ScriptSymbols.OptionOf(OptionName(call));
                break;
            case "setsockopt":
                RequireLevel(call);
                SettingsAfter(call, TcpSettings.Linux);
                break;
        }
    }

    /// <summary>What a socket's settings are after setsockopt.</summary>
    /// <param name="call">The call.</param>
    /// <param name="settings">The settings before it.</param>
    /// <exception cref="ScriptUnsupported">The option, or its value, is not supported.</exception>
    public static TcpSettings SettingsAfter(SystemCallEvent call, TcpSettings settings)
    {
        string name = OptionName(call);
        ScriptValue value = Argument(call, 3);
        switch (name)
        {
            case "SO_LINGER" when value is StructureValue linger:
                Number(linger.Find("onoff"));
                Number(linger.Find("linger"));
                return settings;
            case "TCP_CONGESTION" when value is StringValue algorithm:
                return settings with { Congestion = CongestionOf(algorithm.Text) };
            default:
                SocketOption option = ScriptSymbols.OptionOf(name);
                long number = Number(Pointed(value));
                bool fits = number is >= int.MinValue and <= uint.MaxValue;

                // Real systems take whatever size there is for less, so that no refusal can be expected.
                fits &= option != SocketOption.ReceiveBuffer || call.Errno is not null || number is > 0 and <= TcpSettings.LargestBuffer;
                return fits
                    ? SocketTable.SettingsWith(settings, option, unchecked((int)number)) ?? settings
                    : throw new ScriptUnsupported($"{name} of {number}");
        }
    }

    /// <summary>Addresses of calls are those of the script's options; as in packetdrill a call states none of its own.</summary>
    private static void RequireUnstatedAddress(SystemCallEvent call)
    {
        if (call.Arguments is not [_, UnstatedValue, UnstatedValue or IntegerValue])
        {
            throw new ScriptUnsupported($"an address in {call.Text}");
        }
    }

    private static void RequireOneOf(SystemCallEvent call, params string[] names)
    {
        if (Argument(call, 1) is not SymbolValue symbol || !names.Contains(symbol.Name))
        {
            throw new ScriptUnsupported(call.Text);
        }
    }

    /// <summary>The level of an option is the one that its name begins with.</summary>
    private static void RequireLevel(SystemCallEvent call)
    {
        string name = OptionName(call);
        string level = name.StartsWith("SO_", StringComparison.Ordinal) ? "SOL_SOCKET" : name.StartsWith("IP_", StringComparison.Ordinal) ? "SOL_IP" : "SOL_TCP";
        if (Number(Argument(call, 1)) != ScriptSymbols.ValueOf(level))
        {
            throw new ScriptUnsupported($"{name} at the level {call.Arguments[1]}");
        }
    }
}
