using TcpShell.Hosting;
using TcpShell.Hunt.Invariants;
using TcpShell.Hunt.Scenarios;
using TcpShell.Simulation;
using TcpShell.Tcp;
using static TcpShell.Hunt.Invariants.Requirement;

namespace TcpShell.Hunt.Running;

/// <summary>The users: they send, receive, close and abort as it was planned, and judge what they receive.</summary>
/// <param name="network">The network.</param>
/// <param name="later">Calls something after some time.</param>
internal sealed class Application(SimulatedNetwork network, Action<TimeSpan, Action> later)
{
    private readonly byte[] _buffer = new byte[16 * 1024];

    /// <summary>Calls of users that did something: the measure for how much traffic there may be.</summary>
    public long Calls { get; private set; }

    /// <summary>Octets that users gave to their TCPs.</summary>
    public long Octets { get; private set; }

    /// <summary>The user begins: what it does after a time is planned.</summary>
    public void Begin(End end)
    {
        if (end.Plan.ReadAfter > TimeSpan.Zero)
        {
            end.MayReceive = false;
            later(end.Plan.ReadAfter, () =>
            {
                end.MayReceive = true;
                Act(end);
            });
        }

        if (end.Plan.AbortAfter is { } patience)
        {
            later(patience, () => Abort(end));
        }
    }

    /// <summary>Does whatever the user can and wants to do now.</summary>
    public void Act(End end)
    {
        if (!end.IsLive)
        {
            return;
        }

        Receive(end);
        Send(end);
        Close(end);
    }

    public void Abort(End end)
    {
        if (end.IsLive)
        {
            Calls++;
            end.Aborted = true;
            network.Abort(end.Connection);
        }
    }

    private void Receive(End end)
    {
        if (end.Seen.MayBeginWithGarbage && end.IsLive && end.Tcp.Available > 0)
        {
            // The peer has sent nothing but a FIN, and what stands in the FIN's place is garbage: the end of this stream will never come.
            Abort(end);
            return;
        }

        while (end.MayReceive && end.IsLive && end.Tcp.Available > 0)
        {
            int most = Math.Min(end.Plan.ReadChunk, _buffer.Length);
            int count = network.Receive(end.Connection, _buffer.AsSpan(0, most));
            Calls++;
            Require(
                Content.Matches(end.ReceiveStream, end.Received, _buffer.AsSpan(0, count)),
                "ReceivedOctets",
                $"{end} receives wrong octets from {end.Received} to {end.Received + count}.");
            end.Received += count;
            if (end.Plan.ReadEvery > TimeSpan.Zero)
            {
                end.MayReceive = false;
                later(end.Plan.ReadEvery, () =>
                {
                    end.MayReceive = true;
                    Act(end);
                });
            }
        }
    }

    private void Send(End end)
    {
        while (end.MaySend && !end.Closed && end.Sent < end.Plan.Send
            && end.Tcp.State is TcpState.SynSent or TcpState.SynReceived or TcpState.Established or TcpState.CloseWait
            && end.Tcp.SendSpace > 0)
        {
            Span<byte> data = _buffer.AsSpan(0, Math.Min(Math.Min(end.Plan.Send - end.Sent, end.Plan.SendChunk), Math.Min(_buffer.Length, end.Tcp.SendSpace)));
            Content.Fill(end.SendStream, end.Sent, data);
            end.Sends++;
            Calls++;

            // Sent before the call: what goes out during the call is judged by it.
            end.Sent += data.Length;
            Octets += data.Length;
            bool urgent = end.Plan.UrgentEvery > 0 && end.Sends % end.Plan.UrgentEvery == 0;
            int taken = network.Send(end.Connection, data, urgent);
            Require(taken == data.Length, "SendTakesWhatFits", $"{end} takes {taken} of {data.Length} octets that it had room for.");
            if (end.Plan.SendEvery > TimeSpan.Zero)
            {
                end.MaySend = false;
                later(end.Plan.SendEvery, () =>
                {
                    end.MaySend = true;
                    Act(end);
                });
            }
        }
    }

    private void Close(End end)
    {
        bool wants = end.Sent == end.Plan.Send && (end.Plan.Close == CloseWhen.Sent || end.Tcp.EndOfStream);
        if (!end.Closed && wants && end.Tcp.State is TcpState.SynReceived or TcpState.Established or TcpState.CloseWait)
        {
            end.Closed = true;
            Calls++;
            network.Close(end.Connection);
        }
    }
}
