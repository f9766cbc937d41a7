using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Exploration;

/// <summary>What holds for every TCP, whatever its users do and whatever the network does to its packets.</summary>
public static class ScenarioProperties
{
    /// <summary>The name of the property that nothing fails inside of the engine, such as a change of state that the table lacks.</summary>
    public const string NoFailure = "NoFailure";

    /// <summary>The name of the property that no circle of events goes on for ever though the network does nothing bad any more.</summary>
    public const string NoLivelock = "NoLivelock";

    /// <summary>An open connection has a peer that asked for it, with the very sequence number that it believes in (P14).</summary>
    public static ScenarioProperty NoGhost { get; } = new(nameof(NoGhost), network =>
    {
        foreach (HostedConnection one in Open(network))
        {
            if (Peers(network, one) is { } peers && !peers.Any(peer => peer.Iss == one.Irs) && !IsOfCookie(network, one))
            {
                return $"{Describe(one)} is open, but {network.FindHost(one.Remote.Address)!.Name} never asked for it.";
            }
        }

        return null;
    });

    /// <summary>Two open ends have the same idea of both initial sequence numbers, and of what is received.</summary>
    public static ScenarioProperty Agreement { get; } = new(nameof(Agreement), network =>
    {
        foreach (HostedConnection one in Open(network))
        {
            foreach (HostedConnection other in Peers(network, one)?.Where(IsOpen) ?? [])
            {
                if (one.Irs != other.Iss || one.Iss != other.Irs)
                {
                    return $"{Describe(one)} and {Describe(other)} are open with different initial sequence numbers.";
                }

                if (other.RcvNxt < one.SndUna || other.RcvNxt > one.Tcp.Snd.Max)
                {
                    return $"{Describe(other)} expects an octet that {Describe(one)} has not sent, or has forgotten.";
                }
            }
        }

        return null;
    });

    /// <summary>Nothing waits for ever: no handshake or close hangs, no data stays unacknowledged, and no end is open whose peer has closed.</summary>
    public static ScenarioProperty NoDeadlock { get; } = new(nameof(NoDeadlock), network =>
    {
        foreach (HostedConnection one in network.Connections)
        {
            if (one.State is not (TcpState.Established or TcpState.CloseWait or TcpState.FinWait2) || one.SendQueue > 0)
            {
                return $"{Describe(one)} waits for ever.";
            }

            // A reset can be lost, and a host that crashes sends none: then the other end cannot know.
            bool mayBeForgotten = Peers(network, one) is not { } peers
                || peers.Any(peer => IsOpen(peer) || peer.Error is ConnectionError.Aborted or ConnectionError.HostStopped);
            if (!mayBeForgotten)
            {
                return $"{Describe(one)} is open for ever, and its peer has ended.";
            }
        }

        return null;
    });

    /// <summary>Where both ends closed, each received as many octets as the other sent.</summary>
    public static ScenarioProperty NothingLost { get; } = new(nameof(NothingLost), network =>
    {
        foreach (HostedConnection one in network.Hosts.SelectMany(host => host.ClosedConnections))
        {
            HostedConnection? other = Peers(network, one)?.FirstOrDefault(peer => peer.Iss == one.Irs && peer.Irs == one.Iss);
            bool orderly = one.Error == ConnectionError.None && other is { State: TcpState.Closed, Error: ConnectionError.None };
            if (orderly && one.Sent != other!.Received)
            {
                return $"{Describe(one)} sent {one.Sent} octets, and {other.Received} were received.";
            }
        }

        return null;
    });

    /// <summary>What has to hold in every state.</summary>
    public static IReadOnlyList<ScenarioProperty> Safety { get; } = [NoGhost, Agreement];

    /// <summary>What has to hold when nothing can happen any more.</summary>
    public static IReadOnlyList<ScenarioProperty> Endings { get; } = [NoDeadlock, NothingLost];

    /// <summary>A connection in words: <c>client's connection 10.0.0.1:49152 -> 10.0.0.2:80 (Established)</c>.</summary>
    /// <param name="connection">The connection.</param>
    internal static string Describe(HostedConnection connection) =>
        $"{connection.Host}'s connection {connection.Local} -> {connection.Remote} ({connection.State})";

    /// <summary>Open or closed, the connections of a host.</summary>
    /// <param name="host">The host.</param>
    internal static IEnumerable<HostedConnection> All(TcpHost host) => host.Connections.Concat(host.ClosedConnections);

    /// <summary>Whether it was opened by a listener's SYN cookie: the listener remembers nothing of its answer, so nobody can say that it gave none.</summary>
    private static bool IsOfCookie(SimulatedNetwork network, HostedConnection one) =>
        one.Role == ConnectionRole.Client
        && network.FindHost(one.Remote.Address)!.Listeners.Any(listener => listener.Local.Port == one.Remote.Port && listener.CookiesTakenUntil is not null);

    private static bool IsOpen(HostedConnection connection) => connection.State >= TcpState.Established;

    private static IEnumerable<HostedConnection> Open(SimulatedNetwork network) => network.Connections.Where(IsOpen);

    /// <summary>The connections that the other host has or had between the same two ends; null if nobody is there.</summary>
    private static IEnumerable<HostedConnection>? Peers(SimulatedNetwork network, HostedConnection one) =>
        network.FindHost(one.Remote.Address) is { } host
            ? All(host).Where(other => other.Local == one.Remote && other.Remote == one.Local)
            : null;
}
