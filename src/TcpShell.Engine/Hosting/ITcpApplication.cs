using TcpShell.Tcp;

namespace TcpShell.Hosting;

/// <summary>What a host does with the connections of a listener: it is told of events and answers with calls.</summary>
/// <remarks>One application serves many connections, so what it must remember of each it finds in the connection itself.</remarks>
public interface ITcpApplication
{
    /// <summary>Its name, as users write it: <c>Echo</c>.</summary>
    string Name { get; }

    /// <summary>Something happened on one of its connections.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="what">What happened.</param>
    /// <param name="now">The time.</param>
    void Handle(HostedConnection connection, ConnectionEventKind what, Timestamp now);

    /// <summary>One of its connections, or one of its listeners, is closed: nothing will happen on it any more, and what is kept for it can go.</summary>
    /// <param name="connection">The connection; of a listener its <see cref="Listener.Control"/>.</param>
    /// <remarks>Nothing may be called on connections here, and nothing waited for.</remarks>
    void Ended(HostedConnection connection)
    {
    }
}
