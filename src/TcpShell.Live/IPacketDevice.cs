namespace TcpShell.Live;

/// <summary>Where IP packets leave the process and come in: a TUN device, an interface. One thread reads; any thread may write and wake.</summary>
public interface IPacketDevice : IDisposable
{
    /// <summary>The interface's name.</summary>
    string Name { get; }

    /// <summary>The largest IP packet that it carries, in octets.</summary>
    int Mtu { get; }

    /// <summary>What it is, for listings: <c>Tun</c>.</summary>
    string Kind { get; }

    /// <summary>Takes a packet that has come in, without waiting.</summary>
    /// <param name="packet">The octets from the IP header on, in memory of their own.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="LiveException">The interface is gone.</exception>
    bool TryRead(out byte[] packet);

    /// <summary>Sends a packet.</summary>
    /// <param name="packet">The octets from the IP header on.</param>
    /// <returns>Whether the interface took it. One that it does not take is lost, as packets are.</returns>
    bool TryWrite(ReadOnlySpan<byte> packet);

    /// <summary>Waits until a packet has come in, somebody calls <see cref="Wake"/>, or the time is over.</summary>
    /// <param name="limit">How long at most.</param>
    void Wait(TimeSpan limit);

    /// <summary>Ends <see cref="Wait"/>, the current or the next one.</summary>
    void Wake();
}
