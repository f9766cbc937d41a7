using TcpShell.Diagrams;
using TcpShell.Engine.Tests.Tracing;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tracing;
using TcpShell.Wire;
using static TcpShell.Wire.TcpFlags;

namespace TcpShell.Engine.Tests.Diagrams;

public class LadderDiagramTests
{
    [Fact]
    [Trait("Proves", "P01")]
    public void HandshakeDataClose_AsText_IsTheSnapshot() =>
        Snapshot.Matches("ladder-handshake-data-close", DiagramLab.Ladder(DiagramLab.HandshakeDataClose()).ToText());

    [Fact]
    public void HandshakeDataClose_AsAsciiWithAbsoluteNumbers_IsTheSnapshot()
    {
        string text = DiagramLab.Ladder(DiagramLab.HandshakeDataClose(), new DiagramOptions { Ascii = true, Absolute = true }).ToText();

        Assert.DoesNotContain(text, character => character > '~');
        Snapshot.Matches("ladder-handshake-data-close-ascii", text);
    }

    [Fact]
    public void LostSynAck_AsText_IsTheSnapshot() => Snapshot.Matches("ladder-lost-syn-ack", DiagramLab.Ladder(DiagramLab.LostSynAck()).ToText());

    [Fact]
    public void SimultaneousOpen_AsText_IsTheSnapshot() =>
        Snapshot.Matches("ladder-simultaneous-open", DiagramLab.Ladder(DiagramLab.Simultaneous(close: false)).ToText());

    [Fact]
    public void CrossingFins_AsText_IsTheSnapshot() =>
        Snapshot.Matches("ladder-crossing-fins", DiagramLab.Ladder(DiagramLab.Simultaneous(close: true)).ToText());

    [Fact]
    public void FastRetransmit_AsText_IsTheSnapshot() =>
        Snapshot.Matches("ladder-fast-retransmit", DiagramLab.Ladder(DiagramLab.FastRetransmit(), new DiagramOptions { FoldRunsOver = 0 }).ToText());

    [Fact]
    public void ThreeHosts_AsText_IsTheSnapshot() => Snapshot.Matches("ladder-three-hosts", DiagramLab.Ladder(DiagramLab.ThreeHosts()).ToText());

    [Fact]
    public void Capture_AsText_IsTheSnapshot()
    {
        var observer = new Observer();
        observer.FromClient(SYN, 1000);
        observer.FromServer(SYN | ACK, 5000, 1001);
        observer.FromClient(ACK, 1001, 5001);
        observer.FromClient(PSH | ACK, 1001, 5001, length: 5);
        observer.FromServer(RST, 5001);

        Snapshot.Matches("ladder-capture", new LadderDiagram(observer.Records).ToText());
    }

    [Fact]
    public void HandshakeDataClose_AsMermaid_IsTheSnapshot() =>
        Snapshot.Matches("ladder-handshake-data-close-mermaid", DiagramLab.Ladder(DiagramLab.HandshakeDataClose()).ToMermaid());

    [Fact]
    public void LostSynAck_AsMermaid_EndsInACross()
    {
        string text = DiagramLab.Ladder(DiagramLab.LostSynAck()).ToMermaid();

        Assert.Contains("    h1-xh0: 0.010000 SYN,ACK seq=0 ack=1\n", text, StringComparison.Ordinal);
        Assert.Contains("    h0->>h1: 1.000000 SYN seq=0 [RTO]\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void LongRun_IsFolded()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        network.Listen(network.Hosts[1], new Endpoint(default, 9), Applications.Discard);
        HostedConnection connection = network.Connect(network.Hosts[0], Endpoint.Parse("10.0.0.2:9"));
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Send(connection, new byte[100_000]);
        network.RunFor(TimeSpan.FromSeconds(1));
        int all = network.Trace.Count;
        int data = network.Trace.Count(packet => packet.Decode().SegmentLength > 0);
        string text = DiagramLab.Ladder(network).ToText();
        int drawn = text.Split('\n').Count(line => line.Contains(" seq=", StringComparison.Ordinal));

        Assert.InRange(drawn, 6, 12);
        Assert.Matches(@"\.\.\. \d+ more data segments, \d+ more ACKs \.\.\.", text);
        Assert.True(data > 60);
        string whole = DiagramLab.Ladder(network, new DiagramOptions { FoldRunsOver = 0 }).ToText();
        Assert.Equal(all, whole.Split('\n').Count(line => line.Contains(" seq=", StringComparison.Ordinal)));
    }

    [Fact]
    public void EveryEvent_OfManyBadNetworks_IsDrawnOnce()
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            var links = new LinkOptions { Latency = TimeSpan.FromMilliseconds(seed % 4 * 5), Jitter = TimeSpan.FromMilliseconds(seed % 3) };
            SimulatedNetwork network = DiagramLab.Furnished(seed, links);
            network.AddHost("third");
            network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { Probability = 0.1 });
            network.AddImpairment(ImpairmentKind.Duplicate, new PacketSelector { Probability = 0.1 });
            network.AddImpairment(ImpairmentKind.Reorder, new PacketSelector { Probability = 0.1 });
            for (int caller = 0; caller < 3; caller += seed % 2 == 0 ? 3 : 2)
            {
                HostedConnection connection = network.Connect(network.Hosts[caller], DiagramLab.Server);
                network.RunFor(TimeSpan.FromSeconds(2));
                if (connection.State == TcpShell.Tcp.TcpState.Established)
                {
                    network.Send(connection, new byte[seed * 500]);
                    network.Close(connection);
                }
            }

            network.RunFor(TimeSpan.FromSeconds(seed));
            var options = new DiagramOptions { FoldRunsOver = 0, Width = 100 + seed };
            string text = DiagramLab.Ladder(network, options).ToText();
            int arrived = network.Trace.Count(packet => packet.Fate is PacketFate.Delivered or PacketFate.Corrupted);
            int ended = network.Trace.Count(packet => packet.Fate is PacketFate.Lost or PacketFate.Unreachable);

            Assert.Equal((seed, network.Trace.Count), (seed, text.Split(" seq=").Length - 1));
            Assert.Equal((seed, arrived), (seed, text.Count(character => character is '►' or '◄')));
            Assert.Equal((seed, ended), (seed, text.Count(character => character == 'X')));
            Assert.True(text.Split('\n').All(line => line.Length <= options.Width), $"Seed {seed} draws wider than {options.Width}.");
        }
    }

    [Fact]
    public void SegmentOnItsWay_IsSaidToBe()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        network.Connect(network.Hosts[0], DiagramLab.Server);

        Assert.Contains("on its way", DiagramLab.Ladder(network).ToText(), StringComparison.Ordinal);
        Assert.Contains("h0-->>h1: 0.000000 SYN seq=0", DiagramLab.Ladder(network).ToMermaid(), StringComparison.Ordinal);
    }

    [Fact]
    public void StatesOfOtherConnections_AreLeftOut()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        network.Connect(network.Hosts[0], DiagramLab.Server);
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Connect(network.Hosts[0], Endpoint.Parse("10.0.0.2:81"));
        network.RunFor(TimeSpan.FromSeconds(1));
        IEnumerable<SegmentRecord> first = SegmentRecorder.Record(network.Trace).Where(segment => segment.Stream == 0);
        string text = new LadderDiagram(first, network.StateChanges).ToText();

        Assert.Contains("Established", text, StringComparison.Ordinal);
        Assert.DoesNotContain("1.000000", text, StringComparison.Ordinal);
        Assert.DoesNotContain('#', text);
    }

    [Fact]
    public void StatesOfSeveralConnectionsOfAHost_HaveTheirNumbers()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        network.Connect(network.Hosts[0], DiagramLab.Server);
        network.Connect(network.Hosts[0], DiagramLab.Server);
        network.RunFor(TimeSpan.FromSeconds(1));
        string text = DiagramLab.Ladder(network).ToText();

        Assert.Contains("SynSent #1 ├", text, StringComparison.Ordinal);
        Assert.Contains("SynSent #2 ├", text, StringComparison.Ordinal);
    }

    [Fact]
    public void NumbersBeforeTheInitialOne_AreNegative()
    {
        var observer = new Observer();
        observer.FromClient(SYN, 1000);
        observer.FromServer(ACK, 5001, 991);

        Assert.Contains("ACK seq=1 ack=-9", new LadderDiagram(observer.Records).ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void NothingSent_DrawsNothing() => Assert.Equal("", new LadderDiagram([]).ToText());

    [Fact]
    public void ConversationOfAnAddressWithItself_HasALaneForEachEnd()
    {
        var observer = new Observer("127.0.0.1:50000", "127.0.0.1:80");
        observer.FromClient(SYN, 1000);
        string text = new LadderDiagram(observer.Records).ToText();

        Assert.Contains("127.0.0.1:50000", text, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:80", text, StringComparison.Ordinal);
        Assert.Contains("── SYN seq=0 ──", text, StringComparison.Ordinal);
    }

    [Fact]
    public void CaptureOfThousandsOfHosts_DrawsTheLastOnesAsOne()
    {
        var observer = new Observer();
        for (int i = 0; i < 2000; i++)
        {
            var stranger = Endpoint.Parse($"10.1.{i / 250}.{i % 250}:1000");
            observer.See(stranger, observer.Server, Observer.Make(SYN, 1000, 0, 0, 100, default));
        }

        string[] lines = new LadderDiagram(observer.Records).ToText().Split('\n');
        Assert.Contains("other hosts", lines[0], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 300));
    }

    [Fact]
    public void NamesBeyondAscii_InAsciiDiagrams_GetQuestionMarks()
    {
        var network = new SimulatedNetwork(1);
        network.AddHost("münchen");
        network.AddHost("zürich");
        network.Connect(network.Hosts[0], DiagramLab.Server);
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.Contains("m?nchen", DiagramLab.Ladder(network, new DiagramOptions { Ascii = true }).ToText(), StringComparison.Ordinal);
        Assert.Contains("m?nchen", new StateDiagram(network.StateChanges, new DiagramOptions { Ascii = true }).ToText(), StringComparison.Ordinal);
        Assert.Contains("münchen", DiagramLab.Ladder(network).ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Width_BelowTheLeast_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LadderDiagram([], options: new DiagramOptions { Width = 10 }));

    [Fact]
    public void LostSynAck_AsSvg_IsWellFormedAndNamesEveryArrowStateAndRemark()
    {
        System.Xml.Linq.XElement svg = System.Xml.Linq.XDocument.Parse(DiagramLab.Ladder(DiagramLab.LostSynAck()).ToSvg()).Root!;
        string[] texts = [.. svg.Elements().Where(element => element.Name.LocalName == "text").Select(text => text.Value)];
        Assert.Contains("client", texts);
        Assert.Contains("SYN,ACK seq=0 ack=1", texts);
        Assert.Contains("SYN seq=0 [RTO]", texts);
        Assert.Contains("Established", texts);
        Assert.Contains(texts, text => text.StartsWith("dropped by impairment", StringComparison.Ordinal));

        // An arrow's head for each segment that arrives; the lost one has a cross.
        Assert.Equal(texts.Count(text => text.Contains("seq=", StringComparison.Ordinal)) - 1, svg.Elements().Count(element => element.Name.LocalName == "path"));
    }
}
