using TcpShell.Hosting;
using TcpShell.Hunt.Invariants;
using TcpShell.Hunt.Scenarios;
using TcpShell.Tcp;

namespace TcpShell.Hunt.Running;

/// <summary>One end of a connection: the connection itself, what its user has done so far, and what was seen of it.</summary>
internal sealed class End(HostedConnection connection, ConnectionPlan of, bool isClient, Timestamp began)
{
    public HostedConnection Connection { get; } = connection;

    public TcpConnection Tcp { get; } = connection.Tcp;

    public ConnectionPlan Of { get; } = of;

    public EndPlan Plan { get; } = isClient ? of.ClientEnd : of.ServerEnd;

    public bool IsClient { get; } = isClient;

    public Timestamp Began { get; } = began;

    /// <summary>The stream of octets that this end sends.</summary>
    public int SendStream => (2 * Of.Id) + (IsClient ? 0 : 1);

    /// <summary>The stream of octets that this end receives.</summary>
    public int ReceiveStream => (2 * Of.Id) + (IsClient ? 1 : 0);

    /// <summary>Octets given to the TCP.</summary>
    public int Sent { get; set; }

    /// <summary>Calls of SEND that gave some.</summary>
    public int Sends { get; set; }

    /// <summary>Octets taken from the TCP.</summary>
    public int Received { get; set; }

    /// <summary>Whether the user may send now; else it waits for its time.</summary>
    public bool MaySend { get; set; } = true;

    /// <summary>Whether the user may receive now; else it waits for its time.</summary>
    public bool MayReceive { get; set; } = true;

    public bool Closed { get; set; }

    public bool Aborted { get; set; }

    /// <summary>The other end of the same connection, once both numbers were seen to fit.</summary>
    public End? Peer { get; set; }

    /// <summary>Whether its ending was judged.</summary>
    public bool Ended { get; set; }

    /// <summary>Whether it saw the end of the peer's stream.</summary>
    public bool SawEndOfStream { get; set; }

    /// <summary>What was seen of it on the wire and between the steps.</summary>
    public Observations Seen { get; } = new();

    /// <summary>Whether there is a connection: not closed, and not back to LISTEN.</summary>
    public bool IsLive => Tcp.State is not (TcpState.Closed or TcpState.Listen);

    public override string ToString() => $"connection {Of.Id} {(IsClient ? "client" : "server")} ({Connection.Host})";

    /// <summary>Its state with its numbers, for whoever looks at a failure.</summary>
    public string Describe()
    {
        string timers = string.Join(", ", Connection.Timers.Select(timer => $"{timer.Key} {timer.Value}"));
        string queue = string.Join(" ", Connection.Unacknowledged.Take(12).Select(segment =>
            $"{segment.SequenceNumber - Tcp.Snd.Iss}+{segment.Length}{(segment.Lost ? "L" : "")}"));
        return $"""
            {this}: {Tcp.State} {Connection.Error}, {Connection.Local} -> {Connection.Remote}, user sent {Sent} of {Plan.Send}, received {Received}, closed {Closed}
              snd: iss {Tcp.Snd.Iss} una +{Tcp.Snd.Una - Tcp.Snd.Iss} nxt +{Tcp.Snd.Nxt - Tcp.Snd.Iss} max +{Tcp.Snd.Max - Tcp.Snd.Iss} wnd {Tcp.Snd.Wnd} (largest {Tcp.Snd.MaxWnd}) queue {Tcp.SendQueue}
              rcv: irs {Tcp.Rcv.Irs} nxt +{Tcp.Rcv.Nxt - Tcp.Rcv.Irs} wnd {Tcp.Rcv.Wnd} told {Tcp.Rcv.Told} available {Tcp.Available} out of order {Tcp.OutOfOrder}
              cwnd {Tcp.CongestionWindow} ssthresh {Tcp.SlowStartThreshold} in flight {Tcp.Unacknowledged.InFlight} smss {Tcp.SendMaximumSegmentSize} rto {Tcp.Rtt.Rto.TotalSeconds:0.###} s recovery {Tcp.InRecovery}
              timers: {timers}; unacknowledged: {queue}
            """;
    }
}
