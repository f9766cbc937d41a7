using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>Packets that nobody sends in good faith: no exception, no endless growth, and real connections go on.</summary>
public class HostileTests
{
    private const int Packets = 200_000;
    private const int PacketsInSight = 100_000;

    [Fact, Trait("Proves", "P16"), Trait("Proves", "P53")]
    public void BlindAttacker_RealConnectionsSurvive()
    {
        var lab = new Lab(Applications.Echo);
        lab.Network.Trace.Limit = 1_000_000;
        HostedConnection[] real = [.. Enumerable.Range(0, 10).Select(_ => lab.Connect())];
        lab.RunTo(1);
        Endpoint[] ends =
            [.. real.Select(connection => connection.Local), Lab.ServerEnd, Endpoint.Parse("10.0.0.66:666"), Endpoint.Parse("10.0.0.2:81")];
        var random = new SeededRandom(1, "blind attacker");
        byte[] data = Lab.Pattern(2000);
        int exchanges = 0;
        for (int i = 0; i < Packets; i++)
        {
            lab.Inject(ends[random.Next(ends.Length)], ends[random.Next(ends.Length)], RandomSegment(random), RandomOverrides(random));
            if (i % 50 == 0)
            {
                lab.Network.RunFor(TimeSpan.FromMilliseconds(5));
            }

            if (i % 10_000 == 0)
            {
                HostedConnection connection = real[exchanges++ % real.Length];
                lab.Network.Send(connection, data);
                Assert.True(
                    lab.Network.RunUntil(() => connection.ReceiveQueue == data.Length, TimeSpan.FromMinutes(1)),
                    $"after {i}: {connection} {connection.Error}");
                Assert.Equal(data, lab.ReceiveAll(connection));
            }
        }

        Assert.All(real, connection => Assert.Equal(TcpState.Established, connection.State));
        Assert.True(lab.Server.Counters.BadChecksums > 1000);
        Assert.True(lab.Server.Counters.NoConnection > 1000);
        Assert.True(lab.Server.Connections.Count <= real.Length + lab.Listener.Backlog);
        Assert.InRange(lab.Listener.HalfOpen, 0, lab.Listener.Backlog);

        // What the forged requests left behind goes away by itself.
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal(real.Length, lab.Server.Connections.Count);
        Assert.Equal(0, lab.Listener.HalfOpen);
    }

    [Fact, Trait("Proves", "P53")]
    public void AttackerWhoSeesAndChangesEverything_NothingThrowsAndMemoryStaysBounded()
    {
        var lab = new Lab(Applications.Echo, TcpSettings.Linux with { ReceiveBufferSize = 100_000, SendBufferSize = 100_000 });
        lab.Network.Trace.Limit = 100_000;
        var random = new SeededRandom(2, "man in the middle");
        var live = new List<HostedConnection>();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < PacketsInSight; i++)
        {
            live.RemoveAll(connection => connection.State is not (TcpState.SynSent or TcpState.Established));
            if (live.Count < 5)
            {
                live.Add(lab.Connect());
            }

            HostedConnection one = live[random.Next(live.Count)];
            if (one.State == TcpState.Established && random.Next(4) == 0)
            {
                lab.Network.Send(one, Lab.Pattern(random.Next(3000)));
                lab.ReceiveAll(one);
            }
            else if (random.Next(200) == 0 && one.State == TcpState.Established)
            {
                lab.Network.Close(one);
            }

            TracedPacket seen = lab.Network.Trace.ElementAt(random.Next(lab.Network.Trace.Count));
            byte[] changed = Mutate(seen.Bytes.ToArray(), random);
            if (PacketDecoder.Decode(changed, LinkType.Raw).IpHeaderLength > 0)
            {
                lab.Network.Inject(changed);
            }

            lab.Network.RunFor(TimeSpan.FromMilliseconds(random.Next(4)));
        }

        Assert.True(lab.Network.StateChanges.Count > 1000);

        // However far the two ends of a connection have been driven apart: when the users read, either one end gives up or both fall
        // silent.
        bool isIdle = false;
        for (int hour = 0; hour < 24 && !isIdle; hour++)
        {
            foreach (HostedConnection connection in lab.Network.Connections.Where(connection => connection.Host == "client"))
            {
                lab.ReceiveAll(connection);
            }

            isIdle = lab.Network.RunUntilIdle(TimeSpan.FromHours(1));
        }

        Assert.True(isIdle, $"{string.Join(", ", lab.Network.Connections.Where(connection => connection.Timers.Count > 0))}");
        Assert.True(lab.Server.Connections.Count < 1000, $"{lab.Server.Connections.Count} connections");
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 200_000_000, $"{grown} octets more");
    }

    [Fact]
    public void RandomOctetsAsPackets_AreNeverTaken()
    {
        var lab = new Lab();
        var random = new SeededRandom(3, "noise");
        for (int i = 0; i < Packets; i++)
        {
            byte[] octets = new byte[random.Next(100)];
            random.Fill(octets);
            if (octets.Length > 0)
            {
                octets[0] = (byte)(random.Next(2) == 0 ? 0x45 : 0x60);
            }

            SegmentVerdict verdict = lab.Server.PacketArrives(octets, default);
            Assert.Equal(SegmentFate.Dropped, verdict.Fate);
        }

        HostCounters counters = lab.Server.Counters;
        Assert.Equal(Packets, counters.PacketsReceived);
        Assert.Equal(Packets, counters.Malformed + counters.BadChecksums + counters.NotForUs);
        Assert.False(lab.Server.TryPollTransmit(default, out _));
    }

    [Fact, Trait("Proves", "P16")]
    public void ForgedDataThatIsTaken_MakesNoEndlessExchangeOfAcks()
    {
        // Each end now acknowledges what the other cannot believe, and answers the other's answer.
        var lab = new Lab(settings: TcpSettings.Linux with { Timestamps = false });
        (_, HostedConnection server) = lab.Establish();
        lab.Inject(Lab.ClientEnd, Lab.ServerEnd, new()
        {
            Flags = TcpFlags.ACK,
            SequenceNumber = server.RcvNxt,
            AcknowledgmentNumber = server.SndNxt,
            Window = 1000,
            Payload = "forged"u8.ToArray(),
        });
        lab.RunTo(1000);
        Assert.True(lab.Network.Trace.Count < 10_000, $"{lab.Network.Trace.Count} packets in 1000 s");
    }

    [Fact, Trait("Proves", "P16"), Trait("Proves", "5961-5")]
    public void ForgedTimestampsAtBothEnds_MakeNoEndlessExchangeOfAcks()
    {
        // All that an end really sends is old now for the other (PAWS), its answers as well.
        var lab = new Lab();
        (HostedConnection client, HostedConnection server) = lab.Establish();
        (HostedConnection To, HostedConnection From)[] directions = [(client, server), (server, client)];
        foreach ((HostedConnection to, HostedConnection from) in directions)
        {
            lab.Inject(from.Local, to.Local, new()
            {
                Flags = TcpFlags.ACK,
                SequenceNumber = to.RcvNxt,
                AcknowledgmentNumber = to.SndNxt,
                Window = 1000,
                Options = new() { Timestamps = new(from.Offered.Timestamps!.Value.Value + (1u << 30), 0) },
            });
        }

        lab.RunTo(1);
        lab.Network.Send(client, "x"u8);
        lab.RunTo(100);
        Assert.Contains(lab.Network.Trace, packet => packet.Verdict?.Text.Contains("PAWS", StringComparison.Ordinal) == true);
        Assert.True(lab.Network.Trace.Count < 300, $"{lab.Network.Trace.Count} packets in 100 s");
    }

    [Fact]
    public void RequestThatComesFromItsOwnTarget_DoesNoHarm()
    {
        var lab = new Lab(Applications.Echo);
        lab.Inject(Lab.ServerEnd, Lab.ServerEnd, new() { Flags = TcpFlags.SYN, SequenceNumber = 1000, Window = 1000 });
        lab.RunTo(200);
        Assert.True(lab.Network.Trace.Count < 10_000, $"{lab.Network.Trace.Count} packets in 200 s");
        Assert.Equal(TcpState.Established, lab.Establish().Client.State);
    }

    private static TcpSegment RandomSegment(SeededRandom random)
    {
        byte[] payload = new byte[random.Next(3) == 0 ? random.Next(200) : 0];
        random.Fill(payload);
        byte[] options = new byte[4 * random.Next(11)];
        random.Fill(options);
        return new TcpSegment
        {
            Flags = (TcpFlags)random.Next(512),
            SequenceNumber = (uint)random.NextUInt64(),
            AcknowledgmentNumber = (uint)random.NextUInt64(),
            Window = (ushort)random.NextUInt64(),
            UrgentPointer = (ushort)random.NextUInt64(),
            ReservedBits = (byte)random.Next(8),
            Options = new() { Wire = options },
            Payload = payload,
        };
    }

    private static HeaderOverrides RandomOverrides(SeededRandom random) => random.Next(10) switch
    {
        0 => new() { Checksum = (ushort)random.NextUInt64() },
        1 => new() { DataOffset = (byte)random.Next(16) },
        2 => new() { IpLength = (ushort)random.Next(200) },
        _ => default,
    };

    /// <summary>Changes some octets of a real packet, and mostly makes its checksum right again.</summary>
    private static byte[] Mutate(byte[] packet, SeededRandom random)
    {
        for (int changes = random.Next(3); changes >= 0; changes--)
        {
            // Mostly in the TCP header: numbers, flags, window, options.
            int position = random.Next(10) == 0 ? random.Next(packet.Length) : 20 + random.Next(Math.Min(40, packet.Length - 20));
            packet[position] = random.Next(2) == 0 ? (byte)random.NextUInt64() : (byte)(packet[position] + random.Next(3) - 1);
        }

        DecodedPacket decoded = PacketDecoder.Decode(packet, LinkType.Raw);
        if (random.Next(10) > 0 && decoded.Status == PacketStatus.Tcp)
        {
            int offset = decoded.TcpOffset;
            (packet[offset + 16], packet[offset + 17]) = (0, 0);
            ushort checksum = InternetChecksum.ComputeTcp(decoded.Source, decoded.Destination, decoded.SegmentOctets.Span);
            (packet[offset + 16], packet[offset + 17]) = ((byte)(checksum >> 8), (byte)checksum);
        }

        return packet;
    }
}
