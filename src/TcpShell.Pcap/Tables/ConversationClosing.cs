using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tables;

/// <summary>How a conversation ended of which several captures have pieces: by the rule of <see cref="TcpConversation.Ended"/>, from what the pieces tell in the order of time.</summary>
/// <remarks>
/// Of a FIN the history of a piece knows the time. A reset counts where its piece believed it and only one end, or none, had closed before, in whatever
/// piece. Without a time a piece tells its signs at its end.
/// </remarks>
internal static class ConversationClosing
{
    /// <summary>The ending.</summary>
    /// <param name="pieces">Pieces with the same client, by the time of their first segments.</param>
    public static ConversationEnding EndedOf(IReadOnlyList<ConversationData> pieces)
    {
        List<Sign> signs = [.. pieces.SelectMany(SignsOf).OrderBy(sign => sign.Time)];
        Sign? client = signs.Find(sign => sign is { IsReset: false, IsClients: true });
        Sign? server = signs.Find(sign => sign is { IsReset: false, IsClients: false });
        Sign? reset = signs.Find(sign => sign.IsReset && (IsMissingBefore(client, sign) || IsMissingBefore(server, sign)));
        if (reset is not null)
        {
            return reset.IsClients ? ConversationEnding.ResetByClient
                : IsRefusal(pieces) ? ConversationEnding.Refused
                : ConversationEnding.ResetByServer;
        }

        return (client, server) switch
        {
            (null, null) => IsUnanswered(pieces) ? ConversationEnding.Unanswered : ConversationEnding.Open,
            (_, null) => ConversationEnding.HalfClosedByClient,
            (null, _) => ConversationEnding.HalfClosedByServer,
            _ => IsClientFirst(client, server, signs) ? ConversationEnding.ClosedByClient : ConversationEnding.ClosedByServer,
        };

        bool IsMissingBefore(Sign? fin, Sign sign) => fin is null || signs.IndexOf(fin) > signs.IndexOf(sign);
    }

    private static bool IsClientFirst(Sign client, Sign server, List<Sign> signs) =>
        !client.HasTime && !server.HasTime && client.Piece != server.Piece && client.Piece.Start <= server.Piece.End && server.Piece.Start <= client.Piece.End

            // Of two directions that were captured apart, the one that ends later has the last ACK, which is sent by who closed first.
            ? client.Piece.End >= server.Piece.End
            : signs.IndexOf(client) < signs.IndexOf(server);

    // What a piece shows of the end, in its own order.
    private static IEnumerable<Sign> SignsOf(ConversationData piece)
    {
        bool isServerFirst = piece.Ended is ConversationEnding.ClosedByServer or ConversationEnding.HalfClosedByServer;
        var signs = new List<Sign>();
        foreach (bool isClients in new[] { !isServerFirst, isServerFirst })
        {
            bool isTold = piece.Ended == (isClients ? ConversationEnding.HalfClosedByClient : ConversationEnding.HalfClosedByServer)
                || piece.Ended is ConversationEnding.ClosedByClient or ConversationEnding.ClosedByServer;
            if (isTold || (isClients ? piece.Client : piece.Server).Fins > 0)
            {
                Add(isClients, isReset: false, isClients ? 'F' : 'f');
            }
        }

        if (ResetterIn(piece) is { } isByClient)
        {
            Add(isByClient, isReset: true, isByClient ? 'R' : 'r');
        }

        return signs;

        void Add(bool isClients, bool isReset, char letter)
        {
            long? time = ZeekHistory.TimeOf(piece, letter);
            signs.Add(new(piece, time ?? piece.End.Nanoseconds, time is not null, isClients, isReset));
        }
    }

    // Whose reset the piece believed: true is the client's.
    private static bool? ResetterIn(ConversationData piece) => piece.Ended switch
    {
        ConversationEnding.ResetByClient => true,
        ConversationEnding.ResetByServer or ConversationEnding.Refused => false,

        // Who sees a SYN,ACK first cannot tell whether it answers the SYN; a merge can, for SYNs of old connections are answered with an ACK alone.
        ConversationEnding.Open when piece.RolesFrom == RoleEvidence.SynAck && piece.Client.Resets > 0 => true,
        _ => null,
    };

    // A piece alone does not show whether there was anything else than the SYN and its reset.
    private static bool IsRefusal(IReadOnlyList<ConversationData> pieces) => Refusal.Is(
        pieces.Sum(piece => piece.Client.Packets), pieces.Sum(piece => (long)piece.Client.Syns),
        pieces.Sum(piece => piece.Server.Packets), pieces.Sum(piece => (long)piece.Server.Resets));

    private static bool IsUnanswered(IReadOnlyList<ConversationData> pieces) =>
        pieces.Any(piece => piece.Client.Packets > 0) && pieces.All(piece => piece.Client.Packets == piece.Client.Syns && piece.Server.Packets == 0);

    private sealed record Sign(ConversationData Piece, long Time, bool HasTime, bool IsClients, bool IsReset);
}
