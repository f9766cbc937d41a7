using TcpShell.Engine.Tests.Simulation;
using TcpShell.Engine.Tests.Tracing;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

/// <summary>ICMP errors about TCP segments: written, read back, and judged by tcpdump and Wireshark.</summary>
public class IcmpTests
{
    private static readonly IpAddress s_router = IpAddress.Parse("192.0.2.1");
    private static readonly IpAddress s_routerIPv6 = IpAddress.Parse("2001:db8::1");

    public static TheoryData<IcmpErrorKind, bool> Errors
    {
        get
        {
            var data = new TheoryData<IcmpErrorKind, bool>();
            foreach (IcmpErrorKind kind in Enum.GetValues<IcmpErrorKind>().Where(kind => kind != IcmpErrorKind.Other))
            {
                data.Add(kind, false);
                if (kind is not (IcmpErrorKind.SourceQuench or IcmpErrorKind.ProtocolUnreachable or IcmpErrorKind.SourceRouteFailed))
                {
                    data.Add(kind, true);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Errors)), Trait("Proves", "MUST-54")]
    public void Error_IsReadBackAsItWasWritten(IcmpErrorKind kind, bool isIPv6)
    {
        byte[] segment = Segment(isIPv6, 2000);
        IpAddress router = isIPv6 ? s_routerIPv6 : s_router;
        byte[] bytes = IcmpWriter.Write(router, segment, kind, kind == IcmpErrorKind.PacketTooBig ? 1300 : 0);
        Assert.InRange(bytes.Length, 100, isIPv6 ? 1280 : 576);
        DecodedPacket packet = PacketDecoder.Decode(bytes, LinkType.Raw);
        DecodedPacket quoted = PacketDecoder.Decode(segment, LinkType.Raw);
        Assert.Equal((PacketStatus.IcmpError, true), (packet.Status, packet.IcmpChecksumValid));
        Assert.Equal((router, quoted.Source), (packet.Sender, packet.Receiver));
        Assert.Equal((quoted.SourceEndpoint, quoted.DestinationEndpoint), (packet.SourceEndpoint, packet.DestinationEndpoint));
        Assert.Equal((quoted.Segment.SequenceNumber, segment.Length), (packet.Segment.SequenceNumber, packet.IpLength));
        Assert.Equal(new IcmpError(kind, router, kind == IcmpErrorKind.PacketTooBig ? 1300 : 0), IcmpError.Of(packet));
        if (!isIPv6)
        {
            Assert.Equal(0, InternetChecksum.Compute(bytes.AsSpan(0, 20)));
        }

        for (int i = packet.IpOffset - 8; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x40;
            Assert.NotEqual(true, PacketDecoder.Decode(bytes, LinkType.Raw).IcmpChecksumValid);
            bytes[i] ^= 0x40;
        }
    }

    [Fact]
    public void ErrorThatCannotBe_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => IcmpWriter.Write(s_router, Segment(true, 1), IcmpErrorKind.HostUnreachable));
        Assert.Throws<ArgumentException>(() => IcmpWriter.Write(s_router, Segment(false, 1).AsSpan(0, 19), IcmpErrorKind.HostUnreachable));
        Assert.Throws<ArgumentException>(() => IcmpWriter.Write(s_routerIPv6, Segment(true, 1), IcmpErrorKind.SourceQuench));
        Assert.Throws<ArgumentException>(() => IcmpWriter.Write(s_router, Segment(false, 1), IcmpErrorKind.Other));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Records_AreWhatTcpdumpAndTsharkPrint(bool isIPv6)
    {
        var network = new SimulatedNetwork();
        network.AddHost("client", [IpAddress.Parse(isIPv6 ? "fd00::1" : "10.0.0.1")]);
        IcmpErrorKind[] kinds = [.. Errors.Where(row => row.Data.Item2 == isIPv6).Select(row => row.Data.Item1)];
        foreach (IcmpErrorKind kind in kinds)
        {
            network.Inject(IcmpWriter.Write(isIPv6 ? s_routerIPv6 : s_router, Segment(isIPv6, 10), kind, kind == IcmpErrorKind.PacketTooBig ? 1300 : 0));
        }

        SegmentRecord[] records = [.. SegmentRecorder.Record(network.Trace)];
        Assert.Equal(kinds.Length, records.Length);
        Assert.All(records, record => Assert.Equal(("router", "client"), (record.From, record.To)));
        byte[][] packets = [.. network.Trace.Select(packet => packet.Bytes.ToArray())];
        Assert.Equal(JudgedByOtherToolsTests.Read(packets, "tcpdump", "-n", "-t", "-r"), records.Select(record => record.ToTcpdump()));
        string[] lines = JudgedByOtherToolsTests.Read(packets, "tshark", "-T", "fields", "-e", "_ws.col.Info", "-r");
        Assert.Equal(lines, records.Select(record => record.Icmp.ToString()));
    }

    private static byte[] Segment(bool isIPv6, int length) => Lab.Write(
        Endpoint.Parse(isIPv6 ? "[fd00::1]:60001" : "10.0.0.1:60001"),
        Endpoint.Parse(isIPv6 ? "[fd00::2]:4445" : "10.0.0.2:4445"),
        new TcpSegment { SequenceNumber = 4_000_000_000, Flags = TcpFlags.ACK, Payload = new byte[length] });
}
