using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>The queue of deadlines, whose entries are corrected late, against looking at every connection each time.</summary>
public class DeadlineTests
{
    private static readonly Endpoint s_clientAny = Endpoint.Parse("10.0.0.1:0");
    private static readonly Endpoint s_server = Endpoint.Parse("10.0.0.2:80");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AnyHistory_NextDeadlineIsTheEarliestOfAllConnections(int seed)
    {
        TcpSettings settings = TcpSettings.Linux with
        {
            KeepAlive = true,
            KeepAliveIdle = TimeSpan.FromSeconds(20),
            KeepAliveInterval = TimeSpan.FromSeconds(3),
            UserTimeout = TimeSpan.FromSeconds(30),
            ReceiveBufferSize = 5000, // closed windows, so that the persist timer takes part
        };
        var random = new SeededRandom(seed, "deadlines");
        var world = new World(random, Make("client", "10.0.0.1", settings), Make("server", "10.0.0.2", settings));
        world.Server.Listen(s_server, default, Applications.Manual, backlog: 1000);
        int most = 0;
        for (int i = 0; i < 20_000; i++)
        {
            world.DoSomething();
            most = Math.Max(most, world.Client.DeadlineCount + world.Server.DeadlineCount);
        }

        Assert.True(world.Fired > 500, $"{world.Fired} timers fired");
        Assert.True(world.Opened > 100, $"{world.Opened} connections opened");

        // A few for each of the connections that live, and a stale one or two for some that are gone.
        Assert.True(most < 500, $"{most} entries");
        world.Client.Crash(world.Now);
        world.Server.Crash(world.Now);
        Assert.Null(world.Client.PollTimeout());
        Assert.Equal(0, world.Client.DeadlineCount);
    }

    [Fact]
    public void BusyConnectionWithKeepAlive_CollectsNoStaleEntries()
    {
        // Each exchange sets the keep-alive timer two hours ahead anew; none of the former deadlines may stay behind.
        var network = new SimulatedNetwork();
        TcpSettings settings = TcpSettings.Linux with { KeepAlive = true };
        TcpHost client = network.AddHost("client", settings: settings);
        TcpHost server = network.AddHost("server", settings: settings);
        network.Listen(server, s_server, Applications.Discard);
        HostedConnection connection = network.Connect(client, s_server);
        for (int i = 0; i < 5000; i++)
        {
            network.RunFor(TimeSpan.FromSeconds(1));
            network.Send(connection, "tick"u8);
            Assert.InRange(client.DeadlineCount + server.DeadlineCount, 1, 6);
        }

        Assert.Equal(TcpState.Established, connection.State);
        Assert.Equal(0, connection.Counters.KeepAliveProbes);
    }

    private static TcpHost Make(string name, string address, TcpSettings settings) =>
        new(name, [IpAddress.Parse(address)], settings, new byte[InitialSequence.SecretSize]);

    /// <summary>
    /// Two hosts without a network: whatever can be done to them is done in random order, and after each step the model is asked.
    /// </summary>
    private sealed class World(SeededRandom random, TcpHost client, TcpHost server)
    {
        private readonly EventQueue<(TcpHost To, byte[] Packet)> _flights = new();

        public TcpHost Client => client;

        public TcpHost Server => server;

        public Timestamp Now { get; private set; }

        public int Fired { get; private set; }

        public int Opened { get; private set; }

        public void DoSomething()
        {
            TcpHost host = random.Next(2) == 0 ? client : server;
            HostedConnection? connection = host.Connections.Count > 0 ? host.Connections[random.Next(host.Connections.Count)] : null;
            int what = random.Next(100);
            try
            {
                switch (what)
                {
                    case < 3 when client.Connections.Count < 40:
                        client.Connect(s_server, Now, s_clientAny);
                        Opened++;
                        break;
                    case < 20 when connection is not null:
                        connection.Tcp.Send(new byte[random.Next(4000)], Now);
                        host.Touch(connection, Now);
                        break;
                    case < 30 when connection is not null:
                        connection.Tcp.Receive(new byte[random.Next(4000)], Now);
                        host.Touch(connection, Now);
                        break;
                    case < 32 when connection is not null:
                        connection.Tcp.Close(Now);
                        host.Touch(connection, Now);
                        break;
                    case 32 when connection is not null:
                        connection.Tcp.Abort(Now);
                        host.Touch(connection, Now);
                        break;
                    default:
                        LetTimePass();
                        break;
                }
            }
            catch (TcpCallException)
            {
                // The state did not allow it; nothing has happened then.
            }

            Exchange();
            Check(client);
            Check(server);
        }

        private void LetTimePass()
        {
            Timestamp next = Earliest(Earliest(client.PollTimeout(), server.PollTimeout()), _flights.Next) ?? Now + TimeSpan.FromSeconds(1);

            // Mostly in time, now and then late: a real host is never woken exactly.
            Now = next > Now ? next : Now;
            Now += random.Next(4) == 0 ? TimeSpan.FromMilliseconds(random.Next(50)) : TimeSpan.Zero;
            while (_flights.Next <= Now)
            {
                (TcpHost to, byte[] packet) = _flights.Take();
                to.PacketArrives(packet, Now);
            }

            Fired += (client.PollTimeout() <= Now ? 1 : 0) + (server.PollTimeout() <= Now ? 1 : 0);
            client.HandleTimeout(Now);
            server.HandleTimeout(Now);
        }

        private void Exchange()
        {
            foreach ((TcpHost from, TcpHost to) in (ReadOnlySpan<(TcpHost, TcpHost)>)[(client, server), (server, client)])
            {
                while (from.TryPollTransmit(Now, out OutgoingPacket packet))
                {
                    if (!random.Happens(0.15))
                    {
                        _flights.Add(Now + TimeSpan.FromMilliseconds(5 + random.Next(30)), (to, packet.Bytes));
                    }
                }

                while (from.TryPollStateChange(out _))
                {
                }
            }
        }

        private void Check(TcpHost host)
        {
            Timestamp? expected = null;
            foreach (HostedConnection connection in host.Connections)
            {
                expected = Earliest(expected, connection.Tcp.PollTimeout());
            }

            Assert.Equal(expected, host.PollTimeout());
        }

        private static Timestamp? Earliest(Timestamp? one, Timestamp? other) => one is null || other < one ? other : one;
    }
}
