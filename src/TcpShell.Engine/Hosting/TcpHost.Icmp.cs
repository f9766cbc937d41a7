using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hosting;

// What IP does for the connections: ICMP errors find theirs, and what is known of a path serves all of them.
public sealed partial class TcpHost
{
    private readonly PathMtuCache _pathMtus = new();

    /// <summary>The largest packet that interface and route let through.</summary>
    private int UsableMtu => Math.Min(Mtu, RouteMtu ?? Mtu);

    /// <summary>Destinations whose path is known to carry less than the interface.</summary>
    internal int KnownPathMtus => _pathMtus.Count;

    /// <summary>An ICMP error arrives: it is for the connection whose segment it quotes [MUST-54]. Nothing ever answers it (RFC 1122 3.2.2).</summary>
    private SegmentVerdict IcmpErrorArrives(in DecodedPacket packet, Timestamp now)
    {
        const string Rule = "9293 3.9.2.2";
        if (packet.IcmpChecksumValid != true)
        {
            Counters.BadChecksums++;
            return SegmentVerdict.Drop(Rule, "Its checksum is wrong, so nothing in it can be trusted.");
        }

        Counters.IcmpErrors++;
        IcmpError error = IcmpError.Of(packet);
        if (!Owns(packet.IcmpDestination) || _demultiplexer.FindConnection(packet.SourceEndpoint, packet.DestinationEndpoint) is not { } connection)
        {
            return SegmentVerdict.Drop(Rule, $"{error}: it quotes no connection of this host.");
        }

        TcpConnection tcp = connection.Tcp;
        int before = tcp.PathMtu;
        SegmentVerdict verdict = tcp.IcmpErrorArrives(error, packet.Segment.SequenceNumber, packet.IpLength, now);
        if (tcp.PathMtu < before)
        {
            _pathMtus.Learn(connection.Remote.Address, tcp.PathMtu, now);
        }

        Settle(connection, now);
        return verdict;
    }

    /// <summary>Before a connection sends, it is told what the host knows of its path by now: less than before, or after a time no longer less.</summary>
    private void UsePathMtu(HostedConnection connection, Timestamp now)
    {
        int known = connection.Tcp.PathMtu;
        if (_pathMtus.Count > 0 || known != UsableMtu)
        {
            int learnt = connection.Settings.PathMtuDiscovery ? _pathMtus.Find(connection.Remote.Address, now) ?? UsableMtu : known;
            int mtu = Math.Min(UsableMtu, learnt);
            if (mtu != known)
            {
                connection.Tcp.UsePathMtu(mtu);
            }
        }
    }
}
