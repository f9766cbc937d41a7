using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hosting;

// Requests that are answered with SYN cookies (RFC 4987 3.6), and what comes back.
public sealed partial class TcpHost
{
    // The two-way handshake has no third segment in which a cookie could come back.
    private static bool UsesCookie(Listener listener) => !listener.Control.Settings.TwoWayHandshake && listener.Control.Settings.SynCookies switch
    {
        SynCookieMode.Always => true,
        SynCookieMode.WhenFull => listener.IsFull, // [4987-2]
        _ => false,
    };

    /// <summary>Answers as the connection would that the request asks for, and forgets it.</summary>
    private SegmentVerdict AnswerWithCookie(
        Listener listener, in TcpSegment syn, Endpoint local, Endpoint remote, Timestamp now, byte trafficClass)
    {
        TcpConnection tcp = Fork(listener, local, remote);
        TcpSegment request = SynCookies.Reduce(syn, tcp.Settings.Timestamps);
        tcp.PrepareIss(_cookies.Make(local, remote, request, now));
        SegmentVerdict verdict = tcp.SegmentArrives(request, remote, now, trafficClass);
        while (tcp.TryPollTransmit(now, out OutgoingSegment answer))
        {
            byte[] packet = Write(local.Address, remote.Address, SynCookies.Mark(answer.Segment, request), tcp.Settings, answer.Ecn);
            Reply(packet, answer.Reason, "SYN cookie: nothing is remembered of the request");
        }

        listener.SynCookiesSent++;
        listener.CookiesTakenUntil = now + SynCookies.Lifetime;
        return verdict;
    }

    private TcpSegment? ReadCookie(Listener listener, in TcpSegment segment, Endpoint local, Endpoint remote, Timestamp now)
    {
        return CanBringCookie(listener, segment, now) && _cookies.TryRead(local, remote, segment, now, out TcpSegment request) ? request : null;
    }

    /// <summary>
    /// Whether a segment may be one of a peer that was answered with a cookie, but not the first one, without which the cookie cannot be read. A RST would end
    /// what the retransmission of the first can still open. Under a flood that loses segments that is how clients would fail.
    /// </summary>
    private static bool MayFollowCookie(Listener listener, in TcpSegment segment, Timestamp now) =>
        segment.Length > 0 && CanBringCookie(listener, segment, now) && SynCookies.CanBe(segment.AcknowledgmentNumber - 1, now);

    private static bool CanBringCookie(Listener listener, in TcpSegment segment, Timestamp now) =>
        segment.Flags.Has(TcpFlags.ACK) && !segment.Flags.HasAny(TcpFlags.SYN | TcpFlags.RST) && listener.CookiesTakenUntil >= now;

    /// <summary>Makes the connection that the request had asked for, and opens it with the ACK that brought the request back [4987-3].</summary>
    private SegmentVerdict OpenFromCookie(
        Listener listener, in TcpSegment request, in TcpSegment segment, Endpoint local, Endpoint remote, Timestamp now, byte trafficClass)
    {
        TcpConnection tcp = Fork(listener, local, remote);
        tcp.TakeUpRequest(request, remote, segment.AcknowledgmentNumber - 1, now);
        SegmentVerdict verdict = tcp.SegmentArrives(segment, remote, now, trafficClass);
        if (verdict == SegmentVerdict.Accepted)
        {
            listener.SynCookiesAccepted++;
            AcceptFrom(listener, tcp, predecessor: null, now);
        }

        return verdict;
    }
}
