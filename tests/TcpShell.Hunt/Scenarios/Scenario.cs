using System.Collections.Immutable;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hunt.Scenarios;

/// <summary>
/// Everything that is planned for one run. It is plain data: a seed makes it, a text file holds it, and the shrinker leaves parts of it
/// out. The same scenario gives the same packets, always.
/// </summary>
internal sealed record Scenario
{
    /// <summary>The seed of the simulated network, and of the scenario where one made it.</summary>
    public required long Seed { get; init; }

    /// <summary>Whether the hosts speak IPv6; IPv4 otherwise.</summary>
    public bool IPv6 { get; init; }

    /// <summary>What links are like that no <see cref="LinkPlan"/> speaks of; its MTU is that of all hosts.</summary>
    public LinkOptions Link { get; init; } = new();

    public ImmutableArray<HostPlan> Hosts { get; init; } = [];

    public ImmutableArray<LinkPlan> Links { get; init; } = [];

    public ImmutableArray<ImpairmentPlan> Impairments { get; init; } = [];

    public ImmutableArray<ConnectionPlan> Connections { get; init; } = [];

    public ImmutableArray<HostEvent> Events { get; init; } = [];
}

/// <summary>A host. Each listens on port 80.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Profile"><c>linux</c> or <c>rfc</c>.</param>
/// <param name="Settings">In what it differs from its profile: names and values of <see cref="TcpSettings"/>.</param>
/// <param name="Iss">The initial sequence number of each first connection between two end points; null for the host's own choice.</param>
/// <param name="Backlog">Connections that may be half-open at its listener.</param>
internal sealed record HostPlan(
    string Name, string Profile, ImmutableSortedDictionary<string, object> Settings, uint? Iss = null, int Backlog = 128);

/// <summary>A link that is unlike the others.</summary>
internal sealed record LinkPlan(string One, string Other, LinkOptions Options);

/// <summary>An impairment and when it is there.</summary>
internal sealed record ImpairmentPlan(ImpairmentKind Kind, PacketSelector Selector)
{
    public TimeSpan Delay { get; init; }

    /// <summary>What a router tells the sender, for <see cref="ImpairmentKind.Refuse"/>.</summary>
    public IcmpErrorKind Error { get; init; }

    /// <summary>The largest packet that is not refused, for <see cref="IcmpErrorKind.PacketTooBig"/>; else 0.</summary>
    public int Mtu { get; init; }

    public TimeSpan Start { get; init; }

    /// <summary>When it ends; null for never.</summary>
    public TimeSpan? End { get; init; }
}

/// <summary>How two ends come together.</summary>
internal enum ConnectionKind
{
    /// <summary>A client asks the server's listener.</summary>
    Plain,

    /// <summary>Both ask.</summary>
    Simultaneous,

    /// <summary>A port on which nobody listens.</summary>
    Refused,

    /// <summary>A listener of its own sends, and so becomes the client (RFC 9293 3.10.2).</summary>
    SendWhileListening,
}

/// <summary>A connection and what both users do with it.</summary>
/// <param name="Id">Its number, which also makes its ports: client 1000 + id, a server that is asked at the same time 2000 + id.</param>
/// <param name="Client">The name of the host that asks.</param>
/// <param name="Server">The name of the host that is asked.</param>
internal sealed record ConnectionPlan(int Id, string Client, string Server, EndPlan ClientEnd, EndPlan ServerEnd)
{
    public ConnectionKind Kind { get; init; }

    /// <summary>When the client asks.</summary>
    public TimeSpan At { get; init; }

    /// <summary>How much later the server does, in a simultaneous open.</summary>
    public TimeSpan Skew { get; init; }

    /// <summary>The client uses the port of this earlier connection again; 0 for one of its own.</summary>
    public int PortOf { get; init; }

    public ushort ClientPort => (ushort)(1000 + (PortOf > 0 ? PortOf : Id));

    public ushort ServerPort => (ushort)(Kind switch
    {
        ConnectionKind.Simultaneous => 2000 + Id,
        ConnectionKind.Refused => 81,
        _ => 80,
    });
}

/// <summary>When a user closes.</summary>
internal enum CloseWhen
{
    /// <summary>As soon as everything is given to the TCP.</summary>
    Sent,

    /// <summary>When the peer has closed too.</summary>
    EndOfStream,
}

/// <summary>What the user at one end does.</summary>
internal sealed record EndPlan
{
    /// <summary>Octets that it sends.</summary>
    public int Send { get; init; }

    /// <summary>Octets in one SEND.</summary>
    public int SendChunk { get; init; } = int.MaxValue;

    /// <summary>Time between two SENDs; zero for at once, as long as there is room.</summary>
    public TimeSpan SendEvery { get; init; }

    /// <summary>Each so-many-th SEND is urgent; 0 for none.</summary>
    public int UrgentEvery { get; init; }

    /// <summary>Octets in one RECEIVE.</summary>
    public int ReadChunk { get; init; } = int.MaxValue;

    /// <summary>Time between two RECEIVEs; zero for at once.</summary>
    public TimeSpan ReadEvery { get; init; }

    /// <summary>How long after the beginning nothing is received.</summary>
    public TimeSpan ReadAfter { get; init; }

    public CloseWhen Close { get; init; }

    /// <summary>When it loses patience and aborts, counted from its beginning; null for never.</summary>
    public TimeSpan? AbortAfter { get; init; }
}

/// <summary>What can happen to a host.</summary>
internal enum HostEventKind
{
    Crash,
    Stop,
    Restart,
}

/// <summary>Something that happens to a host.</summary>
internal sealed record HostEvent(string Host, HostEventKind Kind, TimeSpan At);
