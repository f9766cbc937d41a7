namespace TcpShell.Pcap.Analysis;

/// <summary>A capture was read again, and is not what it was when its conversations were read from it.</summary>
/// <param name="conversation">A conversation that is not where it was.</param>
public sealed class CaptureChangedException(TcpConversation conversation)
    : IOException($"The capture has changed since it was read: '{conversation}' does not begin with frame {conversation.FirstFrame} any more.");
