using TcpShell.Diagrams;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Diagrams;

/// <summary>Small labs whose diagrams are looked at.</summary>
internal static class DiagramLab
{
    public static Endpoint Server { get; } = Endpoint.Parse("10.0.0.2:80");

    /// <summary>A client, a server and its echo service.</summary>
    public static SimulatedNetwork Furnished(long seed = 1, LinkOptions? links = null)
    {
        var network = new SimulatedNetwork(seed, links);
        DefaultLab.Furnish(network);
        return network;
    }

    /// <summary>Opens, lets an echo go round, closes, and waits until nothing happens any more.</summary>
    public static SimulatedNetwork HandshakeDataClose()
    {
        SimulatedNetwork network = Furnished();
        HostedConnection connection = network.Connect(network.Hosts[0], Server);
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Send(connection, "hello"u8);
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Close(connection);
        network.RunUntilIdle(TimeSpan.FromMinutes(10));
        return network;
    }

    /// <summary>The first SYN,ACK is lost.</summary>
    public static SimulatedNetwork LostSynAck()
    {
        SimulatedNetwork network = Furnished();
        network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { Flags = TcpFlags.SYN | TcpFlags.ACK, Count = 1 });
        network.Connect(network.Hosts[0], Server);
        network.RunFor(TimeSpan.FromSeconds(3));
        return network;
    }

    /// <summary>Two hosts call each other at the same time; with <paramref name="close"/> they close at the same time, too.</summary>
    public static SimulatedNetwork Simultaneous(bool close)
    {
        var network = new SimulatedNetwork(1);
        TcpHost a = network.AddHost("a");
        TcpHost b = network.AddHost("b");
        HostedConnection one = network.Connect(a, Endpoint.Parse("10.0.0.2:2000"), Endpoint.Parse("10.0.0.1:1000"));
        HostedConnection other = network.Connect(b, Endpoint.Parse("10.0.0.1:1000"), Endpoint.Parse("10.0.0.2:2000"));
        network.RunFor(TimeSpan.FromSeconds(1));
        if (close)
        {
            network.Close(one);
            network.Close(other);
            network.RunUntilIdle(TimeSpan.FromMinutes(10));
        }

        return network;
    }

    /// <summary>The second of ten data segments is lost and sent again after three duplicate ACKs.</summary>
    public static SimulatedNetwork FastRetransmit()
    {
        SimulatedNetwork network = Furnished();
        network.Listen(network.Hosts[1], new Endpoint(default, 9), Applications.Discard);
        network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { DataOnly = true, Skip = 1, Count = 1 });
        HostedConnection connection = network.Connect(network.Hosts[0], Endpoint.Parse("10.0.0.2:9"));
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Send(connection, new byte[10 * 1448]);
        network.RunFor(TimeSpan.FromSeconds(1));
        return network;
    }

    /// <summary>A client and a stranger call a server; one of them calls a closed port, the other an address that nobody has.</summary>
    public static SimulatedNetwork ThreeHosts()
    {
        SimulatedNetwork network = Furnished();
        TcpHost stranger = network.AddHost("stranger");
        network.Connect(network.Hosts[0], Server);
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Connect(stranger, Endpoint.Parse("10.0.0.2:81"));
        network.RunFor(TimeSpan.FromSeconds(1));
        return network;
    }

    public static LadderDiagram Ladder(SimulatedNetwork network, DiagramOptions? options = null) =>
        new(SegmentRecorder.Record(network.Trace), network.StateChanges, options);
}
