using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>States told frame by frame, and the memory of a watch without end.</summary>
public class StateChangeWatchTests
{
    private readonly StateChangeWatch _watch = new(new AnalysisOptions { MaximumOpenConversations = 1000 });
    private long _frames;

    [Fact]
    public void Handshake_IsToldWithTheFrameThatShowsIt()
    {
        Assert.Equal([TcpState.SynSent], See(1000, 80, TcpFlags.SYN, 100, 0));
        Assert.Equal([TcpState.SynReceived], See(80, 1000, TcpFlags.SYN | TcpFlags.ACK, 500, 101));
        Assert.Equal([TcpState.Established, TcpState.Established], See(1000, 80, TcpFlags.ACK, 101, 501));
        Assert.Empty(See(1000, 80, TcpFlags.ACK, 101, 501));
        Assert.Equal([TcpState.FinWait1], See(1000, 80, TcpFlags.FIN | TcpFlags.ACK, 101, 501));
    }

    [Fact]
    public void Requests_WithoutEnd_TakeBoundedMemory()
    {
        int told = 0;
        for (int port = 1; port < 60_000; port++)
        {
            told += See(port, 80, TcpFlags.SYN, (uint)port, 0).Count();
            Assert.InRange(_watch.OpenConversations, 1, 1000 + 1024);
        }

        Assert.Equal(59_999, told);
    }

    private IEnumerable<TcpState> See(int from, int to, TcpFlags flags, uint sequence, uint acknowledgment)
    {
        var header = new PacketHeader(IpAddress.Parse(to == 80 ? "10.0.0.1" : "10.0.0.2"), IpAddress.Parse(to == 80 ? "10.0.0.2" : "10.0.0.1"));
        var segment = new TcpSegment
        {
            SourcePort = (ushort)from,
            DestinationPort = (ushort)to,
            SequenceNumber = sequence,
            AcknowledgmentNumber = acknowledgment,
            Flags = flags,
            Window = 1000,
        };
        var packet = new byte[PacketWriter.SizeOf(header, segment)];
        PacketWriter.Write(header, segment, packet);
        return _watch.Add(new CapturedFrame
        {
            Number = ++_frames,
            Timestamp = new(_frames * 1000),
            LinkType = LinkType.Raw,
            OriginalLength = (uint)packet.Length,
            Data = packet,
        }).Select(change => change.To);
    }
}
