namespace TcpShell.GoodputMatrix;

/// <summary>What theory says of the window of a sender that meets random losses, and of the goodput that follows.</summary>
public static class Model
{
    private const double CubicC = 0.4;
    private const double CubicBeta = 0.7;

    // Octets of data in a packet of 1500, with timestamps.
    private const double DataSize = 1448;
    private const double PacketSize = 1500;

    /// <summary>Reno's mean window in segments: sqrt(3 / 2p) (Mathis et al. 1997).</summary>
    /// <param name="loss">p, the probability that a segment is lost.</param>
    public static double RenoWindow(double loss) => Math.Sqrt(1.5 / loss);

    /// <summary>CUBIC's mean window in segments: (C (3 + beta) / (4 (1 - beta)))^(1/4) (RTT / p)^(3/4) (RFC 9438 5.1), or Reno's where that is larger.</summary>
    /// <param name="loss">p, the probability that a segment is lost.</param>
    /// <param name="roundTrip">RTT in seconds.</param>
    public static double CubicWindow(double loss, double roundTrip) => Math.Max(
        RenoWindow(loss), Math.Pow(CubicC * (3 + CubicBeta) / (4 * (1 - CubicBeta)), 0.25) * Math.Pow(roundTrip / loss, 0.75));

    /// <summary>Goodput as a share of the link: a mean window for each round trip, but no more than the link carries.</summary>
    /// <param name="window">The mean window in segments.</param>
    /// <param name="roundTrip">RTT in seconds.</param>
    /// <param name="bandwidth">Bits per second.</param>
    public static double ShareOfLink(double window, double roundTrip, double bandwidth) =>
        Math.Min(DataSize / PacketSize, window * DataSize * 8 / roundTrip / bandwidth);
}
