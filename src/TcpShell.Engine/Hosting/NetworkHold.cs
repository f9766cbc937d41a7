namespace TcpShell.Hosting;

/// <summary>While it is not disposed of, nothing happens in its network but by the thread that has it. See <see cref="TcpNetwork.Hold"/>.</summary>
public readonly struct NetworkHold : IDisposable
{
    private readonly TcpNetwork? _network;

    internal NetworkHold(TcpNetwork network)
    {
        _network = network;
        network.Enter();
    }

    /// <summary>Lets the network go on.</summary>
    public void Dispose() => _network?.Leave();
}
