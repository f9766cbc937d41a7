using System.Buffers.Binary;
using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>A million requests that nobody means: the host holds what it held before, and who means it gets through (P17).</summary>
[Trait("Proves", "P17")]
public class SynFloodTests
{
    private const int Flood = 1_000_000;

    [Fact, Trait("Proves", "4987-1"), Trait("Proves", "4987-2")]
    public void MillionSpoofedSyns_MemoryIsFlat_AndARealClientConnects()
    {
        var lab = new Lab(Applications.Echo);
        (HostedConnection before, HostedConnection beforeAtServer) = lab.Establish();
        var attacker = new SpoofedSyns(Lab.ServerEnd);
        HostedConnection? client = null;
        int most = 0;
        (int Objects, long ArrayOctets) held = default;
        for (int i = 0; i < Flood; i++)
        {
            attacker.Strike(lab);
            if (i % 1000 == 0)
            {
                most = Math.Max(most, lab.Server.Connections.Count);
                lab.Network.RunFor(TimeSpan.FromMilliseconds(1)); // a million in a second
            }

            if (i == Flood / 2)
            {
                client = lab.Connect();
                lab.Network.RunFor(TimeSpan.FromMilliseconds(100));
                held = HeldMemory.Of(lab.Server);
            }
        }

        (int objects, long octets) = HeldMemory.Of(lab.Server);
        Assert.InRange(objects, 0, 2 * held.Objects); // as many again for each of half a million requests would be no room for doubt
        Assert.InRange(octets, 0, 2 * held.ArrayOctets);

        Assert.Equal(lab.Listener.Backlog, lab.Listener.HalfOpen);
        Assert.Equal(lab.Listener.Backlog + 2, most); // the connection before, the client's, and those that wait for an answer
        Assert.InRange(lab.Listener.SynCookiesSent, Flood - 1000, Flood + 1);
        Assert.InRange(lab.Server.DeadlineCount, 0, 2 * most);

        // It connected with its first SYN, in the middle of it all.
        Assert.Equal((TcpState.Established, 0L), (client!.State, client.Retransmissions));
        lab.Network.Send(client, "real"u8);
        lab.Network.Send(before, "real too"u8);
        lab.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal("real"u8, lab.ReceiveAll(client));
        Assert.Equal("real too"u8, lab.ReceiveAll(before));
        Assert.Equal(TcpState.Established, beforeAtServer.State);

        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Equal((2, 0), (lab.Server.Connections.Count, lab.Listener.HalfOpen));
    }

    [Fact, Trait("Proves", "4987-1")]
    public void CookiesOff_TheFloodShutsOthersOut_ButNotThoseThatAreIn()
    {
        var lab = new Lab(Applications.Echo, TcpSettings.Linux with { SynCookies = SynCookieMode.Off });
        (HostedConnection before, _) = lab.Establish();
        var attacker = new SpoofedSyns(Lab.ServerEnd);
        for (int i = 0; i < 10_000; i++)
        {
            attacker.Strike(lab);
        }

        HostedConnection client = lab.Connect();
        lab.Network.Send(before, "still here"u8);
        lab.RunTo(30);
        Assert.Equal("still here"u8, lab.ReceiveAll(before));
        Assert.Equal((TcpState.SynSent, lab.Listener.Backlog), (client.State, lab.Listener.HalfOpen));
        Assert.InRange(lab.Listener.BacklogDrops, 10_000 - lab.Listener.Backlog, int.MaxValue);
        Assert.Equal(0, lab.Listener.SynCookiesSent);
        lab.RunTo(127); // the false requests are forgotten after 63 s
        Assert.Equal(TcpState.Established, client.State);
    }

    [Fact]
    public void NobodyPolls_TheAnswersDoNotPileUp()
    {
        var lab = new Lab();
        var attacker = new SpoofedSyns(Lab.ServerEnd with { Port = 81 }); // nobody listens there
        for (int i = 0; i < 50_000; i++)
        {
            lab.Server.PacketArrives(attacker.Next(), lab.Network.Now);
        }

        int answers = 0;
        while (lab.Server.TryPollTransmit(lab.Network.Now, out _))
        {
            answers++;
        }

        Assert.InRange(answers, 1, 1000);
    }

    /// <summary>SYNs from everywhere, made fast: one packet is changed again and again.</summary>
    private sealed class SpoofedSyns
    {
        private readonly SeededRandom _random = new(17, "spoofed SYNs");
        private readonly byte[] _packet;

        public SpoofedSyns(Endpoint target) => _packet = Lab.Write(
            Endpoint.Parse("10.1.0.1:1"),
            target,
            new TcpSegment { Flags = TcpFlags.SYN, Window = 65535, Options = new TcpOptions { MaximumSegmentSize = 1460, WindowScale = 7, SackPermitted = true, Timestamps = new(1, 0) } });

        /// <summary>One more arrives; the answers go to addresses that nobody has.</summary>
        public void Strike(Lab lab)
        {
            lab.Server.PacketArrives(Next(), lab.Network.Now);
            while (lab.Server.TryPollTransmit(lab.Network.Now, out _))
            {
            }
        }

        public byte[] Next()
        {
            ulong random = _random.NextUInt64();
            Replace(12, 0x0b00_0000 | (uint)(random & 0x00ff_ffff), isAddress: true); // 11.0.0.0/8
            Replace(24, (uint)(random >> 24), isAddress: false);
            return _packet;
        }

        // RFC 1624: the checksums follow from what changes.
        private void Replace(int offset, uint value, bool isAddress)
        {
            uint before = BinaryPrimitives.ReadUInt32BigEndian(_packet.AsSpan(offset));
            BinaryPrimitives.WriteUInt32BigEndian(_packet.AsSpan(offset), value);
            Update(36, before, value);
            if (isAddress)
            {
                Update(10, before, value);
            }
        }

        private void Update(int checksumOffset, uint before, uint after)
        {
            Span<byte> field = _packet.AsSpan(checksumOffset, 2);
            uint sum = (uint)(ushort)~BinaryPrimitives.ReadUInt16BigEndian(field);
            sum += (ushort)~(before >> 16) + (uint)(ushort)~before + (after >> 16) + (ushort)after;
            sum = (sum & 0xffff) + (sum >> 16);
            sum = (sum & 0xffff) + (sum >> 16);
            BinaryPrimitives.WriteUInt16BigEndian(field, (ushort)~sum);
        }
    }
}
