using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using TcpShell.Hosting;
using TcpShell.Live;
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
        Session session = s_sessions.GetOrCreateValue(runspace);
        session.Current = network;
        s_owners.AddOrUpdate(network, runspace);
        if (network is LiveNetwork live)
        {
            session.Add(live, runspace);
        }
    }

    /// <summary>The interfaces of this session.</summary>
    public static IReadOnlyList<LiveNetwork> Interfaces => s_sessions.GetOrCreateValue(Runspace.DefaultRunspace).Interfaces;

    /// <summary>Forgets an interface that is closed. The current network is then the one before it, or the default lab.</summary>
    public static void Leave(LiveNetwork network) => s_sessions.GetOrCreateValue(Runspace.DefaultRunspace).Remove(network);

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
    public static void Leave()
    {
        if (s_sessions.TryGetValue(Runspace.DefaultRunspace, out Session? session))
        {
            session.CloseInterfaces();
            s_sessions.Remove(Runspace.DefaultRunspace);
        }
    }

    private sealed class Stay(Session session) : IDisposable
    {
        private readonly TcpNetwork? _before = session.Current;

        public void Dispose() => session.Current = _before;
    }

    private sealed class Session
    {
        private readonly List<(LiveNetwork Network, TcpNetwork? Before)> _interfaces = [];
        private TcpNetwork? _current;
        private TcpNetwork? _before;

        public TcpNetwork? Current
        {
            get => _current;
            set => (_before, _current) = (_current, value);
        }

        public IReadOnlyList<LiveNetwork> Interfaces => [.. _interfaces.Select(entry => entry.Network)];

        public void Add(LiveNetwork network, Runspace runspace)
        {
            if (_interfaces.Count == 0)
            {
                // A session that ends takes its interfaces along; the process may live on.
                runspace.StateChanged += (_, e) =>
                {
                    if (e.RunspaceStateInfo.State is RunspaceState.Closing or RunspaceState.Closed or RunspaceState.Broken)
                    {
                        CloseInterfaces();
                    }
                };
            }

            _interfaces.Add((network, _before));
        }

        public void Remove(LiveNetwork network)
        {
            TcpNetwork? before = _interfaces.Find(entry => entry.Network == network).Before;
            _interfaces.RemoveAll(entry => entry.Network == network);
            _current = _current == network ? before is LiveNetwork { IsOpen: false } ? null : before : _current;
        }

        public void CloseInterfaces()
        {
            foreach (LiveNetwork network in Interfaces)
            {
                network.Dispose();
                Remove(network);
            }
        }
    }
}
