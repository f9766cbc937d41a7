namespace TcpShell.Hosting;

/// <summary>Which part an end plays in its connection.</summary>
public enum ConnectionRole
{
    /// <summary>It asked for the connection.</summary>
    Client,

    /// <summary>It was asked.</summary>
    Server,

    /// <summary>It waits to be asked; no connection yet.</summary>
    Listener,
}
