using System.Buffers.Binary;
using System.Security.Cryptography;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>
/// The same seed and the same calls give the same packets at the same times: octet for octet, in every process, on every machine.
/// </summary>
public class DeterminismTests
{
    // Of the trace of LossyLab(42): it changes when the TCP sends anything else at any other time, and never by itself.
    private const string Golden = "643 packets, 034750A2A86ED3B9B4703D636120F63B10895D0F2C74CA523CA8B63F59D2B90E";

    [Fact]
    public void SameSeed_SameTrace() => Assert.Equal(Hash(LossyLab(7)), Hash(LossyLab(7)));

    [Fact]
    public void OtherSeed_OtherTrace() => Assert.NotEqual(Hash(LossyLab(7)), Hash(LossyLab(8)));

    [Fact]
    public void Seed42_GivesTheTraceThatItGaveInAnyOtherProcess() => Assert.Equal(Golden, Hash(LossyLab(42)));

    [Theory]
    [InlineData(ImpairmentKind.Drop)]
    [InlineData(ImpairmentKind.Corrupt)]
    [InlineData(ImpairmentKind.Duplicate)]
    [InlineData(ImpairmentKind.Delay)]
    [InlineData(ImpairmentKind.Reorder)]
    [InlineData(ImpairmentKind.Mark)]
    public void ImpairmentOfProbabilityZero_ChangesNothing(ImpairmentKind kind) =>
        Assert.Equal(
            Hash(LossyLab(7)), Hash(LossyLab(7, after: network => network.AddImpairment(kind, new PacketSelector { Probability = 0 }))));

    [Theory]
    [InlineData(ImpairmentKind.Drop, ImpairmentKind.Drop, false)]
    [InlineData(ImpairmentKind.Drop, ImpairmentKind.Reorder, true)]
    [InlineData(ImpairmentKind.Reorder, ImpairmentKind.Drop, true)]
    [InlineData(ImpairmentKind.Corrupt, ImpairmentKind.Drop, true)]
    [InlineData(ImpairmentKind.Duplicate, ImpairmentKind.Corrupt, true)]
    public void ASecondImpairment_DoesNotShiftTheChoicesOfTheFirst(ImpairmentKind kind, ImpairmentKind other, bool before)
    {
        int[] alone = Choices(kind, null, before: false);
        int[] afterwards = Choices(kind, other, before: false);
        int[] beforehand = before ? Choices(kind, other, before: true) : afterwards;
        Assert.True(alone.Length > 50);
        Assert.Equal(afterwards, beforehand);

        // What the other one lost cannot be hit as well; everything else is.
        Assert.Subset(alone.ToHashSet(), afterwards.ToHashSet());
        Assert.True(afterwards.Length > alone.Length * (other == ImpairmentKind.Drop && kind != ImpairmentKind.Drop ? 0.6 : 0.999));
    }

    [Fact]
    public void Stepping_MakesNoDifference()
    {
        SimulatedNetwork stepped = LossyLab(7, run: network =>
        {
            while (network.Step())
            {
            }
        });
        Assert.Equal(Hash(LossyLab(7)), Hash(stepped));
        SimulatedNetwork sliced = LossyLab(7, run: network =>
        {
            while (network.NextEvent is not null)
            {
                network.RunFor(TimeSpan.FromMilliseconds(7));
            }
        });
        Assert.Equal(Hash(LossyLab(7)), Hash(sliced));
    }

    /// <summary>Four connections of all kinds over a link with everything that a link can have and do.</summary>
    private static SimulatedNetwork LossyLab(long seed, Action<SimulatedNetwork>? after = null, Action<SimulatedNetwork>? run = null)
    {
        var links = new LinkOptions
        {
            Latency = TimeSpan.FromMilliseconds(15),
            Jitter = TimeSpan.FromMilliseconds(4),
            Bandwidth = 20_000_000,
            QueueLength = 30,
        };
        var network = new SimulatedNetwork(seed, links);
        TcpHost client = network.AddHost("client");
        TcpHost server = network.AddHost("server");
        network.AddImpairment(ImpairmentKind.Drop, new PacketSelector { Probability = 0.03 });
        network.AddImpairment(ImpairmentKind.Corrupt, new PacketSelector { Probability = 0.01 });
        network.AddImpairment(ImpairmentKind.Duplicate, new PacketSelector { Probability = 0.02 });
        network.AddImpairment(ImpairmentKind.Reorder, new PacketSelector { Probability = 0.02 });
        after?.Invoke(network);
        network.Listen(server, new Endpoint(default, 80), Applications.Echo);
        network.Listen(server, new Endpoint(default, 9), Applications.Discard);
        foreach (ushort port in (ushort[])[80, 9, 80, 9])
        {
            HostedConnection connection = network.Connect(client, new Endpoint(server.Addresses[0], port));
            network.Send(connection, Lab.Pattern(100_000, port));
            network.RunFor(TimeSpan.FromMilliseconds(100));
            if (connection.State != TcpState.Closed)
            {
                network.Close(connection);
            }
        }

        (run ?? (all => all.RunUntilIdle(Lab.Long)))(network);
        return network;
    }

    private static string Hash(SimulatedNetwork network)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> times = stackalloc byte[16];
        foreach (TracedPacket packet in network.Trace)
        {
            BinaryPrimitives.WriteInt64LittleEndian(times, packet.Sent.Nanoseconds);
            BinaryPrimitives.WriteInt64LittleEndian(times[8..], packet.Arrived?.Nanoseconds ?? -1);
            hash.AppendData(times);
            hash.AppendData(packet.Bytes.Span);
            hash.AppendData(packet.ArrivedBytes.Span);
        }

        return $"{network.Trace.Count} packets, {Convert.ToHexString(hash.GetHashAndReset())}";
    }

    /// <summary>Which of a thousand packets an impairment hits.</summary>
    private static int[] Choices(ImpairmentKind kind, ImpairmentKind? other, bool before)
    {
        var lab = new Lab(seed: 5);
        if (other is { } first && before)
        {
            lab.Network.AddImpairment(first, new PacketSelector { Probability = 0.2 });
        }

        Impairment impairment = lab.Network.AddImpairment(kind, new PacketSelector { Probability = 0.1 });
        if (other is { } second && !before)
        {
            lab.Network.AddImpairment(second, new PacketSelector { Probability = 0.2 });
        }

        var hits = new List<int>();
        for (int i = 0; i < 1000; i++)
        {
            int had = impairment.Hits;
            lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new TcpSegment { Flags = TcpFlags.ACK });
            if (impairment.Hits > had)
            {
                hits.Add(i);
            }
        }

        return [.. hits];
    }
}
