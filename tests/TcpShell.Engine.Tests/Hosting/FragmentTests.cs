using System.Buffers.Binary;
using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>Packets that arrive in pieces are put together, in bounded memory, and answers that are too large leave in pieces.</summary>
public class FragmentTests
{
    private const int Mtu = 1500;

    public static TheoryData<string, string> Versions => new() { { "10.0.0.1", "10.0.0.2" }, { "fd00::1", "fd00::2" } };

    [Theory, MemberData(nameof(Versions))]
    public void EchoRequest_InFragments_IsAnsweredInFragments(string from, string to)
    {
        TcpHost host = Host(to);
        List<byte[]> request = IpFragments.Split(Echo(from, to, 4000), Mtu, 77);
        Assert.Equal(3, request.Count);
        Assert.Equal(Lab.Pattern(4000), Data(Together(Answers(host, request))));
    }

    [Theory, MemberData(nameof(Versions))]
    public void Fragments_InAnotherOrderAndTwice_AreTheSamePacket(string from, string to)
    {
        TcpHost host = Host(to);
        List<byte[]> request = IpFragments.Split(Echo(from, to, 4000), Mtu, 77);
        Assert.Empty(Answers(host, [request[2], request[0], request[2], request[0]]));
        Assert.Equal(Lab.Pattern(4000), Data(Together(Answers(host, [request[1]]))));
    }

    // The answer is as large as the request, so on a link that carries it whole it is whole.
    [Theory, MemberData(nameof(Versions))]
    public void Answer_ThatFits_IsWhole(string from, string to)
    {
        byte[] answer = Assert.Single(Answers(Host(to, mtu: 9000), IpFragments.Split(Echo(from, to, 4000), Mtu, 77)));
        Assert.Equal(Lab.Pattern(4000), Data(answer));
    }

    [Theory, MemberData(nameof(Versions))]
    public void Answers_OfDifferentPackets_CannotBeMixedUp(string from, string to)
    {
        TcpHost host = Host(to);
        List<byte[]> first = Answers(host, IpFragments.Split(Echo(from, to, 4000), Mtu, 1));
        List<byte[]> second = Answers(host, IpFragments.Split(Echo(from, to, 4000), Mtu, 2));
        uint[] numbers = [.. first.Concat(second).Select(packet => PacketDecoder.Decode(packet, LinkType.Raw).Identification)];
        Assert.Equal(2, numbers.Distinct().Count());
        Assert.Single(numbers.Take(first.Count).Distinct());
    }

    [Fact]
    public void Segment_InFragments_ReachesItsConnection()
    {
        var lab = new Lab(settings: TcpSettings.Linux with { Timestamps = false });
        (HostedConnection client, HostedConnection server) = lab.Establish();
        byte[] packet = Lab.Write(client.Local, client.Remote, new TcpSegment
        {
            SequenceNumber = client.Tcp.Snd.Nxt,
            AcknowledgmentNumber = client.Tcp.Rcv.Nxt,
            Flags = TcpFlags.ACK | TcpFlags.PSH,
            Window = 65535,
            Payload = Lab.Pattern(1000),
        });
        packet[6] = 0; // it may be fragmented
        foreach (byte[] fragment in IpFragments.Split(packet, 200, 77))
        {
            lab.Network.Inject(fragment);
        }

        lab.RunTo(1);
        Assert.Equal(Lab.Pattern(1000), lab.ReceiveAll(server));
    }

    [Theory, MemberData(nameof(Versions))]
    public void Fragment_ThatComesAMinuteLate_FindsNothingLeft(string from, string to)
    {
        TcpHost host = Host(to);
        List<byte[]> request = IpFragments.Split(Echo(from, to, 4000), Mtu, 77);
        Answers(host, request[..2]);
        Assert.Empty(Answers(host, request[2..], Timestamp.FromSeconds(61)));
    }

    // RFC 5722, RFC 8200 4.5: whoever sends such fragments wants to write over what others have checked.
    [Theory, MemberData(nameof(Versions))]
    public void Fragments_ThatOverlap_AreNoPacket(string from, string to)
    {
        TcpHost host = Host(to);
        byte[] packet = Echo(from, to, 4000);
        List<byte[]> request = IpFragments.Split(packet, Mtu, 77);
        List<byte[]> other = IpFragments.Split(packet, 700, 77);
        Assert.Empty(Answers(host, [request[0], other[1], .. request[1..]]));
    }

    [Theory, MemberData(nameof(Versions))]
    public void Fragment_OfAnUnevenLengthThatIsNotTheLast_IsNone(string from, string to)
    {
        TcpHost host = Host(to);
        List<byte[]> request = IpFragments.Split(Echo(from, to, 4000), Mtu, 77);
        byte[] uneven = [.. request[0][..^1]];
        bool isIPv6 = uneven[0] >> 4 == 6;
        int field = isIPv6 ? 4 : 2;
        BinaryPrimitives.WriteUInt16BigEndian(uneven.AsSpan(field), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(uneven.AsSpan(field)) - 1));
        if (!isIPv6)
        {
            uneven.AsSpan(10, 2).Clear();
            BinaryPrimitives.WriteUInt16BigEndian(uneven.AsSpan(10), InternetChecksum.Compute(uneven.AsSpan(0, 20)));
        }

        Assert.Empty(Answers(host, [request[1], uneven, request[2]]));
    }

    [Fact]
    public void Fragments_ForSomebodyElse_AreNotKept()
    {
        TcpHost host = Host("10.0.0.2");
        Answers(host, IpFragments.Split(Echo("10.0.0.1", "10.0.0.3", 4000), Mtu, 77)[..2]);
        Assert.Equal((0, 2L), (host.FragmentBytes, host.Counters.NotForUs));
    }

    [Theory, MemberData(nameof(Versions))]
    public void Flood_OfFirstFragments_TakesBoundedMemoryAndShutsNobodyOut(string from, string to)
    {
        TcpHost host = Host(to);
        byte[] packet = Echo(from, to, 4000);
        for (uint number = 1; number <= 20_000; number++)
        {
            Answers(host, IpFragments.Split(packet, Mtu, number)[..1]);
        }

        Assert.InRange(host.FragmentBytes, 1_000_000, TcpHost.MaximumFragmentBytes);
        Assert.Equal(3, Answers(host, IpFragments.Split(packet, Mtu, 30_000)).Count);
    }

    // One packet that is never completed stands before all others in the list for a minute.
    [Fact]
    public void CompletedPackets_LeaveNothingBehindOneThatIsNot()
    {
        var reassembly = new FragmentReassembly(100_000, isStrict: true);
        byte[] packet = Echo("10.0.0.1", "10.0.0.2", 4000);
        for (uint number = 1; number <= 1000; number++)
        {
            foreach (byte[] fragment in IpFragments.Split(packet, Mtu, number).Take(number == 1 ? 1 : 3))
            {
                reassembly.TryComplete(PacketDecoder.Decode(fragment, LinkType.Raw), 0, out _);
            }
        }

        Assert.Equal(1, reassembly.Count);
        Assert.InRange(reassembly.Bytes, 1, 3000);
    }

    private static TcpHost Host(string address, int mtu = Mtu) =>
        new("server", [IpAddress.Parse(address)], TcpSettings.Linux, new byte[InitialSequence.SecretSize], mtu);

    private static byte[] Echo(string from, string to, int size)
    {
        var header = new PacketHeader(IpAddress.Parse(from), IpAddress.Parse(to)) { DontFragment = false };
        bool isIPv6 = header.Source.IsIPv6;
        int offset = isIPv6 ? 40 : 20;
        byte[] packet = new byte[offset + 8 + size];
        Span<byte> icmp = packet.AsSpan(offset);
        icmp[0] = (byte)(isIPv6 ? 128 : 8);
        Lab.Pattern(size).CopyTo(icmp[8..]);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], IcmpWriter.Checksum(header.Source, header.Destination, icmp));
        PacketWriter.WriteHeader(header, isIPv6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp, packet);
        return packet;
    }

    private static List<byte[]> Answers(TcpHost host, IEnumerable<byte[]> packets, Timestamp now = default)
    {
        var answers = new List<byte[]>();
        foreach (byte[] packet in packets)
        {
            host.PacketArrives(packet, now);
            while (host.TryPollTransmit(now, out OutgoingPacket answer))
            {
                Assert.InRange(answer.Bytes.Length, 1, host.Mtu);
                answers.Add(answer.Bytes);
            }
        }

        return answers;
    }

    private static byte[] Together(List<byte[]> fragments)
    {
        Assert.Equal(3, fragments.Count);
        var reassembly = new FragmentReassembly(100_000, isStrict: true);
        ReadOnlyMemory<byte> whole = default;
        Assert.Equal([false, false, true], fragments.Select(fragment =>
        {
            DecodedPacket decoded = PacketDecoder.Decode(fragment, LinkType.Raw);
            Assert.NotEqual(false, decoded.IpChecksumValid);
            return reassembly.TryComplete(decoded, 0, out whole);
        }));
        return whole.ToArray();
    }

    /// <summary>The data of an answer to an echo request, whose checksum is right.</summary>
    private static byte[] Data(byte[] packet)
    {
        DecodedPacket decoded = PacketDecoder.Decode(packet, LinkType.Raw);
        ReadOnlySpan<byte> icmp = packet.AsSpan(decoded.TcpOffset);
        Assert.Equal((decoded.IsIPv6 ? 129 : 0, 0), (icmp[0], IcmpWriter.Checksum(decoded.Source, decoded.Destination, icmp)));
        return icmp[8..].ToArray();
    }
}
