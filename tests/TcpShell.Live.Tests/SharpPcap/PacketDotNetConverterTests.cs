using PacketDotNet;
using TcpShell.Live.SharpPcap;
using TcpShell.Live.Tests.Devices;

namespace TcpShell.Live.Tests.SharpPcap;

/// <summary>PacketDotNet gets no packet from which it would not return.</summary>
public class PacketDotNetConverterTests
{
    [Fact]
    public void Segment_ThereAndBack_IsTheSameOctets()
    {
        byte[] octets = VethPair.Frame(7, 10, [2, 4, 5, 0xb4, 1, 3, 3, 7])[14..];
        var packet = Assert.IsType<IPv4Packet>(PacketDotNetConverter.ToPacket(octets, out string problem));
        Assert.Empty(problem);
        Assert.Equal(octets, PacketDotNetConverter.ToOctets(packet));
        var tcp = Assert.IsType<TcpPacket>(packet.PayloadPacket);
        Assert.Equal((7u, 3, 10), (tcp.SequenceNumber, tcp.OptionsCollection.Count, tcp.PayloadData.Length));
    }

    [Theory]
    [InlineData(new byte[] { 8, 0, 1, 1 })] // length 0
    [InlineData(new byte[] { 1, 1, 8, 0 })]
    [InlineData(new byte[] { 0, 0, 8, 0 })] // behind the end of the list, where PacketDotNet goes on
    [InlineData(new byte[] { 8, 1, 1, 1 })] // shorter than its own header
    [InlineData(new byte[] { 1, 1, 8, 10 })] // into the data
    [InlineData(new byte[] { 1, 1, 1, 8 })] // no room for a length
    public void Segment_WithDamagedOptions_IsRefused(byte[] options)
    {
        Assert.Null(PacketDotNetConverter.ToPacket(VethPair.Frame(7, 10, options)[14..], out string problem));
        Assert.Contains("without end", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Segments_OfAnyOctets_AreRefusedOrComeOutReadable()
    {
        var random = new Random(5);
        byte[] seed = VethPair.Frame(7, 10, [2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2])[14..];
        int taken = 0;
        for (int i = 0; i < 50_000; i++)
        {
            byte[] octets = [.. seed];
            for (int changes = random.Next(4); changes >= 0; changes--)
            {
                octets[random.Next(octets.Length)] = (byte)random.Next(256);
            }

            if (PacketDotNetConverter.ToPacket(octets, out _) is IPPacket { PayloadPacket: TcpPacket tcp })
            {
                taken++;
                _ = tcp.SequenceNumber;
                Read(tcp);
            }
        }

        Assert.InRange(taken, 1000, 49_000);
    }

    /// <summary>It may throw where a known option has another length than it should, or where the lengths do not fit together. It may not run on.</summary>
    private static void Read(TcpPacket tcp)
    {
        try
        {
            _ = tcp.OptionsCollection;
            _ = tcp.PayloadData;
        }
        catch (Exception thrown) when (thrown is ArgumentException or IndexOutOfRangeException or NotImplementedException)
        {
            // Its own business.
        }
    }

    [Fact]
    public void Object_ThatIsNoPacket_HasNoOctets()
    {
        Assert.Null(PacketDotNetConverter.ToOctets("text"));
        Assert.Null(PacketDotNetConverter.ToOctets(new TcpPacket(1, 2)));
    }
}
