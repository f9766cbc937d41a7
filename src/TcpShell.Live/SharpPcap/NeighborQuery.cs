using System.Diagnostics;
using TcpShell.Live.Devices;
using TcpShell.Pcap.Files;
using TcpShell.Wire;

namespace TcpShell.Live.SharpPcap;

/// <summary>Asks a link who has an address, and waits for the answer.</summary>
internal static class NeighborQuery
{
    private const int Attempts = 3;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks, up to three times.</summary>
    /// <param name="capture">The open device.</param>
    /// <param name="mac">Who asks.</param>
    /// <param name="sender">His address; unspecified to ask whether the address is free (RFC 5227 2.1.1, RFC 4862 5.4).</param>
    /// <param name="target">The address.</param>
    /// <param name="stopping">Ends the waiting.</param>
    /// <returns>Who has it; null if nobody answers.</returns>
    /// <exception cref="OperationCanceledException">The waiting was ended.</exception>
    /// <exception cref="CaptureException">The device has failed.</exception>
    public static MacAddress? Ask(IDeviceCapture capture, MacAddress mac, IpAddress sender, IpAddress target, CancellationToken stopping)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            capture.Send(NeighborFrames.Question(mac, sender, target));
            long asked = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(asked) < s_patience)
            {
                stopping.ThrowIfCancellationRequested();
                if (!capture.TryRead(s_look, out CapturedFrame frame) || !NeighborMessage.TryRead(frame.Data.Span, out NeighborMessage message))
                {
                    continue;
                }

                // Who asks for the same free address at the same moment wants it too; then neither may have it.
                bool isRival = sender.IsUnspecified && message.Kind == NeighborMessageKind.Question && message.Sender.IsUnspecified;
                bool isOwner = message.Kind == NeighborMessageKind.Answer || message.Sender == target;
                if (message.SenderMac != mac && message.Address == target && (isOwner || isRival))
                {
                    return message.SenderMac;
                }
            }
        }

        return null;
    }
}
