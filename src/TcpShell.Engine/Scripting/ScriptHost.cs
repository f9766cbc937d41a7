using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Sockets;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Scripting;

/// <summary>A packet that left the TCP under test.</summary>
internal readonly record struct EmittedPacket(Timestamp Time, DecodedPacket Packet);

/// <summary>The host under test in its virtual time: packets go in and come out, timers fire, nothing else happens.</summary>
internal sealed class ScriptHost
{
    private readonly ScriptRunOptions _options;
    private int _steps;

    public ScriptHost(TcpSettings settings, IpAddress address, int mtu, ScriptRunOptions options)
    {
        // The same secret always: the same script gives the same numbers.
        ReadOnlySpan<byte> secret = "packetdrill runs"u8;
        _options = options;
        Host = new TcpHost("local", [address], settings, secret, mtu);
        Sockets = new SocketTable(Host, () => Now, Drain);
    }

    public TcpHost Host { get; }

    public SocketTable Sockets { get; }

    public Timestamp Now { get; private set; }

    /// <summary>What left the host and was not looked at yet.</summary>
    public Queue<EmittedPacket> Emitted { get; } = new();

    public PacketTrace Trace { get; } = new() { Limit = 64L * 1024 * 1024 };

    /// <summary>Is called after everything that may have let a waiting call go on.</summary>
    public Action Stepped { get; set; } = () => { };

    /// <summary>Whether what the host wants to send waits.</summary>
    public bool HoldsBack { get; set; }

    /// <summary>A packet arrives now.</summary>
    public void Deliver(byte[] packet, string note)
    {
        CountStep();
        var traced = new TracedPacket
        {
            Number = Trace.NextNumber(),
            Sent = Now,
            Arrived = Now,
            From = ScriptResult.PeerName,
            To = Host.Name,
            Bytes = packet,
            ArrivedBytes = packet,
            Fate = PacketFate.Delivered,
            Reason = TransmitReason.Crafted,
            Note = note,
        };
        Note(traced);
        traced.Verdict = Host.PacketArrives(packet, Now);
        Sockets.PacketArrived();
        traced.StateChanges = Changes();
        Stepped();
    }

    /// <summary>Lets time pass. Timers that are due exactly then have not fired: what a script does at a time comes first.</summary>
    public void AdvanceTo(Timestamp time)
    {
        RequireWithin(time);
        while (Host.PollTimeout() is { } deadline && deadline < time)
        {
            Fire(deadline);
        }

        Now = time > Now ? time : Now;
    }

    /// <summary>Lets the next timer fire.</summary>
    /// <param name="limit">The latest time at which it may be due.</param>
    /// <returns>Whether there was one; if not, no time has passed.</returns>
    public bool TryStep(Timestamp limit)
    {
        if (Host.PollTimeout() is not { } deadline || deadline > limit)
        {
            return false;
        }

        RequireWithin(deadline);
        Fire(deadline);
        return true;
    }

    /// <summary>Takes what the host wants to send.</summary>
    public void Drain()
    {
        while (!HoldsBack && Host.TryPollTransmit(Now, out OutgoingPacket packet))
        {
            CountStep();
            Emitted.Enqueue(new(Now, PacketDecoder.Decode(packet.Bytes, LinkType.Raw)));
            Note(new TracedPacket
            {
                Number = Trace.NextNumber(),
                Sent = Now,
                Arrived = Now,
                From = Host.Name,
                To = ScriptResult.PeerName,
                Bytes = packet.Bytes,
                ArrivedBytes = packet.Bytes,
                Fate = PacketFate.Delivered,
                Reason = packet.Reason,
                Attempt = packet.Attempt,
                Note = packet.Note,
                ConnectionId = packet.ConnectionId,
            });
        }
    }

    private void Note(TracedPacket packet)
    {
        if (_options.KeepTrace)
        {
            Trace.Add(packet);
        }
    }

    private void Fire(Timestamp deadline)
    {
        CountStep();
        Now = deadline > Now ? deadline : Now;
        Host.HandleTimeout(Now);
        Drain();
        Changes();
        Stepped();
    }

    private List<StateChange> Changes()
    {
        var changes = new List<StateChange>();
        while (Host.TryPollStateChange(out StateChange? change))
        {
            changes.Add(change!);
        }

        return changes;
    }

    private void RequireWithin(Timestamp time)
    {
        if (time > Timestamp.Zero + _options.TimeLimit)
        {
            throw new ScriptFailure($"an end within {_options.TimeLimit.TotalSeconds} s of virtual time", "a wait beyond that");
        }
    }

    private void CountStep()
    {
        _options.Cancellation.ThrowIfCancellationRequested();
        if (++_steps > _options.StepLimit)
        {
            throw new ScriptFailure($"an end within {_options.StepLimit} packets and timers", "more than that");
        }
    }
}
