using System.Globalization;
using TcpShell.Hosting;
using TcpShell.Scripting;

namespace TcpShell.Packetdrill.Interop;

/// <summary>struct tcp_info as packetdrill knows it.</summary>
internal static class TcpInformation
{
    // Members in their order, with their sizes in octets. One octet has two scales, another one, and the last word, have bits that nothing here has.
    private const string Layout = """
        state 1 ca_state 1 retransmits 1 probes 1 backoff 1 options 1 wscales 1 bits 1
        rto 4 ato 4 snd_mss 4 rcv_mss 4 unacked 4 sacked 4 lost 4 retrans 4 fackets 4
        last_data_sent 4 last_ack_sent 4 last_data_recv 4 last_ack_recv 4 pmtu 4 rcv_ssthresh 4 rtt 4 rttvar 4 snd_ssthresh 4 snd_cwnd 4
        advmss 4 reordering 4 rcv_rtt 4 rcv_space 4 total_retrans 4 pacing_rate 8 max_pacing_rate 8 bytes_acked 8 bytes_received 8
        segs_out 4 segs_in 4 notsent_bytes 4 min_rtt 4 data_segs_in 4 data_segs_out 4 delivery_rate 8 busy_time 8 rwnd_limited 8
        sndbuf_limited 8 delivered 4 delivered_ce 4 bytes_sent 8 bytes_retrans 8 dsack_dups 4 reord_seen 4 rcv_ooopack 4 snd_wnd 4 rcv_wnd 4
        rehash 4 total_rto 2 total_rto_recoveries 2 total_rto_time 4 received_ce 4 delivered_e1_bytes 4 delivered_e0_bytes 4
        delivered_ce_bytes 4 received_e1_bytes 4 received_e0_bytes 4 received_ce_bytes 4 ecn_bits 4
        """;

    private static readonly (string Name, int Size)[] s_members =
    [
        .. Layout.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Chunk(2)
            .Select(pair => (pair[0], int.Parse(pair[1], CultureInfo.InvariantCulture))),
    ];

    /// <summary>The octets of a connection's structure. What nothing here measures is 0.</summary>
    public static byte[] Of(HostedConnection? connection, Timestamp now)
    {
        long Value(string name) => TcpInfo.Find(connection, "tcpi_" + name, now) ?? 0;

        var octets = new byte[s_members.Sum(member => member.Size)];
        int offset = 0;
        foreach ((string name, int size) in s_members)
        {
            long value = name == "wscales" ? Value("snd_wscale") | (Value("rcv_wscale") << 4) : Value(name);
            BitConverter.GetBytes(value).AsSpan(0, size).CopyTo(octets.AsSpan(offset));
            offset += size;
        }

        return octets;
    }
}
