using TcpShell.Pcap.Analysis;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>A conversation made by hand: segments of a client and a server, a millisecond apart, fed to a tracker.</summary>
internal sealed class Exchange
{
    public const TcpFlags Ack = TcpFlags.ACK;
    public const TcpFlags Syn = TcpFlags.SYN;
    public const TcpFlags SynAck = TcpFlags.SYN | TcpFlags.ACK;
    public const TcpFlags FinAck = TcpFlags.FIN | TcpFlags.ACK;
    public const TcpFlags Rst = TcpFlags.RST;
    public const TcpFlags RstAck = TcpFlags.RST | TcpFlags.ACK;

    public static readonly Endpoint Client = Endpoint.Parse("10.0.0.1:49152");
    public static readonly Endpoint Server = Endpoint.Parse("10.0.0.2:80");

    public ConversationTracker Tracker { get; } = new(new AnalysisOptions { VerifyChecksums = true });

    /// <summary>All conversations so far, also those that the tracker has let go of.</summary>
    public List<TcpConversation> Conversations { get; } = [];

    public TcpConversation Only => Assert.Single(Conversations);

    public Timestamp Now { get; private set; } = Timestamp.FromSeconds(1000);

    public TcpOptions Options { get; set; }

    /// <summary>The window of the next segments, as it stands in the header.</summary>
    public ushort Window { get; set; } = 1000;

    /// <summary>The client sends; the numbers are raw.</summary>
    public Exchange C(TcpFlags flags, uint seq, uint ack = 0, int length = 0) => Send(Client, Server, flags, seq, ack, length);

    /// <summary>The server sends.</summary>
    public Exchange S(TcpFlags flags, uint seq, uint ack = 0, int length = 0) => Send(Server, Client, flags, seq, ack, length);

    /// <summary>Client 100 and server 500 shake hands: the next numbers are 101 and 501.</summary>
    public Exchange Open() => C(Syn, 100).S(SynAck, 500, 101).C(Ack, 101, 501);

    public Exchange Send(Endpoint from, Endpoint to, TcpFlags flags, uint seq, uint ack = 0, int length = 0)
    {
        Feed(Bytes(from, to, flags, seq, ack, length));
        return this;
    }

    public Exchange Wait(TimeSpan time)
    {
        Now += time;
        return this;
    }

    public TcpConversation? Feed(byte[] packet)
    {
        Now += TimeSpan.FromMilliseconds(1);
        return Keep(Tracker.Add(Now, PacketDecoder.Decode(packet, LinkType.Raw)), Conversations);
    }

    /// <summary>Keeps a conversation, once.</summary>
    public static TcpConversation? Keep(TcpConversation? conversation, List<TcpConversation> all)
    {
        if (conversation is not null && conversation.Stream >= all.Count)
        {
            Assert.Equal(all.Count, conversation.Stream);
            all.Add(conversation);
        }

        return conversation;
    }

    public byte[] Bytes(Endpoint from, Endpoint to, TcpFlags flags, uint seq, uint ack = 0, int length = 0)
    {
        var ip = new PacketHeader(from.Address, to.Address);
        var segment = new TcpSegment
        {
            SourcePort = from.Port,
            DestinationPort = to.Port,
            Flags = flags,
            SequenceNumber = seq,
            AcknowledgmentNumber = ack,
            Window = Window,
            Payload = new byte[length],
            Options = Options,
        };
        byte[] packet = new byte[PacketWriter.SizeOf(ip, segment)];
        PacketWriter.Write(ip, segment, packet);
        return packet;
    }

    /// <summary>The states that one end went through.</summary>
    public string Path(string host) => PathOf(Only.StateChanges.Where(change => change.Host == host));

    public static string PathOf(IEnumerable<StateChange> changes)
    {
        List<StateChange> all = [.. changes];
        return all.Count == 0 ? "" : string.Join(" > ", all.Select(change => change.From.ToString()).Append(all[^1].To.ToString()));
    }
}
