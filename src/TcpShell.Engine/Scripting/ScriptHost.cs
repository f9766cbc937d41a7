using System.Globalization;
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
    // What nobody looks at is kept until the end.
    private const long MostOctets = 1L << 28;

    private readonly ScriptRunOptions _options;
    private long _octets;

    public ScriptHost(ScriptMachine machine, IpAddress address, int mtu, ScriptRunOptions options)
    {
        // The same secret always: the same script gives the same numbers.
        ReadOnlySpan<byte> secret = "packetdrill runs"u8;
        _options = options;
        Trace = new(() => Now) { Limit = 64L * 1024 * 1024 };
        Host = new TcpHost("local", [address], machine.Tcp, secret, mtu) { Calls = options.KeepTrace ? Trace.Calls : null };
        Sockets = new SocketTable(Host, () => Now, Drain);
        Machine = machine;
        Become(machine);
    }

    /// <summary>What the command lines have made of the machine so far.</summary>
    public ScriptMachine Machine { get; private set; }

    public TcpHost Host { get; }

    public SocketTable Sockets { get; }

    public Timestamp Now { get; private set; }

    /// <summary>Packets and timers so far.</summary>
    public int Steps { get; private set; }

    /// <summary>What left the host and was not looked at yet.</summary>
    public Queue<EmittedPacket> Emitted { get; } = new();

    public PacketTrace Trace { get; }

    /// <summary>Is called after everything that may have let a waiting call go on.</summary>
    public Action Stepped { get; set; } = () => { };

    /// <summary>Whether what the host wants to send waits.</summary>
    public bool HoldsBack { get; set; }

    /// <summary>The machine is another one from now on.</summary>
    /// <exception cref="ScriptFailure">A command line has looked for something that is not there.</exception>
    public void Become(ScriptMachine machine)
    {
        Machine = machine;
        Sockets.Defaults = machine.Tcp;
        Sockets.HostSettings = machine.Sockets;
        Host.InterfaceIsFull = machine.TransmitFails;
        Host.RouteMtu = machine.RouteMtu;
        if (machine.ExpectedListener is { } port && !Host.Listeners.Any(listener => listener.Local.Port == port))
        {
            throw new ScriptFailure($"a listener on port {port}", "none", "Nobody listens there.");
        }
    }

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
        traced.ArrivedOrder = Trace.NextOrder();
        traced.Verdict = Host.PacketArrives(packet, Now);
        Drain();
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
            _octets += packet.Bytes.Length;
            if (_octets > MostOctets)
            {
                throw new ScriptFailure($"an end within {MostOctets} octets of packets", "more than that", "The script makes the TCP send too much.");
            }

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
            throw new ScriptFailure(
                string.Create(CultureInfo.InvariantCulture, $"an end within {_options.TimeLimit.TotalSeconds} s of virtual time"), "a wait beyond that", "The script takes too much virtual time.");
        }
    }

    private void CountStep()
    {
        _options.Cancellation.ThrowIfCancellationRequested();
        if (++Steps > _options.StepLimit)
        {
            throw new ScriptFailure($"an end within {_options.StepLimit} packets and timers", "more than that", "The script takes too many packets and timers.");
        }
    }
}
