using TcpShell.Hosting;
using TcpShell.Hunt.Scenarios;
using TcpShell.Wire;

namespace TcpShell.Hunt.Running;

/// <summary>The ends of all connections of a run, and who belongs to whom.</summary>
internal sealed class Ends
{
    private readonly List<End> _all = [];
    private readonly Dictionary<int, End> _byId = [];
    private readonly Dictionary<(Endpoint Local, Endpoint Remote), End> _byTuple = [];

    // Which plan a request belongs to, however late or often it arrives.
    private readonly Dictionary<(Endpoint Client, SeqNumber Iss), ConnectionPlan> _requests = [];

    /// <summary>All that there ever were.</summary>
    public IReadOnlyList<End> All => _all;

    /// <summary>Those whose ending was not judged yet.</summary>
    public List<End> Live { get; } = [];

    /// <summary>The end with a connection's number; null if there is none.</summary>
    public End? Find(int connectionId) => _byId.GetValueOrDefault(connectionId);

    /// <summary>The newest end with these addresses; null if there is none.</summary>
    public End? Find(Endpoint local, Endpoint remote) => _byTuple.GetValueOrDefault((local, remote));

    /// <summary>The plan that a server's connection belongs to; null for none.</summary>
    public ConnectionPlan? PlanOf(HostedConnection connection) => _requests.GetValueOrDefault((connection.Remote, connection.Irs));

    public End Add(HostedConnection connection, ConnectionPlan plan, bool isClient, Timestamp now)
    {
        var end = new End(connection, plan, isClient, now);
        end.Seen.LastProgress = now;
        End? asked = Find(connection.Remote, connection.Local);
        end.Seen.FromCookie = asked is { Seen.FromCookie: true };
        end.Seen.MayBeginWithGarbage = asked is { Seen.FromCookie: true, Seen.ProbedFirstOctet: true };
        _all.Add(end);
        Live.Add(end);
        _byId.Add(connection.Id, end);
        _byTuple[(connection.Local, connection.Remote)] = end;
        if (isClient)
        {
            _requests[(connection.Local, connection.Iss)] = plan;
        }

        return end;
    }

    /// <summary>
    /// The other end of the same connection: the one that knows both numbers as this end does. There may be none, or none yet. A SYN cookie
    /// can even make it anew, when its host has forgotten it.
    /// </summary>
    public End? PeerOf(End end)
    {
        if (end.Peer is not { IsLive: true }
            && Find(end.Connection.Remote, end.Connection.Local) is { } candidate
            && candidate.Tcp.Snd.Iss == end.Tcp.Rcv.Irs
            && end.Tcp.Snd.Iss == candidate.Tcp.Rcv.Irs)
        {
            end.Peer = candidate;
        }

        return end.Peer;
    }
}
