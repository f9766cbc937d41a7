using System.Globalization;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Scripting.Generation;

/// <summary>What a connection shows of the TCP under test: what its SYN offers, what its windows and timers were.</summary>
internal sealed class StackTraits
{
    private const int Ipv4Headers = 40;
    private const int Ipv6Headers = 60;
    private const int SmallestMtu = 68;
    private const int LargestShift = 14;
    private const int BufferUnit = 65536;

    // What is acknowledged later than this was delayed on purpose; later than that, TCP forbids (RFC 9293 MUST-40).
    private const long ShortestDelay = 20_000;
    private const long UsualDelay = 40_000;
    private const long LongestDelay = 500_000;

    // What a SYN can have waited before it went again; a copy of it is no retransmission.
    private const long ShortestTimeout = 100_000;
    private const long LongestTimeout = 60_000_000;
    private const int MostInitialSegments = 1000;

    // How soon after an acknowledgment data follows that waited for it; and how long this TCP waits at least before it sends again.
    private const long Prompt = 2000;
    private const long LeastPatience = 190_000;
    private const long UsualSynTimeout = 990_000;

    private readonly SeatTrace _trace;
    private readonly TcpOptions? _offer;

    public StackTraits(SeatTrace trace)
    {
        _trace = trace;
        _offer = trace.LocalSyn?.Segment.TcpOptions;
        IsIpv6 = trace.Local.Address.IsIPv6;
        LargestWindow = trace.Packets.Where(packet => !packet.IsInbound && !packet.IsReset).Select(packet => (long)packet.Segment.ScaledWindow).DefaultIfEmpty().Max();
        TcpOptions? asked = trace.RemoteSyn?.Segment.TcpOptions;
        int peerMss = asked?.MaximumSegmentSize ?? (IsIpv6 ? 1220 : 536);
        Timestamps = _offer?.Timestamps is not null && asked?.Timestamps is not null;
        SendMss = Math.Max(1, Math.Min(peerMss, Mtu - Headers) - (Timestamps ? 12 : 0));
    }

    public bool IsIpv6 { get; }

    /// <summary>The shift count of the seat's windows; 0 where they are not scaled.</summary>
    public int WindowShift => _offer?.WindowScale is { } shift && _trace.RemoteSyn?.Segment.TcpOptions.WindowScale is not null ? Math.Min((int)shift, LargestShift) : 0;

    /// <summary>Whether both SYNs carried timestamps.</summary>
    public bool Timestamps { get; }

    /// <summary>The largest window that was told, in octets.</summary>
    public long LargestWindow { get; }

    /// <summary>Octets of data that a full segment of the seat carries.</summary>
    public int SendMss { get; }

    /// <summary>The interface's MTU as the MSS option tells it; 1500 where there is none.</summary>
    public int Mtu => _offer?.MaximumSegmentSize is { } mss && mss + Headers is >= SmallestMtu and <= ushort.MaxValue and int mtu ? mtu : 1500;

    private bool ShowsItHasNoScale => _trace.IsActive || _trace.RemoteSyn?.Segment.TcpOptions.WindowScale is not null;

    private int Headers => IsIpv6 ? Ipv6Headers : Ipv4Headers;

    /// <summary>
    /// The receive buffer: the largest window, but of a size for which the window scale is what the SYN says. A stack whose buffer grows on the
    /// way chooses the scale for what it may become.
    /// </summary>
    public int? ReceiveBuffer
    {
        get
        {
            if (_trace.Settings is { } known)
            {
                return known.ReceiveBufferSize;
            }

            // Without a scale no window is larger than the field; how much buffer stands behind a full one is not to be seen.
            bool isHidden = _offer?.WindowScale is null && LargestWindow + SendMss > ushort.MaxValue && !ShowsItHasNoScale;
            if (_offer is null || LargestWindow == 0 || isHidden)
            {
                return null;
            }

            int shift = Math.Min((int)(_offer.Value.WindowScale ?? 0), LargestShift);
            if (shift == 0)
            {
                return (int)LargestWindow;
            }

            // What is told of a large buffer is a little less than it has: something is always in it, and the scale rounds down.
            long whole = (LargestWindow + BufferUnit - 1) / BufferUnit * BufferUnit;
            return (int)Math.Min(Math.Clamp(whole, 1L << (15 + shift), (1L << (16 + shift)) - 1), 1L << 30);
        }
    }

    /// <summary>The settings of the kernel that make it offer what it offered, as a command line; null if it sent no SYN.</summary>
    public string? Command
    {
        get
        {
            if (_offer is not { } offer)
            {
                return null;
            }

            var settings = new List<string>();
            AddSwitch(settings, "tcp_timestamps", offer.Timestamps is not null, syn => syn.Timestamps is not null);
            AddSwitch(settings, "tcp_sack", offer.SackPermitted, syn => syn.SackPermitted);
            AddSwitch(settings, "tcp_window_scaling", offer.WindowScale is not null, syn => syn.WindowScale is not null);
            if (EcnSetting is { } ecn)
            {
                settings.Add($"net.ipv4.tcp_ecn={ecn}");
            }

            if (ReceiveBuffer is { } buffer)
            {
                settings.Add(string.Create(CultureInfo.InvariantCulture, $"net.ipv4.tcp_rmem=\"4096 {Math.Min(buffer, 131072)} {buffer}\""));
            }

            return settings.Count == 0 ? null : $"sysctl -q {string.Join(' ', settings)}";
        }
    }

    /// <summary>What a profile can say beyond the script.</summary>
    public ScriptProfile Profile(string name, string description)
    {
        ScriptProfile like = _trace.IsOfThisEngine ? ScriptProfile.Lab : ScriptProfile.Linux;
        TcpSettings settings = _trace.Settings ?? like.Settings;
        if (_trace.Settings is null && _offer is { } offer)
        {
            TcpOptions? asked = _trace.IsActive ? null : _trace.RemoteSyn?.Segment.TcpOptions;
            settings = settings with
            {
                Timestamps = offer.Timestamps is not null || asked is { Timestamps: null },
                SelectiveAcknowledgment = offer.SackPermitted || asked is { SackPermitted: false },
                WindowScaling = offer.WindowScale is not null || asked is { WindowScale: null },
                ReceiveBufferSize = ReceiveBuffer ?? settings.ReceiveBufferSize,
                InitialWindowSegments = InitialWindow ?? settings.InitialWindowSegments,
                KeepAliveGarbage = KeepAliveInference.Of(_trace)?.HasOctet ?? settings.KeepAliveGarbage,
                Ecn = EcnSetting switch { "0" => EcnMode.Off, "1" => EcnMode.Request, "2" => EcnMode.Accept, _ => settings.Ecn },
            };
        }

        if (_trace.Settings is null && LongestPatience is long patience && patience > LeastPatience && patience <= LongestTimeout)
        {
            settings = settings with { MinimumRto = Rounded(patience + (patience / 4)), TailLossProbe = false };
        }

        if (_trace.Settings is null && SynTimeout is { } timeout)
        {
            settings = settings with { InitialRto = timeout };
        }

        return like with
        {
            Name = name,
            Description = description,
            SuspectScripts = [],
            Settings = _trace.Settings is null && DelayedAck is { } delay ? settings with { DelayedAckTimeout = delay } : settings,
        };
    }

    /// <summary>tcp_ecn, where the SYNs speak of it.</summary>
    private string? EcnSetting
    {
        get
        {
            const TcpFlags Setup = TcpFlags.ECE | TcpFlags.CWR;
            TcpFlags sent = _trace.LocalSyn?.Flags ?? TcpFlags.None;
            if (_trace.IsActive)
            {
                return (sent & Setup) == Setup ? "1" : "0";
            }

            bool asked = _trace.RemoteSyn is { } syn && (syn.Flags & Setup) == Setup;
            return !asked || _trace.LocalSyn is null ? null : sent.Has(TcpFlags.ECE) ? "2" : "0";
        }
    }

    /// <summary>The time after which its SYN went again; or longer than it waited for an answer, where that is longer than usual.</summary>
    private TimeSpan? SynTimeout
    {
        get
        {
            List<long> syns = [.. _trace.Packets.Where(packet => !packet.IsInbound && packet.IsSyn).Select(packet => packet.Time).Take(2)];
            if (syns.Count == 2)
            {
                return syns[1] - syns[0] is >= ShortestTimeout and <= LongestTimeout and long gap ? Rounded(gap) : null;
            }

            SeatPacket? answer = syns.Count == 0 ? null : _trace.Packets.FirstOrDefault(packet => packet.IsInbound && packet.IsAck && packet.Acknowledgment >= 1);
            long waited = answer is null ? 0 : answer.Time - syns[0];
            return waited >= UsualSynTimeout && waited <= LongestTimeout ? Rounded(2 * waited) : null;
        }
    }

    /// <summary>
    /// The initial window in segments (RFC 5681 3.1), where it shows: more were sent than acknowledgments can have opened the window for in slow start, or
    /// a first flight of full segments ended and went on with the first acknowledgment.
    /// </summary>
    private int? InitialWindow
    {
        get
        {
            long most = 0;
            int sent = 1;
            int acknowledged = 1;
            int? first = null;
            for (int i = 0; i < _trace.Packets.Count; i++)
            {
                SeatPacket packet = _trace.Packets[i];
                if (packet.IsInbound)
                {
                    bool isFirst = acknowledged == 1 && packet.IsPureAck && packet.Acknowledgment > 1 && packet.Acknowledgment <= sent;
                    bool goesOn = isFirst && i + 1 < _trace.Packets.Count && _trace.Packets[i + 1] is { IsInbound: false, HasData: true } next
                        && next.Start == sent && next.Time - packet.Time <= Prompt;
                    first = goesOn && (sent - 1) % SendMss == 0 ? (sent - 1) / SendMss : first;
                    acknowledged = packet.IsAck ? Math.Max(acknowledged, Math.Min(packet.Acknowledgment, sent)) : acknowledged;
                    continue;
                }

                if (packet.HasData && packet.Start < sent)
                {
                    break; // what was lost makes it another matter
                }

                sent = Math.Max(sent, packet.End);
                most = Math.Max(most, sent - acknowledged - (acknowledged - 1L));
            }

            int shown = (int)Math.Min((most + SendMss - 1) / SendMss, MostInitialSegments);
            return shown > TcpSettings.Linux.InitialWindowSegments ? shown : first;
        }
    }

    /// <summary>The longest that it waited for an acknowledgment of data without sending anything again.</summary>
    private long LongestPatience
    {
        get
        {
            long longest = 0;
            var waiting = new Queue<(int End, long Time)>();
            int sent = 1;
            foreach (SeatPacket packet in _trace.Packets)
            {
                if (!packet.IsInbound && packet.HasData && packet.Start < sent)
                {
                    break; // from the first retransmission on its patience is another one
                }

                if (!packet.IsInbound && packet.HasData)
                {
                    waiting.Enqueue((packet.End, packet.Time));
                    sent = Math.Max(sent, packet.End);
                }

                while (packet.IsInbound && packet.IsAck && waiting.TryPeek(out (int End, long Time) oldest) && oldest.End <= packet.Acknowledgment)
                {
                    longest = Math.Max(longest, packet.Time - oldest.Time);
                    waiting.Dequeue();
                }
            }

            return longest;
        }
    }

    /// <summary>How long the seat let lone data wait for its acknowledgment: the median; null where it shows nothing of that.</summary>
    public TimeSpan? DelayedAck
    {
        get
        {
            var delays = new List<long>();
            long carried = 0;
            IReadOnlyList<SeatPacket> packets = _trace.Packets;
            for (int i = 0; i + 1 < packets.Count; i++)
            {
                SeatPacket answer = packets[i + 1];
                bool isDelayed = packets[i].IsInbound && packets[i].HasData && !answer.IsInbound && answer.IsPureAck && answer.Acknowledgment == packets[i].EndWithFin;
                long delay = answer.Time - packets[i].Time;
                bool isCarried = packets[i].IsInbound && packets[i].HasData && answer is { IsInbound: false, HasData: true } && answer.Acknowledgment == packets[i].EndWithFin;
                carried = isCarried && delay is >= UsualDelay and < LongestDelay ? Math.Max(carried, delay) : carried;
                if (isDelayed && delay is >= ShortestDelay and < LongestDelay)
                {
                    delays.Add(delay);
                }
            }

            delays.Sort();
            return delays.Count > 0 ? Rounded(delays[delays.Count / 2]) : carried > 0 ? Rounded(Math.Min(carried + UsualDelay, LongestDelay - UsualDelay)) : null;
        }
    }

    // A server that is not asked for an option does not show whether it would have agreed.
    private void AddSwitch(List<string> settings, string name, bool offered, Func<TcpOptions, bool> isAskedFor)
    {
        bool isKnown = _trace.IsActive || offered || (_trace.RemoteSyn is { } syn && isAskedFor(syn.Segment.TcpOptions));
        if (isKnown && !offered)
        {
            settings.Add($"net.ipv4.{name}=0");
        }
    }

    private static TimeSpan Rounded(long microseconds) => TimeSpan.FromMilliseconds(Math.Round(microseconds / 1000.0));
}
