using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

/// <summary>Echo requests are answered as <c>ping</c> expects it (RFC 1122 3.2.2.6, RFC 4443 4.2), and nothing else is.</summary>
public class IcmpEchoTests
{
    // ping -c 1 -s 8 -p aa, as tcpdump shows them: the request and its answer.
    private const string Request = "4500002400004000400126d60a4d00010a4d0002" + "080047180001000faaaaaaaaaaaaaaaa";
    private const string RequestV6 = "6000000000103a40" + "fd000077000000000000000000000001" + "fd000077000000000000000000000002" + "8000d4ff0001000faaaaaaaaaaaaaaaa";

    [Theory]
    [InlineData(Request, 0)]
    [InlineData(RequestV6, 129)]
    public void Request_ForThisHost_GetsItsDataBack(string hex, byte type)
    {
        byte[] request = WithChecksum(hex);
        Assert.True(IcmpEcho.TryAnswer(request, _ => true, out byte[] reply));
        int header = type == 0 ? 20 : 40;
        Assert.Equal(request.Length, reply.Length);
        Assert.Equal((type, (byte)0), (reply[header], reply[header + 1]));
        Assert.Equal(request[(header + 4)..], reply[(header + 4)..]);
        DecodedPacket from = PacketDecoder.Decode(request, LinkType.Raw);
        DecodedPacket to = PacketDecoder.Decode(reply, LinkType.Raw);
        Assert.Equal((from.Source, from.Destination), (to.Destination, to.Source));
        Assert.NotEqual(false, to.IpChecksumValid);

        // An answer is no request, so two hosts never answer each other's answers.
        Assert.False(IcmpEcho.TryAnswer(reply, _ => true, out _));
    }

    [Theory]
    [InlineData(Request)]
    [InlineData(RequestV6)]
    public void Request_Damaged_GetsNoAnswer(string hex)
    {
        byte[] request = WithChecksum(hex);
        for (int bit = 0; bit < 8; bit++)
        {
            byte[] damaged = [.. request];
            damaged[^1] ^= (byte)(1 << bit);
            Assert.False(IcmpEcho.TryAnswer(damaged, _ => true, out _));
        }

        for (int length = 0; length < request.Length; length++)
        {
            Assert.False(IcmpEcho.TryAnswer(request.AsSpan(0, length), _ => true, out _), $"{length} octets");
        }
    }

    [Fact]
    public void Request_ForSomebodyElse_GetsNoAnswer() =>
        Assert.False(IcmpEcho.TryAnswer(WithChecksum(Request), address => address == IpAddress.Parse("10.77.0.3"), out _));

    [Fact]
    public void Request_FromEverybody_GetsNoAnswer()
    {
        byte[] request = WithChecksum(Request);
        request.AsSpan(12, 4).Fill(255);
        Assert.False(IcmpEcho.TryAnswer(request, _ => true, out _));
    }

    private static byte[] WithChecksum(string hex)
    {
        byte[] packet = Convert.FromHexString(hex);
        int header = packet[0] >> 4 == 4 ? 20 : 40;
        packet.AsSpan(header + 2, 2).Clear();
        DecodedPacket decoded = PacketDecoder.Decode(packet, LinkType.Raw);
        ushort sum = IcmpWriter.Checksum(decoded.Source, decoded.Destination, packet.AsSpan(header));
        (packet[header + 2], packet[header + 3]) = ((byte)(sum >> 8), (byte)sum);
        return packet;
    }
}
