using System.Buffers.Binary;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.CaptureSpeed;

/// <summary>Writes captures of many conversations at the same time, as a busy server sees them, with losses, so that every remark of an analysis comes up.</summary>
internal sealed class CaptureGenerator(int snapLength)
{
    private const int ConcurrentConversations = 500;

    private readonly byte[] _frame = new byte[2000];

    /// <summary>Writes a capture.</summary>
    /// <param name="file">Where to.</param>
    /// <param name="packets">How many packets it has.</param>
    /// <param name="conversations">How many conversations they make.</param>
    public void Write(string file, int packets, int conversations)
    {
        using var writer = new PcapWriter(file, LinkType.Ethernet, nanoseconds: false);
        var random = new Random(1);
        var queue = new PriorityQueue<Conversation, double>();
        int started = 0;
        int written = 0;
        double now = 0;
        while (written < packets)
        {
            while (started < conversations && queue.Count < ConcurrentConversations)
            {
                var added = new Conversation(started++, now + random.NextDouble(), packets / conversations, random);
                queue.Enqueue(added, added.NextTime);
            }

            if (!queue.TryDequeue(out Conversation? conversation, out now))
            {
                // All have ended a little early: one more takes the rest.
                conversations++;
                continue;
            }

            if (conversation.TryNext(out Packet packet))
            {
                WriteFrame(writer, conversation, packet);
                written++;
                queue.Enqueue(conversation, Math.Max(now, conversation.NextTime));
            }
        }
    }

    private void WriteFrame(PcapWriter writer, Conversation conversation, in Packet packet)
    {
        bool isSyn = (packet.Flags & TcpFlags.SYN) != 0;
        int headers = 14 + 20 + (isSyn ? 40 : 32);
        int length = headers + packet.Length;
        Span<byte> frame = _frame;
        frame[..length].Clear();
        frame[0] = frame[6] = 2;
        frame[packet.IsFromClient ? 11 : 5] = 1;
        frame[12] = 8;
        Span<byte> ip = frame[14..];
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(length - 14));
        ip[8] = 64;
        ip[9] = 6;
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], packet.IsFromClient ? conversation.Client : conversation.Server);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], packet.IsFromClient ? conversation.Server : conversation.Client);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Compute(ip[..20]));
        Span<byte> tcp = ip[20..];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, packet.IsFromClient ? conversation.ClientPort : (ushort)443);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], packet.IsFromClient ? (ushort)443 : conversation.ClientPort);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], packet.SequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], packet.AcknowledgmentNumber);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[12..], (ushort)((isSyn ? 10 : 8) << 12 | (int)packet.Flags));
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], packet.Window);
        Span<byte> options = tcp[20..];
        if (isSyn)
        {
            ReadOnlySpan<byte> first = [2, 4, 5, 180, 4, 2, 8, 10];
            first.CopyTo(options);
            ReadOnlySpan<byte> last = [1, 3, 3, 7];
            last.CopyTo(options[16..]);
            options = options[8..];
        }
        else
        {
            ReadOnlySpan<byte> first = [1, 1, 8, 10];
            first.CopyTo(options);
            options = options[4..];
        }

        BinaryPrimitives.WriteUInt32BigEndian(options, (uint)(packet.Time * 1000) + 1);
        BinaryPrimitives.WriteUInt32BigEndian(options[4..], (packet.Flags & TcpFlags.ACK) != 0 ? (uint)((packet.Time - conversation.Rtt) * 1000) : 0);
        var source = IpAddress.FromBytes(ip[12..16]);
        var destination = IpAddress.FromBytes(ip[16..20]);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], InternetChecksum.ComputeTcp(source, destination, tcp[..(length - 34)]));
        writer.Write(Timestamp.FromSeconds(1_700_000_000) + TimeSpan.FromSeconds(packet.Time), frame[..Math.Min(length, snapLength)], (uint)length);
    }
}
