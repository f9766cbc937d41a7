using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tables;

/// <summary>Turns a conversation round whose client was taken for the server.</summary>
internal static class ConversationTurn
{
    private static readonly (string Own, string Turned)[] s_zeekStates = [("S2", "S3"), ("SH", "SHR"), ("RSTO", "RSTR"), ("RSTOS0", "RSTRH")];

    /// <summary>The same conversation with a given client.</summary>
    /// <param name="conversation">The conversation.</param>
    /// <param name="client">One of its ends.</param>
    public static ConversationData WithClient(ConversationData conversation, string client)
    {
        if (conversation.Client.ToString() == client)
        {
            return conversation;
        }

        // The sign that the ends were turned round, always the first, goes with its time.
        bool wasTurned = conversation.ZeekHistory.StartsWith('^');
        return conversation with
        {
            Client = conversation.Server,
            Server = conversation.Client,
            ClientState = conversation.ServerState,
            ServerState = conversation.ClientState,
            Ended = Turned(conversation.Ended),
            ZeekState = Turned(conversation.ZeekState),
            ZeekHistory = string.Concat(conversation.ZeekHistory.Skip(wasTurned ? 1 : 0).Select(Turned)),
            ZeekHistoryTimes = string.Join(';', conversation.ZeekHistoryTimes.Split(';').Skip(wasTurned ? 1 : 0)),
        };
    }

    private static ConversationEnding Turned(ConversationEnding ending) => ending switch
    {
        ConversationEnding.ClosedByClient => ConversationEnding.ClosedByServer,
        ConversationEnding.ClosedByServer => ConversationEnding.ClosedByClient,
        ConversationEnding.HalfClosedByClient => ConversationEnding.HalfClosedByServer,
        ConversationEnding.HalfClosedByServer => ConversationEnding.HalfClosedByClient,
        ConversationEnding.ResetByClient => ConversationEnding.ResetByServer,
        ConversationEnding.ResetByServer => ConversationEnding.ResetByClient,
        _ => ending,
    };

    private static string Turned(string state)
    {
        foreach ((string own, string turned) in s_zeekStates)
        {
            if (state == own || state == turned)
            {
                return state == own ? turned : own;
            }
        }

        return state;
    }

    // Upper case is the originator's.
    private static char Turned(char letter) => char.IsUpper(letter) ? char.ToLowerInvariant(letter) : char.ToUpperInvariant(letter);
}
