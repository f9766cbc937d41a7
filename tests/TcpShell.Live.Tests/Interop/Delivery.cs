using System.Globalization;
using System.Text;
using TcpShell.Hosting;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Interop;

/// <summary>
/// Whether what came is what was sent, and if not, enough to see whose fault that is: what is missing or wrong, how the connection ended, and the
/// segments that carried the place and those at the end. Such a failure may not come again for days.
/// </summary>
internal static class Delivery
{
    private const int LastSegments = 60;
    private const int OctetsShown = 16;

    /// <summary>Fails with a report unless both are the same.</summary>
    /// <param name="sent">What was sent.</param>
    /// <param name="came">What came.</param>
    /// <param name="network">The network that it went over.</param>
    public static void Check(ReadOnlySpan<byte> sent, ReadOnlySpan<byte> came, TcpNetwork network)
    {
        if (!sent.SequenceEqual(came))
        {
            Assert.Fail(Describe(sent, came, network));
        }
    }

    private static string Describe(ReadOnlySpan<byte> sent, ReadOnlySpan<byte> came, TcpNetwork network)
    {
        int place = sent.CommonPrefixLength(came);
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{came.Length} octets came of {sent.Length}, the first {place} as they were sent");
        if (place < Math.Min(sent.Length, came.Length))
        {
            ReadOnlySpan<byte> wrong = came.Slice(place, Math.Min(OctetsShown, came.Length - place));
            text.AppendLine(CultureInfo.InvariantCulture, $"sent there: {Hex(sent[place..])}, came: {Hex(wrong)}, which was sent from {sent.IndexOf(wrong)} on (-1: nowhere)");
        }

        using NetworkHold hold = network.Hold();
        foreach (HostedConnection connection in network.Hosts.SelectMany(host => host.Connections.Concat(host.ClosedConnections)))
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{connection}, error {connection.Error}; sent {connection.Sent}, not acknowledged {connection.SendQueue}, received {connection.Received}, not taken {connection.ReceiveQueue}, beyond a gap {connection.OutOfOrder}");
            text.AppendJoin(Environment.NewLine, connection.StateChanges).AppendLine();
        }

        SegmentRecord[] segments = [.. SegmentRecorder.Record(network.Trace)];
        text.AppendLine("segments with the first octet that differs:");
        AppendSegments(text, segments.Where(segment => place + 1 - (long)segment.RelativeSequenceNumber is >= 0 and var offset && offset < segment.Length));
        text.AppendLine(CultureInfo.InvariantCulture, $"the last of {segments.Length} segments:");
        AppendSegments(text, segments.TakeLast(LastSegments));
        return text.ToString();
    }

    private static void AppendSegments(StringBuilder text, IEnumerable<SegmentRecord> segments)
    {
        foreach (SegmentRecord segment in segments)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{segment} {segment.Reason} {segment.Fate} {segment.FateText} {segment.Verdict}");
        }
    }

    private static string Hex(ReadOnlySpan<byte> octets) => Convert.ToHexString(octets[..Math.Min(OctetsShown, octets.Length)]);
}
