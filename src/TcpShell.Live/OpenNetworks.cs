namespace TcpShell.Live;

/// <summary>The networks that are open in this process: when it ends, their peers are told.</summary>
internal static class OpenNetworks
{
    private static readonly HashSet<LiveNetwork> s_networks = [];

    static OpenNetworks() => AppDomain.CurrentDomain.ProcessExit += (_, _) => CloseAll();

    public static void Add(LiveNetwork network)
    {
        lock (s_networks)
        {
            s_networks.Add(network);
        }
    }

    public static void Remove(LiveNetwork network)
    {
        lock (s_networks)
        {
            s_networks.Remove(network);
        }
    }

    private static void CloseAll()
    {
        LiveNetwork[] open;
        lock (s_networks)
        {
            open = [.. s_networks];
        }

        foreach (LiveNetwork network in open)
        {
            network.Dispose();
        }
    }
}
