using System.Numerics;
using TcpShell.Wire;

namespace TcpShell.Tcp;

// What the two SYNs agree on: MSS (RFC 9293 3.7.1), window scale and timestamps (RFC 7323), SACK (RFC 2018).
public sealed partial class TcpConnection
{
    private const int MaximumWindowShift = 14;
    private const int DefaultMssIPv4 = 536;
    private const int DefaultMssIPv6 = 1220;

    // No path carries less than 68 octets (RFC 791), so a smaller MSS can only be an attack on our header-to-data ratio [6691-5].
    private const int SmallestMss = 28;

    // Octets of the timestamps option with its padding.
    private const int TimestampsSize = 12;
    private static readonly TimeSpan s_timestampTooOld = TimeSpan.FromDays(24);

    private uint _recentTimestamp;
    private Timestamp _recentTimestampTaken;

    /// <summary>The options of our SYN or SYN,ACK; empty before it is sent.</summary>
    public TcpOptions OfferedOptions { get; private set; }

    /// <summary>The options of the peer's SYN or SYN,ACK; empty before it arrives.</summary>
    public TcpOptions ReceivedOptions { get; private set; }

    /// <summary>Whether windows are scaled: both SYNs carried the option [7323-1].</summary>
    public bool WindowScalingInForce { get; private set; }

    /// <summary>Whether every segment carries timestamps: both SYNs did [7323-6].</summary>
    public bool TimestampsInForce { get; private set; }

    /// <summary>Whether selective acknowledgments may be used: both SYNs permitted it [2018-1].</summary>
    public bool SelectiveAcknowledgmentInForce { get; private set; }

    /// <summary>The MSS that we announce: the largest payload that we can receive, options not deducted [MUST-67, 6691-1].</summary>
    public int ReceiveMaximumSegmentSize =>
        Settings.MaximumSegmentSize ?? Math.Clamp(_mtu - HeaderSize, SmallestMss, ushort.MaxValue);

    /// <summary>The most octets of data that a segment of ours carries: what peer, path and our own limit allow, less the options [MUST-16, 6691-2].</summary>
    public int SendMaximumSegmentSize
    {
        get
        {
            int peer = ReceivedOptions.MaximumSegmentSize ?? (IsIPv6 ? DefaultMssIPv6 : DefaultMssIPv4); // [MUST-15, 6691-3]
            int own = Math.Min(Settings.MaximumSegmentSize ?? int.MaxValue, PathMtu - HeaderSize);
            return Math.Max(SmallestMss, Math.Min(peer, own)) - (TimestampsInForce ? TimestampsSize : 0);
        }
    }

    private bool IsIPv6 => Remote.Address.IsIPv6 || Local.Address.IsIPv6;

    /// <summary>Octets of the IP and TCP headers without options.</summary>
    private int HeaderSize => (IsIPv6 ? 40 : 20) + 20;

    /// <summary>
    /// The window shift that was asked for, else the one that lets the whole receive buffer be offered in 16 bits. Two units at least must fit
    /// in the buffer: with fewer a window that rounds to 0 would stay closed though the buffer is empty.
    /// </summary>
    private int ReceiveShift => Settings.WindowScale is { } asked
        ? Math.Clamp(BitOperations.Log2((uint)Settings.ReceiveBufferSize) - 1, 0, asked)
        : Math.Clamp(32 - BitOperations.LeadingZeroCount((uint)Settings.ReceiveBufferSize >> 16), 0, MaximumWindowShift);

    /// <summary>The options of our SYN, which no other segment has [MUST-65]; on a SYN,ACK only what the peer's SYN had [7323-4].</summary>
    private TcpOptions SynOptions(bool answering, Timestamp now)
    {
        bool timestamps = Settings.Timestamps && (!answering || ReceivedOptions.Timestamps is not null);
        OfferedOptions = new TcpOptions
        {
            MaximumSegmentSize = (ushort)ReceiveMaximumSegmentSize, // always [MUST-14, SHLD-5, MAY-3]
            WindowScale = Settings.WindowScaling && (!answering || ReceivedOptions.WindowScale is not null) ? (byte)ReceiveShift : null,
            SackPermitted = Settings.SelectiveAcknowledgment && (!answering || ReceivedOptions.SackPermitted),
            Timestamps = timestamps ? new TcpTimestamps(TimestampClock(now), answering ? _recentTimestamp : 0) : null, // [7323-8]
            UserTimeout = Settings.UserTimeoutOption ? AdvertisedUserTimeout : null, // [5482-4]
        };
        if (Settings.SynOptionLayout is { } layout)
        {
            OfferedOptions = OfferedOptions with { Wire = SynLayout.Write(layout, OfferedOptions) };
        }

        return OfferedOptions;
    }

    /// <summary>Puts in force what both ends want.</summary>
    private void Negotiate(in TcpSegment syn, Timestamp now)
    {
        ReceivedOptions = syn.Options;
        WindowScalingInForce = Settings.WindowScaling && syn.Options.WindowScale is not null;
        Snd.WindowShift = WindowScalingInForce ? Math.Min((int)syn.Options.WindowScale!.Value, MaximumWindowShift) : 0; // [7323-3]
        Rcv.WindowShift = WindowScalingInForce ? ReceiveShift : 0;
        SelectiveAcknowledgmentInForce = Settings.SelectiveAcknowledgment && syn.Options.SackPermitted;
        _duplicate = null;
        TimestampsInForce = Settings.Timestamps && syn.Options.Timestamps is not null;
        _recentTimestamp = syn.Options.Timestamps?.Value ?? 0;
        _recentTimestampTaken = now;
        PeerUserTimeout = _adoptedUserTimeout = null;
        TakeUserTimeout(syn.Options.UserTimeout, now);
    }

    /// <summary>The options that a pure ACK sent now would carry: timestamps and SACK blocks, where they are in force.</summary>
    /// <param name="now">The time.</param>
    public TcpOptions CurrentOptions(Timestamp now) => SegmentOptions(payload: 0, now);

    /// <summary>The options of a segment that is no SYN; it has an ACK always.</summary>
    private TcpOptions SegmentOptions(int payload, Timestamp now)
    {
        int room = SendMaximumSegmentSize - payload;
        bool withUserTimeout = _userTimeoutPending && UserTimeoutSize <= room;
        return new()
        {
            Timestamps = TimestampsInForce ? new TcpTimestamps(TimestampClock(now), _recentTimestamp) : null, // [7323-6]
            UserTimeout = withUserTimeout ? AdvertisedUserTimeout : null,
            Sack = ToSackBlocks(SackCount(withUserTimeout ? room - UserTimeoutSize : room)), // [2018-2]
        };
    }

    /// <summary>The most octets of data that fit beside the options which the next segment must carry [6691-2].</summary>
    private int SegmentRoom
    {
        get
        {
            int options = (_userTimeoutPending ? UserTimeoutSize : 0) + SackSize(SackCount(int.MaxValue));
            return Math.Max(SmallestMss - TimestampsSize, SendMaximumSegmentSize - options);
        }
    }

    /// <summary>A tick each millisecond, from an offset of the connection's own [7323-15, 7323-16].</summary>
    private uint TimestampClock(Timestamp now) => unchecked(_timestampOffset + (uint)(now.Nanoseconds / 1_000_000));

    /// <summary>PAWS (RFC 7323 5.3): a segment older than one that was taken already [7323-11, 7323-13].</summary>
    private bool IsOldByTimestamp(in TcpSegment segment, Timestamp now) =>
        TimestampsInForce
        && segment.Options.Timestamps is { } timestamps
        && unchecked((int)(timestamps.Value - _recentTimestamp)) < 0
        && now - _recentTimestampTaken <= s_timestampTooOld;

    /// <summary>Takes the timestamp that our ACKs shall echo [7323-9].</summary>
    private void TakeTimestamp(in TcpSegment segment, Timestamp now)
    {
        // One from more than 24 days ago tells nothing of what is older or newer: the first after it counts [7323-13].
        if (TimestampsInForce
            && segment.Options.Timestamps is { } timestamps
            && (unchecked((int)(timestamps.Value - _recentTimestamp)) >= 0 || now - _recentTimestampTaken > s_timestampTooOld)
            && segment.SequenceNumber <= Rcv.LastAckSent)
        {
            _recentTimestamp = timestamps.Value;
            _recentTimestampTaken = now;
        }
    }
}
