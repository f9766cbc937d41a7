namespace TcpShell.Scripting.Generation;

/// <summary>Keep-alive probes of the seat: how long it was idle before the first, and how far they are apart.</summary>
/// <param name="IdleSeconds">Seconds of silence before the first probe.</param>
/// <param name="IntervalSeconds">Seconds between unanswered probes.</param>
/// <param name="HasOctet">Whether a probe carries an octet of data.</param>
internal sealed record KeepAliveInference(int IdleSeconds, int IntervalSeconds, bool HasOctet)
{
    private const int UsualInterval = 75;

    /// <summary>What the probes of a trace show; null where there are none.</summary>
    public static KeepAliveInference? Of(SeatTrace trace)
    {
        int sent = 0;
        int acknowledged = 0;
        long heard = 0;
        bool isClosed = false;
        long? probed = null;
        int? idle = null;
        int? interval = null;
        bool hasOctet = false;
        foreach (SeatPacket packet in trace.Packets)
        {
            if (packet.IsInbound)
            {
                acknowledged = packet.IsAck ? Math.Max(acknowledged, packet.Acknowledgment) : acknowledged;
                isClosed = packet is { IsAck: true, IsReset: false, Segment.Window: 0 };
                (heard, probed) = (packet.Time, null);
                continue;
            }

            // One number back, with nothing on its way: whoever is there has to answer that. While the window is closed it is the window that is asked for.
            bool isProbe = !isClosed && (packet.IsPureAck || packet is { Length: 1, IsSyn: false, IsFin: false, IsReset: false });
            if (isProbe && packet.Start == sent - 1 && acknowledged == sent && packet.Time > heard)
            {
                idle ??= Seconds(packet.Time - heard);
                interval ??= probed is { } before ? Seconds(packet.Time - before) : null;
                probed = packet.Time;
                hasOctet |= packet.HasData;
            }

            sent = Math.Max(sent, packet.EndWithFin);
        }

        return idle is { } seconds ? new(seconds, interval ?? UsualInterval, hasOctet) : null;
    }

    private static int Seconds(long microseconds) => Math.Max(1, (int)Math.Round(microseconds / 1e6));
}
