using System.Buffers.Binary;

namespace TcpShell.Live.Kernel;

/// <summary>Linux's struct tcp_info. It grew over the years: what an older kernel does not have is left out.</summary>
internal static class TcpInfo
{
    private const byte Timestamps = 1;
    private const byte Sack = 2;
    private const byte WindowScale = 4;
    private const byte Ecn = 8;
    private const uint NoThreshold = 0x7fffffff;

    public static SystemConnection AddTo(SystemConnection connection, ReadOnlySpan<byte> info)
    {
        if (info.Length < 104)
        {
            return connection;
        }

        byte options = info[5];
        uint mss = U32(info, 16);
        uint rtt = U32(info, 68);
        uint threshold = U32(info, 76);
        connection = connection with
        {
            TimestampsInForce = (options & Timestamps) != 0,
            SackInForce = (options & Sack) != 0,
            WindowScalingInForce = (options & WindowScale) != 0,
            EcnInForce = (options & Ecn) != 0,
            SndScale = info[6] & 0xf,
            RcvScale = info[6] >> 4,
            Rto = Microseconds(U32(info, 8)),
            SendMss = (int)mss,
            Unacknowledged = (int)U32(info, 24),
            Sacked = (int)U32(info, 28),
            Lost = (int)U32(info, 32),
            Retransmitted = (int)U32(info, 36),
            PathMtu = (int)U32(info, 60),
            Rtt = rtt == 0 ? null : Microseconds(rtt),
            RttVar = rtt == 0 ? null : Microseconds(U32(info, 72)),
            Ssthresh = threshold >= NoThreshold ? null : threshold * (long)mss,
            Cwnd = U32(info, 80) * (long)mss,
            ReceiveMss = (int)U32(info, 84),
            Reordering = (int)U32(info, 88),
            Retransmissions = U32(info, 100),
        };
        if (info.Length >= 152)
        {
            uint shortest = U32(info, 148);
            connection = connection with
            {
                Received = U64(info, 128),
                MinRtt = shortest == uint.MaxValue ? null : Microseconds(shortest),
            };
        }

        return info.Length < 232
            ? connection
            : connection with
            {
                DeliveryRate = U64(info, 160),
                Sent = U64(info, 200) - U64(info, 208),
                SndWnd = U32(info, 228),
            };
    }

    private static uint U32(ReadOnlySpan<byte> info, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(info[offset..]);

    private static long U64(ReadOnlySpan<byte> info, int offset) => BinaryPrimitives.ReadInt64LittleEndian(info[offset..]);

    private static TimeSpan Microseconds(uint value) => TimeSpan.FromMicroseconds(value);
}
