using System.Text;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

public sealed class StreamReassemblyTests
{
    private readonly StreamReassembly _reassembly = new(maximumWaiting: 1000);
    private readonly StringBuilder _text = new();
    private readonly List<StreamPiece> _pieces = [];

    [Fact]
    public void Data_InOrder_ComesOutAtOnce()
    {
        C(100, "", TcpFlags.SYN);
        S(500, "", TcpFlags.SYN | TcpFlags.ACK, ack: 101);
        C(101, "hello ");
        S(501, "hi ");
        C(107, "world");

        Assert.Equal("c0:hello  s0:hi  c6:world ", _text.ToString());
    }

    [Fact]
    public void Data_OutOfOrderRepeatedAndOverlapping_ComesOutOnceAndInOrder()
    {
        C(100, "", TcpFlags.SYN);
        C(101, "ab");
        C(105, "ef");
        C(103, "cdXX"); // its first two fill the gap, and of the octets that wait the new ones are older
        C(101, "abcd");
        C(106, "fgh");

        Assert.Equal("c0:ab c2:cdXX c6:gh ", _text.ToString());
    }

    [Fact]
    public void Gap_AcknowledgedByTheOtherEnd_IsTold()
    {
        C(101, "ab");
        C(110, "xy");
        S(501, "", TcpFlags.ACK, ack: 112);

        Assert.Equal("c0:ab c2:-7 c9:xy ", _text.ToString());
        Assert.Equal((4L, 7L), (_reassembly.Bytes, _reassembly.Missing));
    }

    [Fact]
    public void Gap_WithTooMuchBehindIt_IsGivenUp()
    {
        C(101, "ab");
        for (uint i = 0; i < 4; i++)
        {
            C(110 + (i * 300), new string('x', 300));
        }

        Assert.StartsWith("c0:ab c2:-7 c9:xxx", _text.ToString());
        Assert.Equal(1, _reassembly.GivenUp);
    }

    [Fact]
    public void Octets_OfAGapThatWasGivenUp_AreNotSaidToBeMissingInTheCapture()
    {
        C(100, "", TcpFlags.SYN);
        for (uint i = 0; i < 4; i++)
        {
            C(110 + (i * 300), new string('x', 300));
        }

        List<StreamPiece> gaps = [.. _pieces.Where(piece => piece.IsGap)];
        Assert.True(Assert.Single(gaps).IsGivenUp);
        Assert.Equal(9, gaps[0].Missing);
    }

    [Fact]
    public void Octets_SentAgainAfterMegabytesBehindTheGap_AreThere()
    {
        var reassembly = new StreamReassembly();
        long given = 0;
        byte[] octets = new byte[50_000];
        Take(100, TcpFlags.SYN, 0);
        for (uint i = 0; i < 100; i++)
        {
            Take(101 + 1000 + (i * 50_000), TcpFlags.ACK, 50_000);
        }

        Take(101, TcpFlags.ACK, 1000);

        Assert.Equal((5_001_000L, 0L, 0), (given, reassembly.Missing, reassembly.GivenUp));

        void Take(uint seq, TcpFlags flags, int length) =>
            given += reassembly.Add(true, new(1), new TcpSegment { SequenceNumber = seq, Flags = flags, Payload = octets.AsMemory(0, length) }, length).Sum(piece => (long)piece.Data.Length);
    }

    [Fact]
    public void Tail_ThatWasAcknowledged_IsMarked()
    {
        C(100, "", TcpFlags.SYN);
        C(101, "ab");
        S(501, "", TcpFlags.ACK, ack: 113);
        C(113, "", TcpFlags.FIN | TcpFlags.ACK);
        S(501, "", TcpFlags.ACK, ack: 114);
        Note(_reassembly.Finish());

        Assert.Equal("c0:ab c2:-10 ", _text.ToString());
    }

    [Fact]
    public void Tail_WithoutAnythingMissing_HasNoMark()
    {
        // One more is acknowledged than was sent: a FIN that was not captured, or one that was.
        C(100, "", TcpFlags.SYN);
        C(101, "ab");
        S(500, "", TcpFlags.SYN | TcpFlags.ACK, ack: 101);
        S(501, "cd", TcpFlags.FIN | TcpFlags.ACK, ack: 104);
        C(104, "", TcpFlags.ACK, ack: 504);
        Note(_reassembly.Finish());

        Assert.Equal("c0:ab s0:cd ", _text.ToString());
    }

    [Fact]
    public void Start_InTheMiddleWithTheFirstSegmentsChanged_HasBothInOrder()
    {
        C(1001, "SECOND");
        C(995, "FIRST.");
        S(1, "", TcpFlags.ACK, ack: 1007);
        C(1007, "3");

        Assert.Equal("c0:FIRST. c6:SECOND c12:3 ", _text.ToString());
    }

    [Fact]
    public void Start_ThatASynAckTells_HasAGapWhereTheFirstSegmentIsMissing()
    {
        S(500, "", TcpFlags.SYN | TcpFlags.ACK, ack: 101);
        C(107, "world");
        Note(_reassembly.Finish());

        Assert.Equal("c0:-6 c6:world ", _text.ToString());
    }

    [Fact]
    public void Gap_AtTheEndOfTheCapture_IsTold()
    {
        C(101, "ab");
        C(110, "xy");
        Note(_reassembly.Finish());

        Assert.Equal("c0:ab c2:-7 c9:xy ", _text.ToString());
    }

    [Fact]
    public void Frame_ThatWasCut_LeavesAGap()
    {
        C(100, "", TcpFlags.SYN);
        C(101, "abc", length: 10);
        C(111, "k");

        Assert.Equal("c0:abc c3:-7 c10:k ", _text.ToString());
    }

    [Fact]
    public void Memory_OfEndlessGaps_IsBounded()
    {
        var random = new Random(1);
        for (int i = 0; i < 100_000; i++)
        {
            var segment = new TcpSegment { SequenceNumber = (uint)random.NextInt64(uint.MaxValue), Flags = TcpFlags.ACK, Payload = new byte[random.Next(3)] };
            _reassembly.Add(random.Next(2) == 0, new(i), segment, 2);
        }

        Assert.InRange(_reassembly.Finish().Sum(piece => piece.Data.Length), 0, 2000);
    }

    [Theory]
    [InlineData("zeek/http/get-gzip.pcap", 0)]
    [InlineData("zeek/ftp/ftp-auth-tls.pcap", 0)]
    [InlineData("pcapplusplus/Tests/ExamplesTest/pcap_examples/many-protocols.pcap", 5)]
    [InlineData("arkime/socks5-http-302-frag.pcap", 0)]
    public void Stream_OfARealCapture_IsTsharks(string name, int stream)
    {
        string path = Path.Combine(SharedCaptures.Folder, name);
        var client = new StringBuilder();
        var server = new StringBuilder();
        using (CaptureReader first = CaptureReader.Open(path))
        using (CaptureReader reader = CaptureReader.Open(path))
        {
            TcpConversation conversation = CaptureAnalysis.Read([first]).Single(one => one.Stream == stream);
            foreach (StreamPiece piece in ConversationPackets.Stream([reader], conversation))
            {
                Assert.False(piece.IsGap);
                (piece.IsFromClient ? client : server).Append(Convert.ToHexString(piece.Data.Span).ToLowerInvariant());
            }
        }

        // A line for each piece; those of the second end start with a tab.
        string[] lines = [.. Tshark.Run("tshark", "-n", "-r", path, "-q", "-z", $"follow,tcp,raw,{stream}").Where(line => line.Trim().All(char.IsAsciiHexDigitLower) && line.Trim().Length > 0)];
        string one = string.Concat(lines.Where(line => line[0] != '\t'));
        string other = string.Concat(lines.Where(line => line[0] == '\t').Select(line => line.Trim()));
        Assert.True(one.Length + other.Length > 0);
        Assert.Equal((one, other), (client.ToString(), server.ToString()));
    }

    private void C(uint seq, string data, TcpFlags flags = TcpFlags.ACK, uint ack = 0, int? length = null) => Add(true, seq, data, flags, ack, length);

    private void S(uint seq, string data, TcpFlags flags = TcpFlags.ACK, uint ack = 0) => Add(false, seq, data, flags, ack, null);

    private void Add(bool isFromClient, uint seq, string data, TcpFlags flags, uint ack, int? length)
    {
        byte[] octets = Encoding.ASCII.GetBytes(data);
        var segment = new TcpSegment { SequenceNumber = seq, AcknowledgmentNumber = ack, Flags = flags, Payload = octets };
        Note(_reassembly.Add(isFromClient, new(1), segment, length ?? octets.Length));
    }

    private void Note(IEnumerable<StreamPiece> pieces)
    {
        foreach (StreamPiece piece in pieces)
        {
            string text = piece.IsGap ? $"-{piece.Missing}" : Encoding.ASCII.GetString(piece.Data.Span);
            _pieces.Add(piece);
            _text.Append($"{(piece.IsFromClient ? 'c' : 's')}{piece.Offset}:{text} ");
        }
    }
}
