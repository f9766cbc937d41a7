using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hosting;

// Packets that come in pieces, and those that leave in pieces (RFC 1122 3.3.2, 3.3.3; RFC 8200 4.5). Segments never do: they are made to fit.
public sealed partial class TcpHost
{
    /// <summary>Octets that waiting fragments may take; above it the oldest ones go.</summary>
    internal const int MaximumFragmentBytes = 4 * 1024 * 1024;

    private FragmentReassembly? _fragments;
    private uint _cutPackets;

    /// <summary>Octets that waiting fragments take.</summary>
    internal int FragmentBytes => _fragments?.Bytes ?? 0;

    /// <summary>A fragment arrives. The last one that a packet lacked lets the whole packet arrive.</summary>
    private SegmentVerdict FragmentArrives(in DecodedPacket fragment, Timestamp now)
    {
        const string Rule = "1122 3.3.2";
        if (!Owns(fragment.Destination) || !fragment.Source.IsUnicast || fragment.Protocol is not (IpProtocol.Tcp or IpProtocol.Udp or IpProtocol.Icmp or IpProtocol.IcmpV6))
        {
            Counters.NotForUs++;
            return SegmentVerdict.Drop(Rule, "A fragment that is not for this host.");
        }

        if (fragment.IpChecksumValid == false)
        {
            Counters.BadChecksums++;
            return SegmentVerdict.Drop(Rule, "Its checksum is wrong, so nothing in it can be trusted.");
        }

        _fragments ??= new FragmentReassembly(MaximumFragmentBytes, isStrict: true);
        return _fragments.TryComplete(fragment, now.Nanoseconds, out ReadOnlyMemory<byte> whole)
            ? WholePacketArrives(PacketDecoder.Decode(whole, LinkType.Raw), now)
            : SegmentVerdict.Accepted;
    }

    /// <summary>Sends a packet that belongs to no connection, in pieces if the interface does not carry it whole.</summary>
    private void Reply(byte[] packet, TransmitReason reason, string note)
    {
        if (packet.Length <= UsableMtu)
        {
            Enqueue(packet, reason, note);
            return;
        }

        List<byte[]> fragments = IpFragments.Split(packet, UsableMtu, packet[0] >> 4 == 6 ? ++_cutPackets : ++_identification);
        if (_replies.Count + fragments.Count <= MaximumReplies)
        {
            fragments.ForEach(fragment => Enqueue(fragment, reason, note));
        }
    }

    private void Enqueue(byte[] packet, TransmitReason reason, string note)
    {
        if (_replies.Count < MaximumReplies)
        {
            _replies.Enqueue(new(packet, reason, 1, note, 0));
        }
    }
}
