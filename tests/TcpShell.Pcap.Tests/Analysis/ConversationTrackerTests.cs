using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Wire;
using static TcpShell.Pcap.Tests.Analysis.Exchange;

namespace TcpShell.Pcap.Tests.Analysis;

public sealed class ConversationTrackerTests
{
    [Fact]
    public void Handshake_WithOptions_IsNotedForBothEnds()
    {
        var exchange = new Exchange { Options = new TcpOptions { MaximumSegmentSize = 1460, WindowScale = 7, SackPermitted = true, Timestamps = new(1, 0) } };
        exchange.C(Syn, 100);
        exchange.Options = new TcpOptions { MaximumSegmentSize = 1400, WindowScale = 2 };
        exchange.S(SynAck, 500, 101);
        exchange.Options = default;
        exchange.C(Ack, 101, 501);

        TcpConversation conversation = exchange.Only;
        TcpConversationSide client = conversation.Client;
        TcpConversationSide server = conversation.Server;
        Assert.Equal(((ushort?)1460, (byte?)7, true, true), (client.MaximumSegmentSize, client.WindowScale, client.SackPermitted, client.Timestamps));
        Assert.Equal(((ushort?)1400, (byte?)2, false, false), (server.MaximumSegmentSize, server.WindowScale, server.SackPermitted, server.Timestamps));
        Assert.Equal((100u, 500u), (client.InitialSequenceNumber!.Value.Value, server.InitialSequenceNumber!.Value.Value));
        Assert.Equal((1000 << 7, 1000), (client.Window, server.Window)); // a SYN's window is not scaled
        Assert.Equal(TimeSpan.FromMilliseconds(2), conversation.HandshakeRtt);
        Assert.Equal(TimeSpan.FromMilliseconds(2), conversation.Duration);
        Assert.Equal(7, (int)conversation.Completeness);
        Assert.Equal((Client, Server, RoleEvidence.Syn, false), (client.Endpoint, server.Endpoint, conversation.RolesFrom, conversation.StartedMidStream));
    }

    [Fact]
    public void HandshakeRtt_AfterARetransmittedSyn_CountsFromTheLast()
    {
        TcpConversation conversation = new Exchange().C(Syn, 100).C(Syn, 100).C(Syn, 100).S(SynAck, 500, 101).C(Ack, 101, 501).Only;

        Assert.Equal(TimeSpan.FromMilliseconds(2), conversation.HandshakeRtt);
    }

    [Fact]
    public void Syn_OnTheSamePortsWithAnotherNumber_StartsAnotherConversation()
    {
        var exchange = new Exchange().Open().C(Syn, 100).C(Syn, 9000).S(SynAck, 8000, 9001);

        Assert.Equal([4L, 2L], exchange.Conversations.Select(conversation => conversation.Packets));
        Assert.Equal([0, 1], exchange.Conversations.Select(conversation => conversation.Stream));
        Assert.Equal(1, exchange.Conversations[0].RepeatedSegments);
    }

    [Fact]
    public void Tuples_ThatDifferInOnePort_AreApartAndNumberedInOrder()
    {
        var other = Endpoint.Parse("10.0.0.1:49153");
        var exchange = new Exchange().C(Syn, 1).Send(other, Server, Syn, 1).S(SynAck, 1, 2).Send(Server, other, SynAck, 1, 2);

        Assert.Equal([2L, 2L], exchange.Conversations.Select(conversation => conversation.Packets));
        Assert.Equal([Client, other], exchange.Conversations.Select(conversation => conversation.Client.Endpoint));
    }

    [Theory]
    [InlineData("10.0.0.2:80", "10.0.0.1:49152", TcpFlags.SYN | TcpFlags.ACK, RoleEvidence.SynAck, false)]
    [InlineData("10.0.0.2:80", "10.0.0.1:49152", TcpFlags.ACK, RoleEvidence.WellKnownPort, false)]
    [InlineData("10.0.0.1:49152", "10.0.0.2:80", TcpFlags.ACK, RoleEvidence.WellKnownPort, true)]
    [InlineData("10.0.0.1:8080", "10.0.0.2:49152", TcpFlags.ACK, RoleEvidence.FirstSender, true)]
    [InlineData("[fd00::2]:80", "[fd00::1]:1023", TcpFlags.ACK, RoleEvidence.FirstSender, true)]
    [InlineData("10.0.0.2:80", "10.0.0.1:49152", TcpFlags.SYN, RoleEvidence.Syn, true)]
    public void Roles_AreDecidedByTheFirstSegment(string from, string to, TcpFlags flags, RoleEvidence evidence, bool isSenderClient)
    {
        var sender = Endpoint.Parse(from);
        TcpConversation conversation = new Exchange().Send(sender, Endpoint.Parse(to), flags, 1, 1).Only;

        Assert.Equal(evidence, conversation.RolesFrom);
        Assert.Equal(isSenderClient, conversation.Client.Endpoint == sender);
    }

    [Fact]
    public void Bytes_SentAgainOrOverlapping_CountOnceAsUnique()
    {
        TcpConversation conversation = new Exchange().Open()
            .C(Ack, 101, 501, 100)
            .C(Ack, 301, 501, 100) // a hole before it
            .C(Ack, 101, 501, 100) // again
            .C(Ack, 151, 501, 200) // fills the hole, half of it old
            .C(Ack, 400, 501, 1) // a keep-alive probe
            .S(Ack, 501, 401).Only;

        Assert.Equal((501L, 300L, 1), (conversation.Client.Bytes, conversation.Client.UniqueBytes, conversation.Client.RepeatedSegments));
    }

    [Fact]
    public void Bytes_AcrossTheWrapOfSequenceNumbers_AreCounted()
    {
        const uint Isn = uint.MaxValue - 1000;
        var exchange = new Exchange().C(Syn, Isn).S(SynAck, 5, Isn + 1).C(Ack, Isn + 1, 6);
        for (uint i = 0; i < 50; i++)
        {
            exchange.C(Ack, unchecked(Isn + 1 + (i * 100)), 6, 100);
        }

        Assert.Equal((5000L, 5000L, 0), (exchange.Only.Client.Bytes, exchange.Only.Client.UniqueBytes, exchange.Only.RepeatedSegments));
    }

    [Fact]
    public void Bytes_OfACutFrame_CountByTheIpLength()
    {
        var exchange = new Exchange().Open();
        byte[] packet = exchange.Bytes(Client, Server, Ack, 101, 501, 1000);
        exchange.Tracker.Add(new CapturedFrame { Timestamp = exchange.Now, LinkType = LinkType.Raw, Data = packet.AsMemory(0, 60), OriginalLength = 1040 });

        Assert.Equal((1000L, 1000L, (int?)0), (exchange.Only.Client.Bytes, exchange.Only.Client.UniqueBytes, exchange.Only.BadChecksums));
    }

    [Fact]
    public void Checksum_Wrong_IsCountedAndTheSegmentToo()
    {
        var exchange = new Exchange().Open();
        byte[] packet = exchange.Bytes(Client, Server, Ack, 101, 501, 10);
        packet[^1] ^= 1;
        exchange.Feed(packet);

        Assert.Equal(((int?)1, 10L), (exchange.Only.BadChecksums, exchange.Only.Bytes));
    }

    [Fact]
    public void Checksum_Wrong_IsListedAndToldFromOneThatANetworkCardWasToPutIn()
    {
        var exchange = new Exchange().Open();
        byte[] wrong = exchange.Bytes(Client, Server, Ack, 101, 501, 10);
        wrong[^1] ^= 1;
        exchange.Feed(wrong);
        byte[] offloaded = exchange.Bytes(Client, Server, Ack, 111, 501, 10);
        (offloaded[36], offloaded[37]) = PseudoHeaderSum(offloaded);
        exchange.Feed(offloaded);

        TcpConversationSide client = exchange.Only.Client;
        Assert.Equal(((int?)2, (int?)1), (client.BadChecksums, client.OffloadedChecksums));
        Assert.Equal([TcpAnalysisFlags.BadChecksum, TcpAnalysisFlags.OffloadedChecksum], client.FlaggedSegments.Select(segment => segment.Flags));
        Assert.Equal("[TCP Checksum incorrect]", SegmentRemark.Text(TcpAnalysisFlags.BadChecksum));
        Assert.Equal("BadChecksum 1, OffloadedChecksum 1", client.Analysis.ToString());

        static (byte High, byte Low) PseudoHeaderSum(byte[] packet)
        {
            int sum = 6 + packet.Length - 20;
            for (int i = 12; i < 20; i += 2)
            {
                sum += (packet[i] << 8) + packet[i + 1];
            }

            sum = (sum & 0xFFFF) + (sum >> 16);
            return ((byte)(sum >> 8), (byte)sum);
        }
    }

    [Fact]
    public void Checksums_ThatANetworkCardWasToPutIn_LeaveRoomForOtherRemarks()
    {
        TcpConversationSide side = new TcpConversation(default, new() { VerifyChecksums = true }, out _).Client;
        for (int i = 0; i < 20; i++)
        {
            side.Note(default, TcpAnalysisFlags.OffloadedChecksum, 10);
            side.Note(default, TcpAnalysisFlags.Retransmission, 10);
        }

        Assert.Equal((10, 30), (side.FlaggedSegments.Count, side.UnlistedSegments));
        Assert.Equal((7, (int?)20), (side.FlaggedSegments.Count(segment => segment.Flags == TcpAnalysisFlags.Retransmission), side.OffloadedChecksums));
    }

    [Fact]
    public void Checksums_ThatNobodyAskedFor_AreNull()
    {
        var tracker = new ConversationTracker();
        TcpConversation conversation = tracker.Add(Timestamp.FromSeconds(1), PacketDecoder.Decode(new Exchange().Bytes(Client, Server, Syn, 1), LinkType.Raw))!;

        Assert.Null(conversation.BadChecksums);
        Assert.Null(conversation.Client.BadChecksums);
        Assert.Null(conversation.Client.OffloadedChecksums);
    }

    [Fact]
    public void Retransmissions_AreWiresharksAndRepeatedSegmentsBringNothingNew()
    {
        // Again after a millisecond and a later one: out of order for Wireshark. And again with something new, after a second: a retransmission for it.
        var exchange = new Exchange().Open().C(Ack, 101, 501, 10).C(Ack, 111, 501, 10).C(Ack, 101, 501, 10);
        exchange.Wait(TimeSpan.FromSeconds(1)).C(Ack, 111, 501, 20);

        TcpConversation conversation = exchange.Only;
        Assert.Equal((1, 1, 1), (conversation.Retransmissions, conversation.Client.Retransmissions, conversation.Client.Analysis.Retransmissions));
        Assert.Equal((1, 1), (conversation.RepeatedSegments, conversation.Client.RepeatedSegments));
        Assert.Equal(1, conversation.Client.Analysis.OutOfOrder);
    }

    [Fact]
    public void Frames_WithoutASegment_AreCountedBesideTheConversation()
    {
        var exchange = new Exchange().Open();
        byte[] packet = exchange.Bytes(Client, Server, Ack, 101, 501, 40);
        byte[] firstFragment = [.. packet];
        firstFragment[6] = 0x20; // more fragments
        byte[] lastFragment = [.. packet];
        (lastFragment[6], lastFragment[7]) = (0, 10);
        byte[] malformed = [.. packet];
        malformed[32] = 0x10; // data offset 1
        // Destination unreachable from a router, with IP header and 8 octets of what the server had sent.
        byte[] quoted = exchange.Bytes(Server, Client, Ack, 501, 101);
        byte[] icmp = [.. packet[..20], 3, 1, 0, 0, 0, 0, 0, 0, .. quoted[..28]];
        icmp[9] = 1;
        (icmp[2], icmp[3]) = (0, (byte)icmp.Length);

        TcpConversation?[] found = [exchange.Feed(firstFragment), exchange.Feed(lastFragment), exchange.Feed(malformed), exchange.Feed(icmp), exchange.Feed([1, 2, 3])];

        TcpConversation conversation = exchange.Only;
        Assert.Equal([conversation, null, conversation, conversation, null], found);
        Assert.Equal((3L, 1, 1, 1), (conversation.Packets, conversation.Fragments, conversation.Malformed, conversation.IcmpErrors));
        ConversationTracker tracker = exchange.Tracker;
        Assert.Equal((8L, 3L, 2L, 2L), (tracker.Frames, tracker.Segments, tracker.Fragments, tracker.Malformed));
    }

    [Fact]
    public void Frame_OfAnUnknownLinkType_IsCounted()
    {
        var tracker = new ConversationTracker();

        Assert.Null(tracker.Add(new CapturedFrame { LinkType = (LinkType)9999, Data = new byte[60] }));
        Assert.Equal((1L, 1L), (tracker.Frames, tracker.Unsupported));
    }

    [Fact]
    public void Completeness_CollectsWiresharksBits()
    {
        var exchange = new Exchange();
        List<int> seen = [];
        exchange.C(Syn, 100);
        seen.Add((int)exchange.Only.Completeness);
        exchange.S(SynAck, 500, 101);
        seen.Add((int)exchange.Only.Completeness);
        exchange.C(Ack, 101, 501, 10);
        seen.Add((int)exchange.Only.Completeness);
        exchange.S(Ack, 501, 111);
        seen.Add((int)exchange.Only.Completeness);
        exchange.C(FinAck, 111, 501, 1);
        seen.Add((int)exchange.Only.Completeness);
        exchange.S(Rst, 501);
        seen.Add((int)exchange.Only.Completeness);

        Assert.Equal([1, 3, 11, 15, 31, 63], seen);
    }

    [Fact]
    public void Memory_OfALongConversation_IsNotTaken()
    {
        var exchange = new Exchange().Open();
        byte[] packet = exchange.Bytes(Client, Server, Ack, 101, 501, 100);
        var random = new Random(3);
        for (int i = 0; i < 1000; i++)
        {
            Feed(i);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100_000; i++)
        {
            Feed(i);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
        Assert.Equal(101_003, exchange.Only.Packets);

        // Every other segment is missing, so that holes come up without end.
        void Feed(int i)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(24), unchecked(101 + (i * 200) + random.Next(50)));
            exchange.Tracker.Add(exchange.Now, PacketDecoder.Decode(packet, LinkType.Raw));
        }
    }
}
