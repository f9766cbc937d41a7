using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>When the segments of a handshake passed, and the round trips that they tell, in nanoseconds.</summary>
internal struct HandshakeTimes
{
    private long _clientSyn;
    private long _synAck;

    public HandshakeTimes()
    {
    }

    /// <summary>From the client's last SYN to its acknowledgment of the server's; -1 while that was not seen.</summary>
    public long Rtt { get; private set; } = -1;

    /// <summary>From the client's last SYN to the server's answer; -1 where that was not seen, or came before.</summary>
    public long ServerRtt { get; private set; } = -1;

    /// <summary>Takes a segment of a handshake that is not complete.</summary>
    /// <param name="isClients">Whether the client sent it.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="serverSyn">The sequence number of the server's SYN; null while that was not seen.</param>
    public void Note(bool isClients, in SegmentSummary segment, SeqNumber? serverSyn)
    {
        if (segment.Has(TcpFlags.RST))
        {
            return;
        }

        if (!isClients)
        {
            bool isAnswer = segment.Has(TcpFlags.SYN) && segment.Has(TcpFlags.ACK);
            _synAck = isAnswer && _synAck == 0 ? segment.Time : _synAck;
        }
        else if (segment.Has(TcpFlags.SYN))
        {
            _clientSyn = segment.Time;
        }
        else if (serverSyn is { } isn && segment.Has(TcpFlags.ACK) && segment.AcknowledgmentNumber > isn)
        {
            Rtt = Math.Max(0, segment.Time - _clientSyn);
            ServerRtt = _synAck >= _clientSyn ? _synAck - _clientSyn : -1;
        }
    }
}
