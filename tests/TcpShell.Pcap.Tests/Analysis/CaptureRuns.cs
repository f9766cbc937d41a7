using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tests.Analysis;

/// <summary>What tests do with a run of captures.</summary>
internal static class CaptureRuns
{
    /// <summary>Reads a run to its end.</summary>
    /// <param name="run">The run.</param>
    /// <param name="isOpen">Whether it was opened already.</param>
    /// <returns>All conversations, as they came out.</returns>
    public static List<TcpConversation> Drain(this CaptureRun run, bool isOpen = false)
    {
        List<TcpConversation> conversations = [];
        for (bool goesOn = isOpen || run.Open(); goesOn;)
        {
            goesOn = run.Advance();
            while (run.TryTake(out TcpConversation? conversation))
            {
                conversations.Add(conversation);
            }
        }

        return conversations;
    }
}
