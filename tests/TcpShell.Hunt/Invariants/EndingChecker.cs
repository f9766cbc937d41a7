using TcpShell.Hunt.Running;
using TcpShell.Tcp;
using static TcpShell.Hunt.Invariants.Requirement;

namespace TcpShell.Hunt.Invariants;

/// <summary>How a connection may end: closed by both users with every octet handed over, or with an error that has a cause.</summary>
internal static class EndingChecker
{
    // RFC 9293 MUST-40
    private static readonly TimeSpan s_longestAckDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>Judges an end that has just closed.</summary>
    /// <param name="end">The end.</param>
    /// <param name="peer">The other end of the same connection; null if there was none.</param>
    /// <param name="now">The time.</param>
    /// <param name="longestRoundTrip">The longest time that an answer can take.</param>
    public static void Check(End end, End? peer, Timestamp now, TimeSpan longestRoundTrip)
    {
        switch (end.Tcp.Error)
        {
            case ConnectionError.None:
                Require(end.Closed || end.Aborted, "Ending", $"{end} ends without an error, but its user never closed.");
                break;
            case ConnectionError.Aborted or ConnectionError.HostStopped:
                Require(end.Aborted, "Ending", $"{end} ends as {end.Tcp.Error}, but nobody aborted it.");
                break;
            case ConnectionError.Refused or ConnectionError.Reset:
                Require(end.Seen.ResetArrived, "Ending", $"{end} ends as {end.Tcp.Error}, but no RST has arrived.");

                Require(
                    !WasOpen(end) || end.Seen.FromCookie || end.Seen.OldResetArrived || peer is null || WentWrong(peer),
                    "ResetWithoutReason",
                    $"{end} was reset, but nothing went wrong at {peer}, which is {peer?.Tcp.State}.");
                break;
            case ConnectionError.Unreachable:
                Require(end.Seen.IcmpErrorArrived, "Ending", $"{end} ends as unreachable, but no ICMP error has arrived.");
                Require(!WasOpen(end), "Ending", $"{end} was open, and an ICMP error ends it [MUST-56].");
                break;
            case ConnectionError.UserTimeout:
                TimeSpan limit = end.Seen.UserTimeout ?? TimeSpan.MaxValue;
                Require(now - end.Seen.LastProgress >= limit, "Ending", $"{end} ends by a user timeout after {now - end.Seen.LastProgress}, not {limit}.");
                break;
            case ConnectionError.TimedOut:
                CheckTimedOut(end, now, longestRoundTrip);
                break;
            default:
                Require(false, "Ending", $"{end} ends as {end.Tcp.Error}, which nothing in the scenario can bring about.");
                break;
        }
    }

    /// <summary>
    /// Whether an end broke off: its user or its host did, it failed, a RST or an ICMP error made it listen again, or an old RST that fits by chance ended
    /// it when its user had closed already, which is no error.
    /// </summary>
    private static bool WentWrong(End end) =>
        end.Aborted
        || end.Tcp.Error != ConnectionError.None
        || end.Seen.OldResetArrived
        || (end.Tcp.State == TcpState.Listen && (end.Seen.ResetArrived || end.Seen.IcmpErrorArrived));

    /// <summary>Whether the peer has confirmed it. If not, it may be the answer to an old duplicate of a SYN, which is refused, and nobody did anything wrong.</summary>
    private static bool WasOpen(End end) => end.Tcp.Snd.Una != end.Tcp.Snd.Iss;

    /// <summary>Whoever gives up has lost each of its questions, or the answer to it.</summary>
    private static void CheckTimedOut(End end, Timestamp now, TimeSpan longestRoundTrip)
    {
        Observations seen = end.Seen;
        (List<Timestamp> asked, int losses) = seen.Probed.Count > 0 ? (seen.Probed, seen.LossesInSilence) : (seen.Asked, seen.Losses);
        int unanswered = asked.Count(time => now - time > longestRoundTrip);

        // The ACK of the first may have waited for company, and then the answer to the second is one to both.
        bool together = asked.Count > 1 && asked[1] - asked[0] <= s_longestAckDelay;
        unanswered -= together ? 1 : 0;
        Require(
            losses >= unanswered || end.Seen.FromCookie,
            "GivesUpWithoutReason",
            $"{end} gives up after {asked.Count} transmissions, of which {unanswered} had time to be answered, but only {losses} packets were lost.");
    }

    /// <summary>Judges what an end has received when it saw the end of the stream: all that was sent, to the octet.</summary>
    public static void CheckEndOfStream(End end, End? peer) => Require(
        peer is null || end.Seen.FromCookie || end.Received == peer.Sent,
        "NothingLost",
        $"{end} saw the end after {end.Received} octets, but {peer} has sent {peer?.Sent}.");

    /// <summary>Judges an end that is still there when nothing will ever happen again.</summary>
    public static void CheckLeftOver(End end, End? peer)
    {
        Require(
            end.Tcp.State is TcpState.Established or TcpState.CloseWait or TcpState.FinWait2,
            "Deadlock",
            $"{end} stays in {end.Tcp.State} for ever.");
        Require(end.Tcp.SendQueue == 0 && end.Tcp.Unacknowledged.Count == 0, "Deadlock", $"{end} has something to send, and nothing will happen.");
        Require(peer is not { IsLive: true }, "Deadlock", $"{end} and {peer} wait for each other for ever.");
    }
}
