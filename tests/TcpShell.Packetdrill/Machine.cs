using TcpShell.Hosting;
using TcpShell.Scripting;
using TcpShell.Sockets;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Packetdrill;

/// <summary>
/// The machine that packetdrill believes to run on: one host, its sockets, and a clock that goes only when somebody waits.
/// </summary>
/// <remarks>
/// packetdrill has two threads. The one that made the machine plays the script; the other one makes the calls that block. Time passes where
/// the first one sleeps or waits for a packet, and where it waits for the second one. Whenever a call that blocks can go on, time stands still until
/// its caller has read the clock, so that what it reads is the moment at which the call returned.
/// </remarks>
internal sealed class Machine
{
    // packetdrill sleeps until so long before an event, and looks at the clock again and again for the rest. This clock oversleeps by it.
    private static readonly TimeSpan s_spin = TimeSpan.FromMicroseconds(20);

    // So often nobody reads the clock in a row who does not wait for it to go on. From then on each reading takes a microsecond.
    private const int FreeReadings = 100;

    // What packetdrill lets one thread wait for the other (MAX_WAIT_SECS), and how often is looked whether it does, in real time.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(2);

    private readonly object _gate = new();
    private readonly TcpHost _host;
    private readonly Queue<(Timestamp Time, byte[] Packet)> _emitted = new();
    private readonly NativeThread _player = NativeThread.Current;
    private ScriptMachine _setup;
    private BlockedCall? _blocked;
    private int _readings;
    private long _calls;

    /// <summary>Makes a machine.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="mtu">The MTU of its interface, in octets.</param>
    public Machine(IpAddress address, int mtu)
    {
        _setup = ScriptMachine.Of(ScriptProfile.Linux);
        _host = new TcpHost("local", [address], _setup.Tcp, "packetdrill runs"u8, mtu);
        Sockets = new SocketTable(_host, () => Now, Drain, _setup.Sockets);
    }

    /// <summary>Its sockets.</summary>
    public SocketTable Sockets { get; }

    /// <summary>Its time. A script begins 250 us after it is read first: at a whole second.</summary>
    public Timestamp Now { get; private set; } = Timestamp.FromSeconds(1) - TimeSpan.FromMicroseconds(250);

    /// <summary>Makes a call that ends at once.</summary>
    public T Call<T>(Func<T> call)
    {
        lock (_gate)
        {
            Count();
            T result = call();
            TryBlocked();
            return result;
        }
    }

    /// <summary>Makes a call that may block.</summary>
    /// <param name="attempt">Makes it, or makes it again.</param>
    /// <param name="limit">How long it may block; null for as long as it takes.</param>
    /// <returns>What it gave at last.</returns>
    public SocketResult Call(Func<SocketResult> attempt, TimeSpan? limit = null)
    {
        lock (_gate)
        {
            Count();
            var call = new BlockedCall(attempt, limit is { } time ? Now + time : null);
            if (call.TryFinish(Now))
            {
                TryBlocked();
            }
            else if (NativeThread.Current == _player)
            {
                while (!call.TryFinish(Now) && Step(call.Deadline))
                {
                }
            }
            else
            {
                Block(call);
            }

            return call.Result;
        }
    }

    /// <summary>A command line changes the machine.</summary>
    /// <returns>Whether it finds what it looks for.</returns>
    public bool Apply(string command)
    {
        lock (_gate)
        {
            Count();
            _setup = ScriptCommands.Apply(_setup, command);
            Sockets.Defaults = _setup.Tcp;
            Sockets.HostSettings = _setup.Sockets;
            _host.InterfaceIsFull = _setup.TransmitFails;
            return _setup.ExpectedListener is not { } port || _host.Listeners.Any(listener => listener.Local.Port == port);
        }
    }

    /// <summary>Sleeps.</summary>
    public void Sleep(TimeSpan duration)
    {
        lock (_gate)
        {
            Count();
            AdvanceTo(Now + duration + s_spin);
        }
    }

    /// <summary>Reads the clock.</summary>
    public Timestamp ReadClock()
    {
        lock (_gate)
        {
            if (_blocked is { IsFinished: true } call && call.Thread == NativeThread.Current)
            {
                _blocked = null;
                Monitor.PulseAll(_gate);
            }
            else if (++_readings > FreeReadings)
            {
                AdvanceTo(Now + TimeSpan.FromMicroseconds(1));
            }

            return Now;
        }
    }

    /// <summary>A packet arrives.</summary>
    public void Deliver(byte[] packet)
    {
        lock (_gate)
        {
            Count();
            _host.PacketArrives(packet, Now);
            Drain();
            TryBlocked();
        }
    }

    /// <summary>Takes the next packet that leaves, and waits for it where there is none yet.</summary>
    /// <returns>The packet and its time; null if none will ever come.</returns>
    public (Timestamp Time, byte[] Packet)? Receive()
    {
        lock (_gate)
        {
            Count();
            (Timestamp, byte[]) emitted;
            while (!_emitted.TryDequeue(out emitted))
            {
                if (!Step(null))
                {
                    return null;
                }
            }

            return emitted;
        }
    }

    private void Count()
    {
        _readings = 0;
        _calls++;
    }

    private void Drain()
    {
        while (_host.TryPollTransmit(Now, out OutgoingPacket packet))
        {
            _emitted.Enqueue((Now, packet.Bytes));
        }
    }

    /// <summary>Lets time pass. Timers that are due exactly then have not fired: what the script does at a time comes first.</summary>
    private void AdvanceTo(Timestamp time)
    {
        while (NextMoment() is { } next && next < time)
        {
            Fire(next);
        }

        Now = time > Now ? time : Now;
    }

    /// <summary>Lets time pass until the next thing happens.</summary>
    /// <param name="limit">The latest time; null for none.</param>
    /// <returns>Whether anything can happen any more.</returns>
    private bool Step(Timestamp? limit)
    {
        Timestamp? next = NextMoment();
        if (limit is { } latest && (next is null || next > latest))
        {
            next = latest;
        }

        if (next is not { } moment)
        {
            return false;
        }

        Fire(moment);
        return true;
    }

    /// <summary>When a timer fires or a call gives up blocking; null if neither will happen.</summary>
    private Timestamp? NextMoment()
    {
        Timestamp? timer = _host.PollTimeout();
        Timestamp? deadline = _blocked is { IsFinished: false } ? _blocked.Deadline : null;
        return timer is null || deadline < timer ? deadline : timer;
    }

    private void Fire(Timestamp moment)
    {
        Now = moment > Now ? moment : Now;
        _host.HandleTimeout(Now);
        Drain();
        TryBlocked();
    }

    /// <summary>Lets the other thread go on if its call can, and waits until it has read the time.</summary>
    private void TryBlocked()
    {
        if (_blocked is not { IsFinished: false } call || !call.TryFinish(Now) || call.Thread == NativeThread.Current)
        {
            return;
        }

        Monitor.PulseAll(_gate);
        while (_blocked == call)
        {
            Monitor.Wait(_gate);
        }
    }

    /// <summary>Blocks the thread until its call has finished.</summary>
    private void Block(BlockedCall call)
    {
        _blocked = call;
        Timestamp? end = null;
        long calls = -1;
        while (!call.IsFinished)
        {
            bool isQuiet = !Monitor.Wait(_gate, s_look) && calls == _calls && _player.IsSleeping;
            calls = _calls;
            if (!isQuiet)
            {
                end = null;
                continue;
            }

            // The script waits for this call, so nobody else lets time pass.
            end ??= Now + s_longestWait;
            if (Now < end)
            {
                Step(end);
            }
        }
    }
}
