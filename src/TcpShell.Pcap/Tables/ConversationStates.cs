using TcpShell.Pcap.Analysis;
using TcpShell.Tcp;

namespace TcpShell.Pcap.Tables;

/// <summary>The states of both ends after several pieces, each of which begins from what it has to guess: an end of which it saw no SYN is ESTABLISHED.</summary>
/// <remarks>
/// What a piece knows of the two FINs stays known; so what all pieces know is put together. What an end sends in a later file than its peer's FIN is taken
/// to acknowledge it, and the FIN of who closes second to acknowledge the first: the numbers themselves are not in the pieces.
/// </remarks>
internal static class ConversationStates
{
    private enum Fin
    {
        Unseen,
        Sent,
        Acknowledged,
    }

    /// <summary>The states at last; null where nothing showed one.</summary>
    /// <param name="pieces">Pieces with the same client, by the time of their last segments.</param>
    /// <param name="ended">How all of them ended.</param>
    public static (TcpState? Client, TcpState? Server) Of(IReadOnlyList<ConversationData> pieces, ConversationEnding ended)
    {
        (TcpState? client, TcpState? server) = (null, null);
        (Timestamp? clientClosed, Timestamp? serverClosed) = (null, null);
        bool isClientFirst = ended is ConversationEnding.ClosedByClient or ConversationEnding.HalfClosedByClient;
        bool isServerFirst = ended is ConversationEnding.ClosedByServer or ConversationEnding.HalfClosedByServer;
        foreach (ConversationData piece in pieces)
        {
            if (Sends(piece.Client, piece.Start, serverClosed))
            {
                client = After(client, isClientFirst ? TcpState.TimeWait : TcpState.CloseWait, isClientFirst);
                server = After(server, TcpState.FinWait2, isServerFirst);
            }

            if (Sends(piece.Server, piece.Start, clientClosed))
            {
                server = After(server, isServerFirst ? TcpState.TimeWait : TcpState.CloseWait, isServerFirst);
                client = After(client, TcpState.FinWait2, isClientFirst);
            }

            // Who was called goes back to listening when its answer is reset (RFC 9293 3.10.7.4).
            bool isAnswerReset = server == TcpState.SynReceived && piece is { ServerState: TcpState.Closed, Ended: ConversationEnding.ResetByClient };
            client = After(client, ClientStateIn(piece, client), isClientFirst);
            server = After(server, isAnswerReset ? TcpState.Listen : piece.ServerState, isServerFirst);
            clientClosed ??= piece.Client.Fins > 0 ? piece.End : null;
            serverClosed ??= piece.Server.Fins > 0 ? piece.End : null;
        }

        return (client, server);
    }

    // A piece that begins with the SYN,ACK cannot tell whether it answers the SYN. Where that is in a piece before it does.
    private static TcpState? ClientStateIn(ConversationData piece, TcpState? before) => (before, piece.RolesFrom, piece.ClientState) switch
    {
        (TcpState.SynSent, RoleEvidence.SynAck, TcpState.SynReceived) => TcpState.Established,
        (TcpState.SynSent, RoleEvidence.SynAck, TcpState.SynSent) when piece.Client.Resets > 0 => TcpState.Closed,
        _ => piece.ClientState,
    };

    // Whether an end sends something other than a reset where its peer has closed already.
    private static bool Sends(ConversationSideData end, Timestamp start, Timestamp? peerClosed) => start >= peerClosed && end.Packets > end.Resets;

    private static TcpState? After(TcpState? whole, TcpState? next, bool isFirstToClose) => (whole, next) switch
    {
        (_, null) => whole,
        (null, _) => next,

        // What is over stays over, and a SYN that is sent again opens nothing anew.
        (TcpState.Closed or TcpState.Listen, _) => whole,
        (_, TcpState.Closed or TcpState.Listen) => next,
        (TcpState.SynSent or TcpState.SynReceived, _) => next > whole ? next : whole,
        (_, TcpState.SynSent or TcpState.SynReceived) => whole,
        _ => Join(whole.Value, next.Value, isFirstToClose),
    };

    private static TcpState Join(TcpState one, TcpState other, bool isFirstToClose)
    {
        (Fin own, bool isPeersTaken) = FinsOf(one);
        (Fin ownLater, bool isPeersTakenLater) = FinsOf(other);
        return (own > ownLater ? own : ownLater, isPeersTaken || isPeersTakenLater) switch
        {
            (Fin.Unseen, false) => TcpState.Established,
            (Fin.Sent, false) => TcpState.FinWait1,
            (Fin.Acknowledged, false) => TcpState.FinWait2,
            (Fin.Unseen, true) => TcpState.CloseWait,
            (Fin.Sent, true) => isFirstToClose ? TcpState.Closing : TcpState.LastAck,
            _ => isFirstToClose ? TcpState.TimeWait : TcpState.Closed,
        };
    }

    // What is known of the own FIN, and whether the peer's was taken.
    private static (Fin Own, bool IsPeersTaken) FinsOf(TcpState state) => state switch
    {
        TcpState.FinWait1 => (Fin.Sent, false),
        TcpState.FinWait2 => (Fin.Acknowledged, false),
        TcpState.CloseWait => (Fin.Unseen, true),
        TcpState.Closing or TcpState.LastAck => (Fin.Sent, true),
        TcpState.TimeWait => (Fin.Acknowledged, true),
        _ => (Fin.Unseen, false),
    };
}
