using System.Net;
using System.Net.Sockets;
using TcpShell.Hosting;
using TcpShell.Live.Probing;
using TcpShell.Live.Tests.Tun;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Probing;

/// <summary>Probes of ports: every kind of answer, half-open and complete, in a lab, against the kernel and by the kernel.</summary>
public class PortProbeTests
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Lab_OpenClosedAndUnreachablePorts_AnswerEachInItsWay(bool halfOpen)
    {
        SimulatedNetwork network = Lab();
        network.AddHost("far", [IpAddress.Parse("10.0.0.3")]);
        network.AddRefusal(IcmpErrorKind.AdministrativelyProhibited, new PacketSelector { To = "far" });
        Dictionary<Endpoint, PortProbe> results = Probe(network, halfOpen, "10.0.0.2:80", "10.0.0.2:81", "10.0.0.3:80", "10.0.0.4:80");
        PortProbe open = results[Endpoint.Parse("10.0.0.2:80")];
        Assert.Equal((PortAnswer.SynAck, true, halfOpen, 1, 64), (open.Answer, open.IsOpen, open.HalfOpen, open.Attempts!.Value, open.Ttl!.Value));
        Assert.Equal(TimeSpan.FromMilliseconds(20), open.Rtt);
        Assert.Equal((ushort?)1460, open.Options!.Value.MaximumSegmentSize);
        PortProbe closed = results[Endpoint.Parse("10.0.0.2:81")];
        Assert.Equal((PortAnswer.Rst, false), (closed.Answer, closed.IsOpen));
        PortProbe prohibited = results[Endpoint.Parse("10.0.0.3:80")];
        Assert.Equal((PortAnswer.Icmp, IcmpErrorKind.AdministrativelyProhibited), (prohibited.Answer, prohibited.IcmpError!.Value));
        PortProbe silent = results[Endpoint.Parse("10.0.0.4:80")];
        Assert.Equal((PortAnswer.Silence, (TimeSpan?)null), (silent.Answer, silent.Rtt));
        Assert.True(silent.Attempts >= 3, $"{silent.Attempts} attempts in 5 s");
        network.RunUntilIdle(TimeSpan.FromHours(1));
        Assert.Empty(network.Connections);
    }

    [Fact]
    public void HalfOpen_NeverOpensTheServersEnd()
    {
        SimulatedNetwork network = Lab();
        Probe(network, halfOpen: true, "10.0.0.2:80");
        network.RunUntilIdle(TimeSpan.FromHours(1));
        Assert.Equal(0, network.FindHost("server")!.Listeners[0].Accepted);
        Assert.Equal(["SYN", "SYN, ACK", "RST"], SegmentRecorder.Record(network.Trace).Select(segment => segment.Flags.ToWireshark()));
    }

    [Fact]
    public void Complete_OpensAndResetsTheServersEnd()
    {
        SimulatedNetwork network = Lab();
        Probe(network, halfOpen: false, "10.0.0.2:80");
        network.RunUntilIdle(TimeSpan.FromHours(1));
        Assert.Contains(SegmentRecorder.Record(network.Trace), segment => segment.Flags.Has(TcpFlags.RST));
    }

    // P: a lost request is repeated, and the round trip is that of the repetition.
    [Fact]
    public void HalfOpen_FirstRequestLost_AnswersTheSecond()
    {
        SimulatedNetwork network = Lab();
        network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { Flags = TcpFlags.SYN, Count = 1 });
        PortProbe open = Assert.Single(Probe(network, halfOpen: true, "10.0.0.2:80")).Value;
        Assert.Equal((PortAnswer.SynAck, 2, TimeSpan.FromMilliseconds(20)), (open.Answer, open.Attempts!.Value, open.Rtt!.Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Kernel_OverTun_AnswersWithItsOptions(bool halfOpen) => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        string open = listener.LocalEndPoint!.ToString()!;
        Dictionary<Endpoint, PortProbe> results = Probe(link.Network, halfOpen, open, "10.77.0.1:81");
        PortProbe probe = results[Endpoint.Parse(open)];
        Assert.Equal((PortAnswer.SynAck, 64), (probe.Answer, probe.Ttl!.Value));
        Assert.True(probe.Options!.Value.SackPermitted);
        Assert.NotNull(probe.Options!.Value.WindowScale);
        Assert.True(probe.Rtt > TimeSpan.Zero);
        Assert.Equal(PortAnswer.Rst, results[Endpoint.Parse("10.77.0.1:81")].Answer);
    });

    // A kernel in SYN-RECEIVED holds even a RST against the request's timestamps (PAWS); one that it refuses leaves the port half-open for a minute.
    [Fact]
    public void HalfOpen_OverTun_LeavesNothingHalfOpenAtTheKernel() => NetworkNamespace.Run(() =>
    {
        NetworkNamespace.RequireProgram("ss", "iproute2");
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        Assert.Equal(PortAnswer.SynAck, Assert.Single(Probe(link.Network, halfOpen: true, listener.LocalEndPoint!.ToString()!)).Value.Answer);
        Thread.Sleep(200);
        Assert.DoesNotContain("SYN-RECV", NetworkNamespace.Shell("ss", "-tan"), StringComparison.Ordinal);
    });

    // The host's own answer is there before the call that asked has returned.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OwnAddress_OnAnInterface_AnswersAsAnyOther(bool halfOpen) => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        link.Network.Listen(link.Host, new Endpoint(default, 9), Applications.Discard);
        Dictionary<Endpoint, PortProbe> results = Probe(link.Network, halfOpen, "10.77.0.2:9", "10.77.0.2:81");
        Assert.Equal(PortAnswer.SynAck, results[Endpoint.Parse("10.77.0.2:9")].Answer);
        Assert.Equal(PortAnswer.Rst, results[Endpoint.Parse("10.77.0.2:81")].Answer);
    });

    // Hundreds of probes shall not drive the user's own closed connections out of the host's list.
    [Fact]
    public void Complete_LeavesNoClosedConnectionInTheHostsList()
    {
        SimulatedNetwork network = Lab();
        Probe(network, halfOpen: false, "10.0.0.2:80", "10.0.0.2:81");
        network.RunUntilIdle(TimeSpan.FromHours(1));
        Assert.Empty(network.FindHost("client")!.ClosedConnections);
    }

    // What the host has to do before its request leaves is no part of the round trip.
    [Fact]
    public void Complete_RttBeginsWhenTheRequestLeaves() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        link.Host.IssChooser = (_, _) =>
        {
            Thread.Sleep(500);
            return new SeqNumber(1);
        };
        PortProbe probe = Assert.Single(Probe(link.Network, halfOpen: false, listener.LocalEndPoint!.ToString()!)).Value;
        Assert.Equal(PortAnswer.SynAck, probe.Answer);
        Assert.InRange(probe.Rtt!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(400));
    });

    // Nor is what the answer waits for behind whatever else the host does.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rtt_EndsWhenTheInterfaceGivesTheAnswer(bool halfOpen) => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        using var prober = new NetworkProber(link.Network, link.Host, halfOpen, s_timeout);
        NetworkProber.WarmUp(halfOpen);
        using (link.Network.Hold())
        {
            prober.Start(Endpoint.Parse(listener.LocalEndPoint!.ToString()!));
            Thread.Sleep(500);
        }

        link.WaitUntil(() => prober.HasResults, "no answer");
        Assert.True(prober.TryTake(out PortProbe? probe));
        Assert.Equal(PortAnswer.SynAck, probe!.Answer);
        Assert.InRange(probe.Rtt!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(400));
    });

    // Delay that is made on the link by an impairment is part of it.
    [Fact]
    public void Rtt_HasTheDelayOfAnImpairmentInIt() => NetworkNamespace.Run(() =>
    {
        using var link = new KernelLink();
        using Socket listener = KernelLink.Listen();
        link.Network.AddImpairment(ImpairmentKind.Delay, new PacketSelector { To = link.Host.Name }, TimeSpan.FromMilliseconds(200));
        PortProbe probe = Assert.Single(Probe(link.Network, halfOpen: true, listener.LocalEndPoint!.ToString()!)).Value;
        Assert.InRange(probe.Rtt!.Value, TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(900));
    });

    // A look at the flags may only pass over what could be no answer.
    [Fact]
    public void Peek_AgreesWithTheDecoder_WhateverTheOctets()
    {
        var random = new Random(1);
        int read = 0;
        foreach ((string from, string to) in new[] { ("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2") })
        {
            for (int i = 0; i < 100_000; i++)
            {
                var header = new PacketHeader(IpAddress.Parse(from), IpAddress.Parse(to));
                var segment = new TcpSegment { Flags = (TcpFlags)random.Next(512), Payload = new byte[random.Next(20)] };
                byte[] packet = new byte[PacketWriter.SizeOf(header, segment)];
                PacketWriter.Write(header, segment, packet);
                for (int change = random.Next(3); change > 0; change--)
                {
                    packet[random.Next(packet.Length)] = (byte)random.Next(256);
                }

                packet = packet[..random.Next(random.Next(2) * packet.Length, packet.Length + 1)];
                DecodedPacket decoded = PacketDecoder.Decode(packet, LinkType.Raw);
                if (PacketPeek.TryReadFlags(packet, out TcpFlags flags))
                {
                    read++;
                    Assert.True(decoded.Status != PacketStatus.Tcp || decoded.Segment.Flags == flags, $"{flags} {decoded.Segment.Flags} {Convert.ToHexString(packet)}");
                    Assert.NotEqual(PacketStatus.IcmpError, decoded.Status);
                }
            }
        }

        Assert.InRange(read, 100_000, 200_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WarmUp_GoesThroughAWholeProbe(bool halfOpen) =>
        Assert.Equal((PortAnswer.SynAck, halfOpen), (NetworkProber.WarmUp(halfOpen)!.Answer, NetworkProber.WarmUp(halfOpen)!.HalfOpen));

    [Fact]
    public void System_OnLoopback_TellsOpenFromClosed()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Endpoint open = Endpoint.Parse(listener.LocalEndPoint!.ToString()!);
        using var held = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        held.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound, but nobody listens
        Endpoint closed = Endpoint.Parse(held.LocalEndPoint!.ToString()!);
        using var prober = new SystemProber(TimeSpan.FromSeconds(20));
        prober.Start(open);
        prober.Start(closed);
        var results = new List<PortProbe>();
        while (results.Count < 2)
        {
            Thread.Sleep(5);
            while (prober.TryTake(out PortProbe? result))
            {
                results.Add(result!);
            }
        }

        Assert.Equal(PortAnswer.SynAck, results.Single(result => result.Target == open).Answer);
        Assert.Equal(PortAnswer.Rst, results.Single(result => result.Target == closed).Answer);
        Assert.All(results, result => Assert.True(result.Rtt >= TimeSpan.Zero));
    }

    private static SimulatedNetwork Lab()
    {
        var network = new SimulatedNetwork();
        DefaultLab.Furnish(network);
        return network;
    }

    private static Dictionary<Endpoint, PortProbe> Probe(TcpNetwork network, bool halfOpen, params string[] targets)
    {
        using var prober = new NetworkProber(network, network.Hosts[0], halfOpen, s_timeout);
        var results = new Dictionary<Endpoint, PortProbe>();
        Array.ForEach(targets, target => prober.Start(Endpoint.Parse(target)));
        while (results.Count < targets.Length)
        {
            Timestamp? due = prober.Look();
            while (prober.TryTake(out PortProbe? result))
            {
                results.Add(result!.Target, result);
            }

            if (due is { } end && !network.RunUntil(() => prober.HasResults, end - network.Now) && network is SimulatedNetwork lab && lab.Now < end)
            {
                lab.RunFor(end - lab.Now);
            }
        }

        return results;
    }
}
