using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hunt.Fuzzing;

/// <summary>Leads a connection into each of the eleven states by the shortest way.</summary>
internal sealed class StatePath(TcpConnection connection, Endpoint remote, SeqNumber iss, SeqNumber irs, in TcpOptions synOptions, Timestamp now)
{
    private readonly TcpOptions _synOptions = synOptions;

    /// <summary>Goes there. Nobody answers what is sent on the way.</summary>
    public void To(TcpState state)
    {
        switch (state)
        {
            case TcpState.Closed:
                return;
            case TcpState.Listen:
                connection.PrepareIss(iss);
                connection.OpenPassive(now);
                break;
            case TcpState.SynSent:
                connection.OpenActive(remote, iss, now);
                break;
            case TcpState.SynReceived:
                To(TcpState.Listen);
                Arrive(TcpFlags.SYN, 0, null);
                break;
            case TcpState.Established:
                To(TcpState.SynSent);
                Arrive(TcpFlags.SYN | TcpFlags.ACK, 0, 1);
                break;
            case TcpState.FinWait1:
                To(TcpState.Established);
                connection.Close(now);
                break;
            case TcpState.FinWait2:
                To(TcpState.FinWait1);
                Arrive(TcpFlags.ACK, 1, 2);
                break;
            case TcpState.CloseWait:
                To(TcpState.Established);
                Arrive(TcpFlags.FIN | TcpFlags.ACK, 1, 1);
                break;
            case TcpState.Closing:
                To(TcpState.FinWait1);
                Arrive(TcpFlags.FIN | TcpFlags.ACK, 1, 1);
                break;
            case TcpState.LastAck:
                To(TcpState.CloseWait);
                connection.Close(now);
                break;
            case TcpState.TimeWait:
                To(TcpState.FinWait2);
                Arrive(TcpFlags.FIN | TcpFlags.ACK, 1, 2);
                break;
        }

        while (connection.TryPollTransmit(now, out _))
        {
        }
    }

    private void Arrive(TcpFlags flags, int sequence, int? acknowledgment)
    {
        var segment = new TcpSegment
        {
            SourcePort = remote.Port,
            DestinationPort = connection.Local.Port,
            SequenceNumber = irs + sequence,
            AcknowledgmentNumber = acknowledgment is { } number ? iss + number : 0,
            Flags = flags,
            Window = 5000,
            Options = flags.Has(TcpFlags.SYN) ? _synOptions : new TcpOptions { Timestamps = _synOptions.Timestamps },
        };
        connection.SegmentArrives(segment, remote, now);
    }
}
