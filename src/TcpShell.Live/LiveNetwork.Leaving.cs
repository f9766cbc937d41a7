using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live;

// The last words: a RST that does not meet what the peer expects next is challenged (RFC 5961 3.2), and the answer to the challenge ends the connection.
public sealed partial class LiveNetwork
{
    private static readonly TimeSpan s_longestStay = TimeSpan.FromMilliseconds(200);

    // Longer than a challenge takes on a link of this machine, however busy that is.
    private static readonly TimeSpan s_shortestStay = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a challenge can take to come: nothing where no peer can have missed anything, else two round trips of the slowest connection.</summary>
    private TimeSpan HowLongToStay()
    {
        TimeSpan[] roundTrips =
        [
            .. _host.Connections
                .Where(connection => connection.State >= TcpState.Established && connection.Tcp.Unacknowledged.Count > 0)
                .Select(connection => connection.Srtt ?? TimeSpan.Zero),
        ];
        if (roundTrips.Length == 0)
        {
            return TimeSpan.Zero;
        }

        TimeSpan stay = 2 * roundTrips.Max();
        return stay < s_shortestStay ? s_shortestStay : stay > s_longestStay ? s_longestStay : stay;
    }

    /// <summary>Answers what still comes as a host without connections does, until nothing has come for some time. The thread has ended before.</summary>
    /// <param name="quiet">How long to wait for the next packet.</param>
    private void AnswerChallenges(TimeSpan quiet)
    {
        try
        {
            Timestamp end = Now + s_longestStay;
            Timestamp last = Now;
            while (_leaving && Now < end && Now - last < quiet)
            {
                _device.Wait(quiet - (Now - last));
                while (Now < end && _device.TryRead(out byte[] packet))
                {
                    last = Answer(packet) ? Now : last;
                }
            }
        }
        catch (LiveException)
        {
            // The device is gone, and with it whoever could be told.
        }
        finally
        {
            _leaving = false;
        }
    }

    private bool Answer(byte[] packet)
    {
        using NetworkHold hold = Hold();
        ComesIn(packet, Now);
        DecodedPacket decoded = PacketDecoder.Decode(packet, LinkType.Raw);
        if (decoded.Status != PacketStatus.Tcp || !_host.Owns(decoded.Receiver) || TcpConnection.ResetFor(decoded.Segment) is not { } reset)
        {
            return false;
        }

        var header = new PacketHeader(decoded.Receiver, decoded.Sender);
        var answer = new byte[PacketWriter.SizeOf(header, reset)];
        PacketWriter.Write(header, reset, answer);
        Inject(answer, "the peer challenges the RST of a connection that is gone");
        return true;
    }
}
