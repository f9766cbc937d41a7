using TcpShell.Engine.Tests.Diagrams;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tracing;

/// <summary>What a simulated network knows of its segments beyond their octets.</summary>
[Trait("Proves", "P06")]
public class TraceRecordTests
{
    [Fact]
    public void Handshake_Records_HaveHostsTimesReasonsAndChanges()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        network.Connect(network.Hosts[0], DiagramLab.Server);
        network.RunFor(TimeSpan.FromSeconds(1));
        SegmentRecord[] records = [.. SegmentRecorder.Record(network.Trace)];

        Assert.Equal(["client", "server", "client"], records.Select(record => record.From));
        Assert.Equal(["0.000000", "0.010000", "0.020000"], records.Select(record => record.Time.ToString()));
        Assert.Equal(["0.010000", "0.020000", "0.030000"], records.Select(record => record.Arrived?.ToString()));
        Assert.Equal([TransmitReason.Open, TransmitReason.Open, TransmitReason.Acknowledgment], records.Select(record => record.Reason));
        Assert.Equal([TcpState.SynReceived, TcpState.Established, TcpState.Established], records.Select(record => record.StateChanges.Single().To));
        Assert.All(records, record => Assert.Equal((PacketFate.Delivered, SegmentFate.Accepted, true), (record.Fate, record.Verdict!.Value.Fate, record.ChecksumValid)));
    }

    [Fact]
    public void LostSynAck_Records_TellFateAndAttempt()
    {
        SegmentRecord[] records = [.. SegmentRecorder.Record(DiagramLab.LostSynAck().Trace)];

        Assert.Equal((PacketFate.Lost, (Timestamp?)null), (records[1].Fate, records[1].Arrived));
        Assert.Equal("dropped by impairment 1 (drop SYN,ACK, once)", records[1].FateText);
        Assert.Equal((TransmitReason.RetransmissionTimeout, 2), (records[2].Reason, records[2].Attempt));
        Assert.Equal((TransmitReason.RetransmissionTimeout, 0u), (records[3].Reason, records[3].RelativeSequenceNumber));
    }

    [Fact]
    public void CraftedSyn_InAConversation_IsShownInItAndMovesNothing()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        HostedConnection connection = network.Connect(network.Hosts[0], DiagramLab.Server);
        network.RunFor(TimeSpan.FromSeconds(1));
        network.Inject(Make(connection, TcpFlags.SYN, connection.Iss + 50), "a stranger's guess");
        network.Send(connection, "hello"u8);
        network.RunFor(TimeSpan.FromSeconds(1));
        SegmentRecord[] records = [.. SegmentRecorder.Record(network.Trace)];

        SegmentRecord crafted = Assert.Single(records, record => record.Reason == TransmitReason.Crafted);
        Assert.Equal((50u, "a stranger's guess"), (crafted.RelativeSequenceNumber, crafted.Note));
        Assert.All(records, record => Assert.Equal(0, record.Stream));
        Assert.Equal(1u, records.First(record => record.Length > 0).RelativeSequenceNumber);
    }

    [Fact]
    public void Corrupted_Record_ShowsWhatWasSent()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        network.AddImpairment(ImpairmentKind.Corrupt, new PacketSelector { Count = 1 });
        network.Connect(network.Hosts[0], DiagramLab.Server);
        network.RunFor(TimeSpan.FromMilliseconds(500));
        SegmentRecord record = SegmentRecorder.Record(network.Trace).First();

        Assert.Equal((PacketFate.Corrupted, SegmentFate.Dropped, true), (record.Fate, record.Verdict!.Value.Fate, record.ChecksumValid));
    }

    [Fact]
    public void SegmentOnItsWay_Record_StaysSo()
    {
        SimulatedNetwork network = DiagramLab.Furnished();
        network.Connect(network.Hosts[0], DiagramLab.Server);
        SegmentRecord record = SegmentRecorder.Record(network.Trace).Single();
        network.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal((PacketFate.InFlight, (Timestamp?)null), (record.Fate, record.Arrived));
    }

    private static byte[] Make(HostedConnection connection, TcpFlags flags, SeqNumber sequenceNumber)
    {
        var segment = new TcpSegment
        {
            SourcePort = connection.Local.Port,
            DestinationPort = connection.Remote.Port,
            Flags = flags,
            SequenceNumber = sequenceNumber,
            Window = 1000,
        };
        var header = new PacketHeader(connection.Local.Address, connection.Remote.Address);
        byte[] bytes = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, bytes);
        return bytes;
    }
}
