using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.GoodputMatrix;

/// <summary>One link that a client fills with data for a server, in virtual time.</summary>
/// <remarks>The link's queue holds as much as the pipe, and 20 packets at least. Losses hit segments with data only, by chance.</remarks>
public sealed class Bottleneck
{
    private const int PacketSize = 1500;
    private const int LeastQueue = 20;

    // Nobody but the congestion control shall limit: this is more than pipe and queue of the largest cell.
    private const int BufferSize = 96 * 1024 * 1024;

    private static readonly byte[] s_data = new byte[1 << 20];

    private readonly long _bandwidth;
    private readonly SimulatedNetwork _network;
    private readonly TcpHost _client;
    private readonly TcpHost _server;
    private readonly List<HostedConnection> _flows = [];

    /// <summary>Makes the link; nothing is sent yet.</summary>
    /// <param name="bandwidth">Bits per second.</param>
    /// <param name="roundTrip">The round-trip time of an empty link.</param>
    /// <param name="loss">The probability that a segment with data is lost.</param>
    /// <param name="seed">Where chance comes from.</param>
    public Bottleneck(long bandwidth, TimeSpan roundTrip, double loss, long seed = 1)
    {
        _bandwidth = bandwidth;
        int pipe = (int)(bandwidth * roundTrip.TotalSeconds / 8 / PacketSize);
        var link = new LinkOptions { Bandwidth = bandwidth, Latency = roundTrip / 2, QueueLength = Math.Max(pipe, LeastQueue) };
        _network = new SimulatedNetwork(seed, link) { Trace = { Limit = 1 } };
        TcpSettings settings = TcpSettings.Linux with { ReceiveBufferSize = BufferSize, SendBufferSize = BufferSize };
        _client = _network.AddHost("client", null, settings);
        _server = _network.AddHost("server", null, settings);
        _network.Listen(_server, new Endpoint(default, 9), Applications.Discard);
        if (loss > 0)
        {
            _network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { DataOnly = true, Probability = loss });
        }
    }

    /// <summary>Octets that the server's programs have got so far, by flow.</summary>
    public IReadOnlyList<long> Received => [.. _flows.Select(flow => _server.Connections.Concat(_server.ClosedConnections)
        .FirstOrDefault(connection => connection.Remote == flow.Local)?.Tcp.Counters.BytesReceived ?? 0)];

    /// <summary>The client's ends of the flows.</summary>
    public IReadOnlyList<HostedConnection> Flows => _flows;

    /// <summary>The time.</summary>
    public Timestamp Now => _network.Now;

    /// <summary>Opens a connection that will always have data to send.</summary>
    /// <param name="change">What is different in its settings.</param>
    public void AddFlow(Func<TcpSettings, TcpSettings> change) =>
        _flows.Add(_network.Connect(_client, new Endpoint(_server.Addresses[0], 9), settings: change(_client.Settings)));

    /// <summary>Lets the flows send.</summary>
    /// <param name="duration">How long, in virtual time.</param>
    /// <param name="octets">Ends earlier when so much was received in all.</param>
    public void Run(TimeSpan duration, long octets = long.MaxValue)
    {
        Timestamp end = _network.Now + duration;
        TimeSpan slice = TimeSpan.FromMilliseconds(50);
        while (_network.Now < end && Received.Sum() < octets)
        {
            foreach (HostedConnection flow in _flows)
            {
                Fill(flow);
            }

            TimeSpan rest = end - _network.Now;
            _network.RunFor(rest < slice ? rest : slice);
        }
    }

    /// <summary>What was received as a share of what the link could have carried in that time, headers included.</summary>
    /// <param name="octets">What was received.</param>
    /// <param name="time">In what time.</param>
    public double ShareOfLink(long octets, TimeSpan time) => octets * 8 / (_bandwidth * time.TotalSeconds);

    /// <summary>As much data as the link could carry before the next time, and no more: copying costs real time.</summary>
    private void Fill(HostedConnection flow)
    {
        long wanted = flow.Tcp.Unacknowledged.InFlight + flow.Tcp.CongestionWindow + (_bandwidth / 8 / 4);
        while (flow.SendQueue < wanted && _network.Send(flow, s_data) == s_data.Length)
        {
        }
    }
}
