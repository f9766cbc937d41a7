using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hosting;

/// <summary>A port on which a host accepts connections.</summary>
public sealed class Listener
{
    private readonly Queue<HostedConnection> _accepted = new();

    internal Listener(HostedConnection control, int backlog)
    {
        Control = control;
        Backlog = backlog;
    }

    /// <summary>The name of its host.</summary>
    public string Host => Control.Host;

    /// <summary>Where it listens; the address is unspecified where it does so on all of the host's.</summary>
    public Endpoint Local => Control.Local;

    /// <summary>What the host does with its connections.</summary>
    public ITcpApplication Application => Control.Application;

    /// <summary>How many connections may be half-open at once; a further SYN gets a SYN cookie, or is dropped (RFC 4987) [4987-1, 4987-2].</summary>
    public int Backlog { get; }

    /// <summary>Connections in SYN-RECEIVED now.</summary>
    public int HalfOpen { get; internal set; }

    /// <summary>Connections that were opened through it.</summary>
    public int Accepted { get; internal set; }

    /// <summary>Open connections that nobody has taken yet.</summary>
    public int Waiting => _accepted.Count;

    /// <summary>SYNs that were dropped because the backlog was full.</summary>
    public long BacklogDrops { get; internal set; }

    /// <summary>SYNs that were answered with a SYN cookie.</summary>
    public long SynCookiesSent { get; internal set; }

    /// <summary>Connections that were made from a SYN cookie; they count in <see cref="Accepted"/> too.</summary>
    public long SynCookiesAccepted { get; internal set; }

    /// <summary>The connection in LISTEN itself, as listings show it.</summary>
    public HostedConnection Control { get; }

    /// <summary>Its host.</summary>
    public TcpHost Owner => Control.Owner;

    /// <summary>Takes the next open connection that nobody has taken yet, for applications that drive the connections themselves.</summary>
    /// <param name="connection">The connection.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryAccept(out HostedConnection? connection) => _accepted.TryDequeue(out connection);

    internal bool IsFull => HalfOpen >= Backlog;

    /// <summary>Until when an ACK can be one of a cookie; null if none was ever sent. What is later need not even be looked at.</summary>
    internal Timestamp? CookiesTakenUntil { get; set; }

    internal void Offer(HostedConnection connection)
    {
        Accepted++;
        if (ReferenceEquals(Application, Applications.Manual) && _accepted.Count < Backlog)
        {
            _accepted.Enqueue(connection);
        }
    }

    /// <summary><c>*:80 (Echo)</c>.</summary>
    public override string ToString() => $"{Local} ({Application.Name})";
}
