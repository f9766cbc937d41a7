using TcpShell.Tcp.Recovery;
using TcpShell.Wire;

namespace TcpShell.Tcp;

// What IP tells TCP: ICMP errors (RFC 9293 3.9.2.2, RFC 5927) and the path's MTU (RFC 1191, RFC 8201); and what TCP tells IP in turn.
public sealed partial class TcpConnection
{
    internal const int LeastMtuOfIPv6 = 1280;

    // RFC 1191 7.1: the MTUs that networks have, for routers that do not say which.
    private static readonly int[] s_plateaus = [32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68];

    private bool _adviceToIp;

    /// <summary>The largest IP packet that is sent, in octets: the interface's MTU, until a router tells of less.</summary>
    public int PathMtu { get; private set; }

    /// <summary>The last ICMP error that counted; null if there was none [SHLD-25].</summary>
    public IcmpError? LastIcmpError { get; private set; }

    /// <summary>An ICMP error about a segment of this connection arrives (RFC 9293 3.9.2.2).</summary>
    /// <param name="error">The error.</param>
    /// <param name="quoted">The sequence number of the segment that it quotes.</param>
    /// <param name="quotedLength">Octets of the IP packet that it quotes; 0 where that is not known.</param>
    /// <param name="now">The time.</param>
    /// <returns>What became of the error, and by which rule.</returns>
    public SegmentVerdict IcmpErrorArrives(IcmpError error, SeqNumber quoted, int quotedLength, Timestamp now)
    {
        if (error.Kind is IcmpErrorKind.SourceQuench or IcmpErrorKind.Other)
        {
            return SegmentVerdict.Drop("9293 3.9.2.2", $"{error} means nothing to TCP."); // [MUST-55, 5927-3]
        }

        // Whoever does not see the connection's segments cannot know which numbers are in flight [5927-1].
        if (State is TcpState.Closed or TcpState.Listen || quoted < Snd.Una || quoted >= Snd.Max)
        {
            return SegmentVerdict.Drop("5927 4.1", $"{error}: the quoted segment (seq={FromUs(quoted)}) is not in flight, so this may be a forgery.");
        }

        if (error.Kind == IcmpErrorKind.PacketTooBig)
        {
            return PacketWasTooBig(error, quotedLength);
        }

        LastIcmpError = error;
        if (error.IsHard && !IsSynchronized(State))
        {
            BelieveHardError(error, now); // [SHLD-26]
        }
        else if (Settings.ReportSoftErrors) // [SHLD-20]
        {
            // Soft errors pass, and a hard one about an open connection is more likely wrong than right [MUST-56, 5927-2].
            Tell(ConnectionEventKind.SoftError, now); // [MUST-47]
        }

        return SegmentVerdict.Accepted;
    }

    /// <summary>
    /// What the path carries has changed, as IP knows from whatever source. What is in flight and too big now is taken for lost, and goes
    /// again in smaller pieces without waiting for its timer.
    /// </summary>
    /// <param name="mtu">Octets of the largest packet; bounded by the interface's MTU and <see cref="TcpSettings.MinimumPathMtu"/>.</param>
    internal void UsePathMtu(int mtu)
    {
        int before = SendMaximumSegmentSize;
        PathMtu = Math.Min(_mtu, Math.Max(mtu, LeastPathMtu));
        int size = SendMaximumSegmentSize;
        if (size != before && IsSynchronized(State))
        {
            // No sign of congestion: the windows stay the same in segments [1191-6].
            _congestion.ChangeSegmentSize(size);
            _restartWindow = (int)Math.Max(size, (long)_restartWindow * size / before);
        }

        foreach (SentSegment segment in Unacknowledged.Segments)
        {
            if (segment.Length - (segment.Flags.Has(TcpFlags.FIN) ? 1 : 0) > size)
            {
                Unacknowledged.MarkLost(segment, LossCause.PacketTooBig);
                _retransmitNow = true;
            }
        }
    }

    /// <summary>Whether IP should look for another path: R1 was passed since this was last asked [MUST-20].</summary>
    internal bool TakeAdviceToIp()
    {
        bool advice = _adviceToIp;
        _adviceToIp = false;
        return advice;
    }

    private int LeastPathMtu => IsIPv6 ? LeastMtuOfIPv6 : Settings.MinimumPathMtu; // [5927-5, 1191-7]

    private void AdviseOfBadPath(Timestamp now)
    {
        _adviceToIp = true;
        if (Settings.ReportSoftErrors)
        {
            Tell(ConnectionEventKind.BadPath, now);
        }
    }

    private void BelieveHardError(IcmpError error, Timestamp now)
    {
        string cause = $"ICMP error from {error.Source} arrives: {error}";
        if (MayReturnToListen)
        {
            ReturnToListen(TransitionEvent.IcmpErrorArrives, cause, now);
        }
        else
        {
            Fail(ConnectionError.Unreachable, TransitionEvent.IcmpErrorArrives, cause, now);
        }
    }

    private SegmentVerdict PacketWasTooBig(IcmpError error, int quotedLength)
    {
        if (!Settings.PathMtuDiscovery)
        {
            return SegmentVerdict.Drop("1191 3", "Path MTU discovery is switched off.");
        }

        int told = error.Mtu > 0 ? error.Mtu : Array.Find(s_plateaus, plateau => plateau < quotedLength); // [1191-3]
        if (Math.Max(told, LeastPathMtu) >= PathMtu)
        {
            return SegmentVerdict.Drop("1191 3", $"An MTU of {told} is not below what is sent already ({PathMtu}) or the least of it ({LeastPathMtu})."); // [1191-2]
        }

        LastIcmpError = error;
        UsePathMtu(told); // [1191-1]
        return SegmentVerdict.Accepted;
    }
}
