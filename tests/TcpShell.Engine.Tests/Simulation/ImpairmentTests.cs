using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>Which packets an impairment takes, and what it does to them.</summary>
public class ImpairmentTests
{
    [Fact]
    public void FirstSynAck_IsLostAndNoOther()
    {
        var lab = new Lab();
        Impairment drop = lab.Drop(TcpFlags.SYN | TcpFlags.ACK);
        lab.Connect();
        lab.Connect();
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(
            [(49152, PacketFate.Lost), (49153, PacketFate.Delivered), (49152, PacketFate.Delivered)],
            lab.Network.Trace
                .Where(packet => packet.Decode().Segment.Flags.Has(TcpFlags.SYN | TcpFlags.ACK))
                .Select(packet => ((int)packet.Decode().Segment.DestinationPort, packet.Fate)));
        Assert.True(drop.IsSpent);
        Assert.Equal(1, drop.Hits);
        Assert.Equal("impairment 1 (drop SYN,ACK, once)", drop.ToString());
    }

    [Fact]
    public void EveryThirdDataSegmentAfterTwoThreeTimes_TakesFiveEightAndEleven()
    {
        var selector = new PacketSelector { DataOnly = true, Skip = 2, Every = 3, Count = 3, From = "CLIENT" };
        Assert.Equal("data from CLIENT, after 2, every 3., 3 times", selector.ToString());
        Assert.Equal([5, 8, 11], Hits(selector, 20));
    }

    [Fact]
    public void SkipAndCount_TakeTheSecondOnly() =>
        Assert.Equal([2], Hits(new PacketSelector { DataOnly = true, Skip = 1, Count = 1 }, 5));

    [Theory]
    [InlineData(0)]
    [InlineData(0.01)]
    [InlineData(0.3)]
    [InlineData(1)]
    public void Probability_TakesItsShare(double probability)
    {
        const int Packets = 20_000;
        int hits = Hits(new PacketSelector { DataOnly = true, Probability = probability }, Packets).Count();
        double deviation = 4 * Math.Sqrt(Packets * probability * (1 - probability));
        Assert.InRange(hits, (Packets * probability) - deviation, (Packets * probability) + deviation);
    }

    [Theory]
    [InlineData("client", null, 3)]
    [InlineData("server", null, 2)]
    [InlineData(null, "Client", 2)]
    [InlineData("client", "server", 3)]
    [InlineData("client", "client", 0)]
    public void FromAndTo_AreHostsInAnyCase(string? from, string? to, int hits)
    {
        var lab = new Lab();
        Impairment impairment = lab.Network.AddImpairment(ImpairmentKind.Delay, new PacketSelector { From = from, To = to }, TimeSpan.Zero);
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Send(client, "x"u8);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(hits, impairment.Hits);
    }

    [Theory]
    [InlineData(TcpFlags.SYN, 1)]
    [InlineData(TcpFlags.SYN | TcpFlags.ACK, 1)]
    [InlineData(TcpFlags.FIN, 2)]
    [InlineData(TcpFlags.FIN | TcpFlags.ACK, 2)]
    [InlineData(TcpFlags.ACK, 4)]
    [InlineData(TcpFlags.RST, 0)]
    public void Flags_MeanExactlyTheseApartFromPsh(TcpFlags flags, int hits)
    {
        var lab = new Lab(Applications.Discard);
        Impairment impairment = lab.Network.AddImpairment(ImpairmentKind.Delay, new PacketSelector { Flags = flags }, TimeSpan.Zero);
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Send(client, "x"u8);
        lab.RunTo(1);
        lab.Network.Close(client);
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(8, lab.Network.Trace.Count); // S, S., ., P., ., F., F., .
        Assert.Equal(hits, impairment.Hits);
    }

    [Fact]
    public void Corrupt_IsNeverDeliveredAsGood()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        Impairment corrupt = lab.Network.AddImpairment(ImpairmentKind.Corrupt, new PacketSelector { Probability = 0.2 });
        byte[] data = Lab.Pattern(1_000_000);
        lab.Network.Send(client, data);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(data, lab.ReceiveAll(server));
        TracedPacket[] corrupted = [.. lab.Network.Trace.Where(packet => packet.Fate == PacketFate.Corrupted)];
        Assert.Equal(corrupt.Hits, corrupted.Length);
        Assert.True(corrupt.Hits > 200);
        Assert.All(corrupted, packet => Assert.Equal(SegmentFate.Dropped, packet.Verdict!.Value.Fate));
        Assert.All(corrupted, packet => Assert.Equal(1, DifferentBits(packet.Bytes.Span, packet.ArrivedBytes.Span)));
        Assert.Equal(corrupt.Hits, new[] { lab.Client, lab.Server }.Sum(host => host.Counters.BadChecksums + host.Counters.Malformed));
        Assert.True(lab.Server.Counters.BadChecksums > 100);
        Assert.All(corrupted, packet => Assert.StartsWith("corrupted by impairment 1", packet.FateText, StringComparison.Ordinal));
    }

    [Fact]
    public void Duplicate_CopyArrivesLaterAndIsNamed()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.AddImpairment(
            ImpairmentKind.Duplicate, new PacketSelector { DataOnly = true, Count = 1 }, TimeSpan.FromMilliseconds(3));
        lab.Network.Send(client, "hello"u8);
        lab.Network.RunUntilIdle(Lab.Long);
        TracedPacket original = lab.Network.Trace.ElementAt(3);
        TracedPacket copy = lab.Network.Trace.ElementAt(4);
        Assert.Equal((original.Number, 0), (copy.CopyOf, original.CopyOf));
        Assert.Equal((0.04, 0.043), (original.Arrived!.Value.TotalSeconds, copy.Arrived!.Value.TotalSeconds));
        Assert.Equal(original.Bytes.ToArray(), copy.Bytes.ToArray());
        Assert.Equal("copied by impairment 1 (duplicate data, once)", copy.FateText);
        Assert.Equal((SegmentFate.Accepted, SegmentFate.Acknowledged), (original.Verdict!.Value.Fate, copy.Verdict!.Value.Fate));
        Assert.Equal(5, server.ReceiveQueue);
        Assert.Equal(5, server.Received);
    }

    [Fact]
    public void Reorder_NextPacketOvertakes()
    {
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.AddImpairment(ImpairmentKind.Reorder, new PacketSelector { DataOnly = true, Count = 1 });
        byte[] data = Lab.Pattern(2 * 1448);
        lab.Network.Send(client, data);
        lab.RunTo(0.045);
        Assert.Equal((0, 1448), (server.ReceiveQueue, server.OutOfOrder));
        lab.RunTo(0.05);
        Assert.Equal((2 * 1448, 0), (server.ReceiveQueue, server.OutOfOrder));
        Assert.Equal(data, lab.ReceiveAll(server));
        Assert.Equal(0, client.Retransmissions);
    }

    [Fact]
    public void DelayTwice_Adds()
    {
        var lab = new Lab();
        lab.Network.AddImpairment(ImpairmentKind.Delay, new PacketSelector { Flags = TcpFlags.SYN }, TimeSpan.FromMilliseconds(5));
        lab.Network.AddImpairment(ImpairmentKind.Delay, new PacketSelector { Flags = TcpFlags.SYN }, TimeSpan.FromMilliseconds(7));
        lab.Connect();
        lab.Network.RunUntilIdle(Lab.Long);
        Assert.Equal(Timestamp.FromSeconds(0.022), lab.Network.Trace.First().Arrived);
        Assert.Equal("delayed by impairment 1 (delay SYN); delayed by impairment 2 (delay SYN)", lab.Network.Trace.First().FateText);
    }

    [Fact]
    public void CorruptDuplicateAndDelay_HitTheSamePacket()
    {
        var lab = new Lab();
        PacketSelector first = new() { Flags = TcpFlags.SYN, Count = 1 };
        lab.Network.AddImpairment(ImpairmentKind.Delay, first, TimeSpan.FromMilliseconds(5));
        lab.Network.AddImpairment(ImpairmentKind.Duplicate, first, TimeSpan.FromMilliseconds(1));
        lab.Network.AddImpairment(ImpairmentKind.Corrupt, first);
        Assert.Equal(
            [ImpairmentKind.Corrupt, ImpairmentKind.Duplicate, ImpairmentKind.Delay],
            lab.Network.Impairments.Select(impairment => impairment.Kind));
        HostedConnection client = lab.Connect();
        lab.RunTo(0.02);
        Assert.Equal([0.015, 0.016], lab.Network.Trace.Select(packet => packet.Arrived!.Value.TotalSeconds));
        Assert.All(lab.Network.Trace, packet => Assert.Equal(PacketFate.Corrupted, packet.Fate));
        Assert.Equal(2, lab.Server.Counters.BadChecksums + lab.Server.Counters.Malformed);
        Assert.Equal(TcpState.SynSent, client.State);
    }

    [Fact]
    public void DroppedPacket_IsNoHitForTheOthers()
    {
        var lab = new Lab();
        PacketSelector first = new() { Flags = TcpFlags.SYN, Count = 1 };
        Impairment drop = lab.Network.AddImpairment(ImpairmentKind.Drop, first);
        Impairment duplicate = lab.Network.AddImpairment(ImpairmentKind.Duplicate, first);
        lab.Connect();
        lab.RunTo(0.5);
        Assert.Equal((1, 0), (drop.Hits, duplicate.Hits));
        lab.RunTo(2);
        Assert.Equal((1, 1), (drop.Hits, duplicate.Hits));
    }

    [Fact]
    public void Remove_EndsIt()
    {
        var lab = new Lab();
        Impairment drop = lab.Drop(count: null);
        lab.Connect();
        lab.RunTo(0.5);
        Assert.True(lab.Network.RemoveImpairment(drop));
        Assert.False(lab.Network.RemoveImpairment(drop));
        lab.RunTo(2);
        Assert.Equal(TcpState.Established, lab.Accepted.State);
    }

    [Fact]
    public void Selector_ThatCannotBe_IsRefused()
    {
        PacketSelector[] wrong =
        [
            new() { Skip = -1 },
            new() { Every = 0 },
            new() { Count = 0 },
            new() { Probability = -0.1 },
            new() { Probability = 1.1 },
            new() { Probability = double.NaN },
        ];
        var lab = new Lab();
        Assert.All(
            wrong, selector => Assert.Throws<ArgumentOutOfRangeException>(() => lab.Network.AddImpairment(ImpairmentKind.Drop, selector)));
        Assert.Throws<ArgumentOutOfRangeException>(() => lab.Network.AddImpairment(ImpairmentKind.Delay, new(), TimeSpan.FromTicks(-1)));
        Assert.Empty(lab.Network.Impairments);
    }

    /// <summary>Which of so many data segments from the client are dropped, counted from 1.</summary>
    private static IEnumerable<int> Hits(PacketSelector selector, int packets)
    {
        var lab = new Lab();
        lab.Network.AddImpairment(ImpairmentKind.Drop, selector);
        var segment = new TcpSegment { Flags = TcpFlags.ACK, Payload = new byte[1] };
        for (int i = 1; i <= packets; i++)
        {
            if (lab.Inject(Lab.ClientEnd, Lab.ServerEnd, segment).Fate == PacketFate.Lost)
            {
                yield return i;
            }
        }
    }

    private static int DifferentBits(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        int bits = 0;
        for (int i = 0; i < one.Length; i++)
        {
            bits += System.Numerics.BitOperations.PopCount((uint)(one[i] ^ other[i]));
        }

        return bits;
    }
}
