using TcpShell.Wire;

namespace TcpShell.Hosting;

/// <summary>Finds whom a segment is for: the connection with its 4-tuple, else the listener on its port.</summary>
internal sealed class Demultiplexer
{
    private readonly Dictionary<(Endpoint Local, Endpoint Remote), HostedConnection> _connections = [];
    private readonly Dictionary<Endpoint, Listener> _listeners = [];
    private readonly Dictionary<ushort, int> _portUse = [];

    public HostedConnection? FindConnection(Endpoint local, Endpoint remote) =>
        _connections.GetValueOrDefault((local, remote));

    /// <summary>A listener on the very address wins over one on all addresses.</summary>
    public Listener? FindListener(Endpoint local) =>
        _listeners.GetValueOrDefault(local) ?? _listeners.GetValueOrDefault(local with { Address = default });

    /// <summary>Whether a listener stands exactly there.</summary>
    public bool HasListener(Endpoint local) => _listeners.ContainsKey(local);

    /// <summary>Whether any connection or listener uses the port.</summary>
    public bool IsPortUsed(ushort port) => _portUse.ContainsKey(port);

    public void Add(HostedConnection connection)
    {
        _connections.Add((connection.Local, connection.Remote), connection);
        Use(connection.Local.Port, 1);
    }

    /// <summary>Takes a connection out. Its ends are given, because it may have forgotten them; another connection with the same ends stays.</summary>
    public void Remove(HostedConnection connection, Endpoint local, Endpoint remote)
    {
        if (_connections.GetValueOrDefault((local, remote)) == connection && _connections.Remove((local, remote)))
        {
            Use(local.Port, -1);
        }
    }

    public void Add(Listener listener)
    {
        _listeners.Add(listener.Local, listener);
        Use(listener.Local.Port, 1);
    }

    public void Remove(Listener listener)
    {
        if (_listeners.GetValueOrDefault(listener.Local) == listener && _listeners.Remove(listener.Local))
        {
            Use(listener.Local.Port, -1);
        }
    }

    public void Clear()
    {
        _connections.Clear();
        _listeners.Clear();
        _portUse.Clear();
    }

    private void Use(ushort port, int count)
    {
        int uses = _portUse.GetValueOrDefault(port) + count;
        if (uses == 0)
        {
            _portUse.Remove(port);
        }
        else
        {
            _portUse[port] = uses;
        }
    }
}
