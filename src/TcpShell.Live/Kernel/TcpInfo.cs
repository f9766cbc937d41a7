using System.Buffers.Binary;

namespace TcpShell.Live.Kernel;

/// <summary>Linux's struct tcp_info. It grew over the years: what an older kernel does not have is left out.</summary>
internal static class TcpInfo
{
    private const byte Timestamps = 1;
    private const byte Sack = 2;
    private const byte WindowScale = 4;
    private const byte Ecn = 8;
    private const byte ApplicationLimited = 1;
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
            Backoff = info[4],
            IsApplicationLimited = (info[7] & ApplicationLimited) != 0,
            DelayedAckTimeout = Microseconds(U32(info, 12)),
            PeerSegmentSize = (int)U32(info, 20),
            SinceDataSent = Milliseconds(U32(info, 44)),
            SinceDataReceived = Milliseconds(U32(info, 52)),
            SinceAckReceived = Milliseconds(U32(info, 56)),
            ReceiveSsthresh = U32(info, 64),
            ReceiveRtt = U32(info, 92) is > 0 and uint receiveRtt ? Microseconds(receiveRtt) : null,
            ReceiveSpace = U32(info, 96),
        };
        if (info.Length >= 152)
        {
            uint shortest = U32(info, 148);
            connection = connection with
            {
                PacingRate = U64(info, 104) is >= 0 and long pacing ? pacing : null,
                BytesAcknowledged = U64(info, 120),
                Received = U64(info, 128),
                SegmentsSent = U32(info, 136),
                SegmentsReceived = U32(info, 140),
                Unsent = U32(info, 144),
                MinRtt = shortest == uint.MaxValue ? null : Microseconds(shortest),
            };
        }

        return info.Length < 232
            ? connection
            : connection with
            {
                DataSegmentsReceived = U32(info, 152),
                DataSegmentsSent = U32(info, 156),
                DeliveryRate = U64(info, 160),
                BusyTime = TimeSpan.FromMicroseconds(U64(info, 168)),
                Delivered = U32(info, 192),
                BytesSent = U64(info, 200),
                BytesRetransmitted = U64(info, 208),
                DuplicatesReported = U32(info, 216),
                OutOfOrderReceived = U32(info, 224),
                Sent = U64(info, 200) - U64(info, 208),
                SndWnd = U32(info, 228),
            };
    }

    private static uint U32(ReadOnlySpan<byte> info, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(info[offset..]);

    private static long U64(ReadOnlySpan<byte> info, int offset) => BinaryPrimitives.ReadInt64LittleEndian(info[offset..]);

    private static TimeSpan Milliseconds(uint value) => TimeSpan.FromMilliseconds(value);

    private static TimeSpan Microseconds(uint value) => TimeSpan.FromMicroseconds(value);
}
