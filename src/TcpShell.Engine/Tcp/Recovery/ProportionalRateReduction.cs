namespace TcpShell.Tcp.Recovery;

/// <summary>
/// PRR (RFC 6937, or RFC 9937 that follows it): spreads the reduction of cwnd over the round trip of a recovery, so that what is sent follows what
/// arrives. All in octets.
/// </summary>
internal sealed class ProportionalRateReduction
{
    private RateReduction _kind;
    private int _threshold;
    private int _flight;
    private long _delivered;
    private long _sent;

    /// <summary>Recovery begins [6937-1].</summary>
    /// <param name="kind">By which RFC.</param>
    /// <param name="threshold">ssthresh: what is to be in flight at its end.</param>
    /// <param name="flight">RecoverFS: SND.NXT - SND.UNA; by RFC 9937 without what was delivered of it before.</param>
    public void Start(RateReduction kind, int threshold, int flight)
    {
        _kind = kind;
        _threshold = threshold;
        _flight = Math.Max(1, flight);
        _delivered = 0;
        _sent = 0;
    }

    /// <summary>Something was sent, new or again [6937-5].</summary>
    public void Sent(int octets) => _sent += octets;

    /// <summary>sndcnt: how much may be sent after an ACK.</summary>
    /// <param name="delivered">DeliveredData: octets acknowledged or SACKed for the first time by it [6937-2].</param>
    /// <param name="pipe">Octets in flight.</param>
    /// <param name="segmentSize">SMSS.</param>
    /// <param name="isSafe">SafeACK of RFC 9937: whether it acknowledges new data and tells of no further loss.</param>
    public int Allow(int delivered, int pipe, int segmentSize, bool isSafe)
    {
        _delivered += delivered;
        if (pipe > _threshold)
        {
            long proportional = ((_delivered * _threshold) + _flight - 1) / _flight; // [6937-3] rounded up
            return (int)Math.Clamp(proportional - _sent, 0, int.MaxValue);
        }

        // [6937-4] The slow start reduction bound: no faster than slow start would, to come back to ssthresh. RFC 9937 6.2 has it for ACKs that
        // show progress; for others as much goes as arrives, and a segment where nothing would be in flight that could bring an ACK.
        bool grows = _kind == RateReduction.Rfc6937 || isSafe || pipe == 0;
        long limit = Math.Max(_delivered - _sent, delivered) + (grows ? segmentSize : 0);
        return (int)Math.Max(0, Math.Min(_threshold - pipe, limit));
    }
}
