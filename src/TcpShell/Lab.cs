using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using TcpShell.Hosting;
using TcpShell.Simulation;

namespace TcpShell;

/// <summary>
/// What a PowerShell session remembers: its networks, and which one is meant when none is named. Networks are not made for several
/// threads, so each belongs to the runspace that made it.
/// </summary>
internal static class Lab
{
    private static readonly ConditionalWeakTable<Runspace, Session> s_sessions = [];
    private static readonly ConditionalWeakTable<TcpNetwork, Runspace> s_owners = [];

    /// <summary>The network that is meant when none is named: the last one made, or the default lab.</summary>
    public static TcpNetwork Current
    {
        get
        {
            Session session = s_sessions.GetOrCreateValue(Runspace.DefaultRunspace);
            if (session.Current is null)
            {
                var network = new SimulatedNetwork();
                DefaultLab.Furnish(network);
                Enter(network);
            }

            return session.Current!;
        }
    }

    /// <summary>Makes a network of this session the one that is meant when none is named.</summary>
    public static void Enter(TcpNetwork network)
    {
        Runspace runspace = Runspace.DefaultRunspace;
        s_sessions.GetOrCreateValue(runspace).Current = network;
        s_owners.AddOrUpdate(network, runspace);
    }

    /// <summary>Makes a network one of this session's, so that cmdlets can act on it.</summary>
    public static void Adopt(SimulatedNetwork network) => s_owners.AddOrUpdate(network, Runspace.DefaultRunspace);

    /// <summary>Makes a network the one that is meant, until the answer is disposed of; then it is again what it was before.</summary>
    public static IDisposable Visit(SimulatedNetwork network)
    {
        var visit = new Stay(s_sessions.GetOrCreateValue(Runspace.DefaultRunspace));
        Enter(network);
        return visit;
    }

    /// <summary>Whether a network was made in this session.</summary>
    public static bool Owns(TcpNetwork network) =>
        s_owners.TryGetValue(network, out Runspace? owner) && ReferenceEquals(owner, Runspace.DefaultRunspace);

    /// <summary>Forgets everything of this session, when the module is removed.</summary>
    public static void Leave() => s_sessions.Remove(Runspace.DefaultRunspace);

    private sealed class Stay(Session session) : IDisposable
    {
        private readonly TcpNetwork? _before = session.Current;

        public void Dispose() => session.Current = _before;
    }

    private sealed class Session
    {
        public TcpNetwork? Current { get; set; }
    }
}
