using TcpShell.Sockets;
using TcpShell.Tcp;

namespace TcpShell.Scripting;

/// <summary>The machine that a script thinks it runs on, as far as its command lines can change it.</summary>
internal sealed record ScriptMachine
{
    /// <summary>What connections are made with from now on.</summary>
    public required TcpSettings Tcp { get; init; }

    /// <summary>What sockets have in common from now on.</summary>
    public required SocketSettings Sockets { get; init; }

    /// <summary>Whether the interface takes no packet (<c>tc qdisc ... pfifo limit 0</c>).</summary>
    public bool TransmitFails { get; init; }

    /// <summary>The MTU of the route to the other end, in octets; null for the interface's.</summary>
    public int? RouteMtu { get; init; }

    /// <summary>The port on which the last command line has looked for a listener; null if it did not.</summary>
    public ushort? ExpectedListener { get; init; }

    /// <summary>The machine before any command.</summary>
    public static ScriptMachine Of(ScriptProfile profile) => new() { Tcp = profile.Settings, Sockets = profile.Sockets };
}
