namespace TcpShell.Tcp.Congestion;

/// <summary>Finds in round-trip times where slow start should end, before a queue overflows.</summary>
internal interface ISlowStartExit
{
    /// <summary>Whether slow start is over.</summary>
    bool IsOver { get; }

    /// <summary>An ACK in slow start: by how many octets the window grows.</summary>
    /// <param name="data">What was acknowledged.</param>
    /// <param name="window">cwnd in octets.</param>
    /// <param name="segmentSize">SMSS.</param>
    double Growth(in AcknowledgedData data, double window, int segmentSize);
}
