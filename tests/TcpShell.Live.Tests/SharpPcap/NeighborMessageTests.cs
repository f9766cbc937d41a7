using TcpShell.Live.SharpPcap;
using TcpShell.Live.Tests.Devices;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.SharpPcap;

/// <summary>What is read from frames of ARP and neighbour discovery, made by us with PacketDotNet, or by anybody.</summary>
public class NeighborMessageTests
{
    private static readonly MacAddress s_mac = new(0x0254_0a4e_0002);
    private static readonly MacAddress s_peer = new(0x0254_0a4e_0001);

    [Theory]
    [InlineData("10.78.0.2", "10.78.0.1")]
    [InlineData("fd00:78::2", "fd00:78::1")]
    public void Question_Made_IsRead(string sender, string target)
    {
        IpAddress from = IpAddress.Parse(sender);
        IpAddress to = IpAddress.Parse(target);
        Assert.True(NeighborMessage.TryRead(NeighborFrames.Question(s_mac, from, to), out NeighborMessage asked));
        Assert.Equal(new NeighborMessage(NeighborMessageKind.Question, to, from, s_mac), asked);
        Assert.True(NeighborMessage.TryRead(NeighborFrames.Question(s_mac, from, to, s_peer), out NeighborMessage confirming));
        Assert.Equal(asked, confirming);
        byte[] probe = NeighborFrames.Question(s_mac, default, to);
        Assert.True(NeighborMessage.TryRead(probe, out NeighborMessage isFree));
        Assert.True(isFree.Sender.IsUnspecified);
        Assert.Equal(to, isFree.Address);
    }

    [Theory]
    [InlineData("10.78.0.2", "10.78.0.1")]
    [InlineData("fd00:78::2", "fd00:78::1")]
    public void Answer_Made_IsRead(string owner, string asker)
    {
        IpAddress from = IpAddress.Parse(owner);
        Assert.True(NeighborMessage.TryRead(NeighborFrames.Answer(s_mac, from, IpAddress.Parse(asker), s_peer), out NeighborMessage answer));
        Assert.Equal(new NeighborMessage(NeighborMessageKind.Answer, from, from, s_mac), answer);
        Assert.True(NeighborMessage.TryRead(NeighborFrames.Answer(s_mac, from, default, null), out NeighborMessage announced));
        Assert.Equal((from, from, s_mac), (announced.Address, announced.Sender, announced.SenderMac));
    }

    [Fact]
    public void Discovery_WithAnOptionOfLengthZero_IsReadToItsEnd()
    {
        // PacketDotNet's own reader never returns from this.
        byte[] frame = NeighborFrames.Answer(s_mac, IpAddress.Parse("fd00:78::2"), IpAddress.Parse("fd00:78::1"), s_peer);
        frame[^7] = 0;
        Renew(frame);
        Assert.True(NeighborMessage.TryRead(frame, out NeighborMessage message));
        Assert.Equal(s_mac, message.SenderMac); // the frame's sender, for there is no option to go by
    }

    [Theory]
    [InlineData(21, 254)] // from behind a router
    [InlineData(55, 1)] // a code that there is not
    public void Discovery_ThatCannotComeFromTheLink_IsNotBelieved(int offset, byte value)
    {
        byte[] frame = NeighborFrames.Answer(s_mac, IpAddress.Parse("fd00:78::2"), IpAddress.Parse("fd00:78::1"), s_peer);
        frame[offset] = value;
        Renew(frame);
        Assert.False(NeighborMessage.TryRead(frame, out _));
    }

    [Fact]
    public void Discovery_WithAWrongChecksum_IsNotBelieved()
    {
        byte[] frame = NeighborFrames.Answer(s_mac, IpAddress.Parse("fd00:78::2"), IpAddress.Parse("fd00:78::1"), s_peer);
        frame[^1] ^= 1;
        Assert.False(NeighborMessage.TryRead(frame, out _));
    }

    [Fact]
    public void Frames_OfAnyOctets_AreReadWithoutHarm()
    {
        var random = new Random(4);
        byte[][] seeds =
        [
            NeighborFrames.Question(s_mac, IpAddress.Parse("10.78.0.2"), IpAddress.Parse("10.78.0.1")),
            NeighborFrames.Question(s_mac, IpAddress.Parse("fd00:78::2"), IpAddress.Parse("fd00:78::1")),
            NeighborFrames.Answer(s_mac, IpAddress.Parse("fd00:78::2"), IpAddress.Parse("fd00:78::1"), s_peer),
            VethPair.Frame(1, 10),
        ];
        int read = 0;
        for (int i = 0; i < 200_000; i++)
        {
            byte[] frame = [.. seeds[random.Next(seeds.Length)]];
            for (int changes = random.Next(4); changes >= 0; changes--)
            {
                frame[random.Next(frame.Length)] = (byte)random.Next(256);
            }

            int length = random.Next(3) == 0 ? random.Next(frame.Length + 1) : frame.Length;
            read += NeighborMessage.TryRead(frame.AsSpan(0, length), out _) ? 1 : 0;
            OffloadedChecksum.Finish(frame.AsSpan(Math.Min(14, length), length - Math.Min(14, length)));
        }

        Assert.InRange(read, 1000, 150_000);
    }

    /// <summary>Makes the ICMPv6 checksum right again.</summary>
    private static void Renew(byte[] frame)
    {
        Span<byte> icmp = frame.AsSpan(54);
        icmp[2..4].Clear();
        var checksum = default(InternetChecksum);
        checksum.AddPseudoHeader(IpAddress.FromBytes(frame.AsSpan(22, 16)), IpAddress.FromBytes(frame.AsSpan(38, 16)), IpProtocol.IcmpV6, icmp.Length);
        checksum.Add(icmp);
        icmp[2] = (byte)(checksum.Value >> 8);
        icmp[3] = (byte)checksum.Value;
    }
}
