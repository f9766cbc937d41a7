using System.Text;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;
using static TcpShell.Tcp.TcpState;

namespace TcpShell.Exploration;

/// <summary>The scenarios that need no setting up: opening, sending and closing, each in its own way.</summary>
public static class NamedScenarios
{
    private const ushort ClientPort = 49152;

    // What the first initial sequence number of a host is below 2^32 where numbers shall wrap: SYN and a little data come before it.
    private const uint BelowWrap = 3;

    private const int IssStep = 64_000;

    private static readonly Endpoint s_client = new(IpAddress.Parse("10.0.0.1"), ClientPort);
    private static readonly Endpoint s_server = new(IpAddress.Parse("10.0.0.2"), DefaultLab.Port);

    private static readonly Dictionary<string, Func<Lab, Scenario>> s_all = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Handshake"] = lab => lab.Make(
            "A client opens a connection.",
            Connect,
            [],
            Ends(Established, Established)),
        ["OldDuplicateSyn"] = lab => lab.Make(
            "A client opens a connection while a SYN of a former one is still in the network.",
            network =>
            {
                InjectOldSyn(network);
                Connect(network);
            },
            [],
            Ends(Established, Established)),
        ["OldDuplicateSynOnly"] = lab => lab.Make(
            "A SYN of a former connection is still in the network, and its client wants nothing any more.",
            InjectOldSyn,
            [],
            Ends(null, null)),
        ["SimultaneousOpen"] = lab => lab.Make(
            "Both ends open the connection actively; no one listens.",
            network =>
            {
                network.Connect(Server(network), s_client, s_server);
                Connect(network);
            },
            [],
            Ends(Established, Established),
            listens: false),
        ["OpenAndClose"] = lab => lab.Make(
            "The whole life of a connection without data: the client opens and closes it, then the server closes.",
            Connect,
            [Close(DefaultLab.Client, Established), Close(DefaultLab.Server, CloseWait)],
            Ends(Closed, Closed)),
        ["CloseEarly"] = lab => lab.Make(
            "The server closes before the handshake is over, or later.",
            Connect,
            [Close(DefaultLab.Server, SynReceived, Established), Close(DefaultLab.Client, CloseWait)],
            Ends(Closed, Closed)),
        ["CloseClientFirst"] = lab => lab.Make(
            "On an open connection the client closes, then the server.",
            Open,
            [Close(DefaultLab.Client, Established), Close(DefaultLab.Server, CloseWait)],
            Ends(Closed, Closed)),
        ["CloseServerFirst"] = lab => lab.Make(
            "On an open connection the server closes, then the client.",
            Open,
            [Close(DefaultLab.Server, Established), Close(DefaultLab.Client, CloseWait)],
            Ends(Closed, Closed)),
        ["CloseSimultaneous"] = lab => lab.Make(
            "On an open connection both ends close whenever they like.",
            Open,
            [Close(DefaultLab.Client, Established, CloseWait), Close(DefaultLab.Server, Established, CloseWait)],
            Ends(Closed, Closed)),
        ["HalfClose"] = lab => lab.Make(
            "On an open connection the client asks and closes; the server answers after that and closes.",
            Open,
            [SendAndClose(DefaultLab.Client, "ask", Established), SendAndClose(DefaultLab.Server, "answer", CloseWait)],
            [.. Ends(Closed, Closed), .. Receives(DefaultLab.Server, "ask"), .. Receives(DefaultLab.Client, "answer")]),
        ["CloseWithData"] = lab => lab.Make(
            "On an open connection both ends send and close at once, whenever they like.",
            Open,
            [SendAndClose(DefaultLab.Client, "ask", Established, CloseWait), SendAndClose(DefaultLab.Server, "answer", Established, CloseWait)],
            [.. Ends(Closed, Closed), .. Receives(DefaultLab.Server, "ask"), .. Receives(DefaultLab.Client, "answer")]),
        ["ThreeSegments"] = lab => lab.Make(
            "On an open connection the client sends three segments.",
            network =>
            {
                Open(network);
                foreach (string text in (string[])["one", "two", "three"])
                {
                    network.Send(Client(network).Connections[0], Encoding.ASCII.GetBytes(text));
                }
            },
            [],
            [.. Ends(Established, Established), .. Receives(DefaultLab.Server, "onetwothree")]),
        ["Abort"] = lab => lab.Make(
            "On an open connection the client aborts while the server sends.",
            Open,
            [Abort(DefaultLab.Client), Send(DefaultLab.Server, "answer", Established)],
            Ends(Closed, null, mayFail: true)),
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_all.Keys];

    /// <summary>Makes one of them.</summary>
    /// <param name="name">Its name, in any case.</param>
    /// <param name="settings">The settings of both hosts; null for the profile <c>linux</c>.</param>
    /// <param name="seed">Where initial sequence numbers come from.</param>
    /// <param name="wrapAround">Whether they lie just below 2^32 instead, so that all numbers wrap around.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Scenario Make(string name, TcpSettings? settings = null, long seed = 0, bool wrapAround = false)
    {
        ArgumentNullException.ThrowIfNull(name);
        KeyValuePair<string, Func<Lab, Scenario>> found = s_all.FirstOrDefault(entry => entry.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
        return found.Value is null
            ? throw new ArgumentException($"There is no scenario {name}; there are {string.Join(", ", Names)}.", nameof(name))
            : found.Value(new Lab(found.Key, settings ?? TcpSettings.Linux, seed, wrapAround));
    }

    private static TcpHost Client(SimulatedNetwork network) => network.FindHost(DefaultLab.Client)!;

    private static TcpHost Server(SimulatedNetwork network) => network.FindHost(DefaultLab.Server)!;

    private static void Connect(SimulatedNetwork network) => network.Connect(Client(network), s_server, s_client);

    private static void Open(SimulatedNetwork network)
    {
        Connect(network);
        network.RunUntilIdle(TimeSpan.FromMinutes(1));
    }

    /// <summary>A SYN of a former connection between the same ends; its number lies before all that are used now.</summary>
    private static void InjectOldSyn(SimulatedNetwork network)
    {
        SeqNumber number = Client(network).IssChooser!(s_client, s_server);
        var syn = new TcpSegment
        {
            SourcePort = s_client.Port,
            DestinationPort = s_server.Port,
            SequenceNumber = number,
            Flags = TcpFlags.SYN,
            Window = 65535,
            Options = new TcpOptions { MaximumSegmentSize = 1460 },
        };
        var header = new PacketHeader(s_client.Address, s_server.Address);
        var packet = new byte[PacketWriter.SizeOf(header, syn)];
        PacketWriter.Write(header, syn, packet);
        network.Inject(packet, "a SYN of a former connection");
    }

    private static UserCall Send(string host, string text, params TcpState[] when) =>
        Call(host, $"send '{text}'", when, (network, connection) => network.Send(connection, Encoding.ASCII.GetBytes(text)));

    private static UserCall SendAndClose(string host, string text, params TcpState[] when) =>
        Call(host, $"send '{text}' and close", when, (network, connection) =>
        {
            network.Send(connection, Encoding.ASCII.GetBytes(text));
            network.Close(connection);
        });

    private static UserCall Close(string host, params TcpState[] when) =>
        Call(host, "close", when, (network, connection) => network.Close(connection));

    private static UserCall Abort(string host) =>
        Call(host, "abort", [Established], (network, connection) => network.Abort(connection));

    private static UserCall Call(string host, string text, TcpState[] when, Action<SimulatedNetwork, HostedConnection> act)
    {
        HostedConnection? Find(SimulatedNetwork network) =>
            network.FindHost(host)!.Connections.FirstOrDefault(connection => when.Contains(connection.State));

        return new(host, text, network => Find(network) is not null, network => act(network, Find(network)!));
    }

    /// <summary>How client and server end: with a connection in that state, and closed ones without error; null for any state.</summary>
    private static IReadOnlyList<ScenarioProperty> Ends(TcpState? client, TcpState? server, bool mayFail = false) =>
    [
        new("Outcome", network => Missed(Client(network), client, mayFail) ?? Missed(Server(network), server, mayFail)),
    ];

    private static string? Missed(TcpHost host, TcpState? wanted, bool mayFail)
    {
        if (wanted is Closed && host.Connections.Count > 0)
        {
            return $"{ScenarioProperties.Describe(host.Connections[0])} should have ended.";
        }

        HostedConnection? failed = host.ClosedConnections.FirstOrDefault(connection => connection.Error != ConnectionError.None);
        if (failed is not null && !mayFail)
        {
            return $"{ScenarioProperties.Describe(failed)} ended with an error: {failed.Error}.";
        }

        bool isReached = wanted is null || ScenarioProperties.All(host).Any(connection => connection.State == wanted);
        return isReached ? null : $"{host.Name} should have a connection in {wanted}, and has none.";
    }

    /// <summary>What a host receives: always the beginning of the text, and all of it in the end.</summary>
    private static IReadOnlyList<ScenarioProperty> Receives(string host, string text) =>
    [
        new("Stream", network =>
        {
            string received = Received(network, host);
            return received == text ? null : $"{host} received '{received}' instead of '{text}'.";
        }),
    ];

    private static string Received(SimulatedNetwork network, string host)
    {
        var text = new StringBuilder();
        foreach (HostedConnection connection in ScenarioProperties.All(network.FindHost(host)!).Where(connection => connection.ReceiveQueue > 0))
        {
            var octets = new byte[connection.ReceiveQueue];
            network.Receive(connection, octets);
            text.Append(Encoding.ASCII.GetString(octets));
        }

        return text.ToString();
    }

    /// <summary>What all of them have in common.</summary>
    private sealed record Lab(string Name, TcpSettings Settings, long Seed, bool WrapAround)
    {
        public Scenario Make(
            string description,
            Action<SimulatedNetwork> begin,
            IReadOnlyList<UserCall> calls,
            IReadOnlyList<ScenarioProperty> atEnd,
            bool listens = true) => new()
            {
                Name = Name,
                Description = description,
                Build = () => Build(begin, listens),
                Calls = calls,
                AtEnd = [.. ScenarioProperties.Endings, .. atEnd],
            };

        private SimulatedNetwork Build(Action<SimulatedNetwork> begin, bool listens)
        {
            // Packets take no time: whatever differs in nothing but moments would be many states instead of one.
            var network = new SimulatedNetwork(Seed, new LinkOptions { Latency = TimeSpan.Zero }, Name);
            network.RunFor(TimeSpan.FromSeconds(1));
            foreach (string name in (string[])[DefaultLab.Client, DefaultLab.Server])
            {
                TcpHost host = network.AddHost(name, null, Settings with { Nagle = false }); // so that three small segments are three
                uint first = WrapAround ? unchecked(0 - BelowWrap) : (uint)new SeededRandom(Seed, $"first ISN of {name}").NextUInt64();
                // As far apart as real ones are after a quarter of a second, but the same whenever a connection is made.
                int made = 0;
                host.IssChooser = (_, _) => new SeqNumber(first) + (made++ * IssStep);
            }

            if (listens)
            {
                network.Listen(Server(network), new Endpoint(default, s_server.Port), Applications.Manual);
            }

            begin(network);
            return network;
        }
    }
}
