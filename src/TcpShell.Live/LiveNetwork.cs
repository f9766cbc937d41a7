using System.Diagnostics;
using System.Security.Cryptography;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Live;

/// <summary>
/// A host of our own on a real link, with addresses that nobody else has, in real time. The same calls and objects as in a lab: only that time
/// passes by itself, and that the other hosts are not ours. A thread drives it until it is closed.
/// </summary>
/// <remarks>
/// Memory is bounded: the trace keeps <see cref="Simulation.PacketTrace.Limit"/> octets of packets (64 MiB unless set), the changes of state twice
/// <see cref="StateChangeLog.Limit"/> entries, the host its last thousand closed connections.
/// </remarks>
public sealed partial class LiveNetwork : TcpNetwork, IDisposable
{
    private const long UsualTraceLimit = 64L * 1024 * 1024;

    // How often somebody who waits looks whether he shall stop.
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromMilliseconds(100);

    // Round trips of links that people use are shorter.
    private static readonly TimeSpan s_quietTime = TimeSpan.FromSeconds(1);

    private readonly IPacketDevice _device;
    private readonly TcpHost _host;
    private readonly TcpHost[] _hosts;
    private readonly Gate _gate = new();
    private readonly Thread _pump;
    private readonly long _start = Stopwatch.GetTimestamp();
    private Timestamp _lastPacket;
    private volatile bool _closed;
    private volatile bool _leaving;

    /// <summary>Makes a host behind a device and lets it run. The device belongs to the network from then on.</summary>
    /// <param name="device">The device.</param>
    /// <param name="addresses">The host's addresses, at least one, all of them nobody else's.</param>
    /// <param name="settings">Settings of its connections; null for the profile <c>linux</c>.</param>
    /// <param name="seed">Where the randomness of impairments comes from. Initial sequence numbers are as random as the system makes them.</param>
    /// <param name="name">The network's name and its host's; null for the device's.</param>
    /// <exception cref="ArgumentException">There is no address, or one that no host can have, or a setting that cannot be.</exception>
    public LiveNetwork(IPacketDevice device, IReadOnlyList<AddressPrefix> addresses, TcpSettings? settings = null, long seed = 0, string? name = null)
        : base(device is null ? throw new ArgumentNullException(nameof(device)) : name ?? device.Name, seed)
    {
        _device = device;
        Addresses = addresses;
        Origin = DateTimeOffset.UtcNow;
        int lastConnection = 0;
        _host = new TcpHost(
            Name,
            [.. addresses.Select(prefix => prefix.Address)],
            settings ?? TcpSettings.Linux,
            RandomNumberGenerator.GetBytes(InitialSequence.SecretSize),
            device.Mtu,
            () => ++lastConnection,
            (ushort)RandomNumberGenerator.GetInt32(49152, 65536))
        {
            Network = this,
        };
        _hosts = [_host];
        Trace.Limit = UsualTraceLimit;
        EndOfProcess.Closes(this);
        _pump = new Thread(Run) { IsBackground = true, Name = $"TcpShell {device.Name}" };
        _pump.Start();
    }

    /// <summary>The host's addresses and their networks.</summary>
    public IReadOnlyList<AddressPrefix> Addresses { get; }

    /// <summary>What the interface is: <c>Tun</c>.</summary>
    public string Kind => _device.Kind;

    /// <summary>The largest IP packet that the interface carries, in octets.</summary>
    public int Mtu => _device.Mtu;

    /// <summary>Whether it is open. One that is closed stays so; its objects can still be looked at.</summary>
    public bool IsOpen => !_closed;

    /// <summary>Why it closed by itself; empty if it did not.</summary>
    public string Failure { get; private set; } = "";

    /// <inheritdoc/>
    public override string? Obstacle => !_closed ? null : Failure.Length > 0 ? Failure : $"The interface {Name} was removed.";

    /// <inheritdoc/>
    public override DateTimeOffset Origin { get; }

    /// <inheritdoc/>
    public override Timestamp Now => new(Stopwatch.GetElapsedTime(_start).Ticks / TimeSpan.TicksPerMicrosecond * 1000); // whole microseconds, as listings show them

    /// <inheritdoc/>
    public override bool IsRealTime => true;

    /// <inheritdoc/>
    public override bool IsIdle => _closed;

    /// <inheritdoc/>
    public override bool IsQuiet => InFlight == 0 && Now - _lastPacket > s_quietTime;

    /// <inheritdoc/>
    public override IReadOnlyList<TcpHost> Hosts => _hosts;

    /// <inheritdoc/>
    public override bool RunUntil(Func<bool> condition, TimeSpan limit, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        Timestamp end = Now + limit;
        using NetworkHold hold = Hold();
        while (!condition())
        {
            cancellation.ThrowIfCancellationRequested();
            TimeSpan left = end - Now;
            if (left <= TimeSpan.Zero || _closed)
            {
                return false;
            }

            _gate.Wait(left < s_lookInterval ? left : s_lookInterval);
        }

        return true;
    }

    /// <summary>Closes the connections as their users would, by FIN, and waits for the peers; then everything else as <see cref="Dispose"/> does.</summary>
    /// <param name="patience">How long to wait for the peers. Whoever has not closed by then gets a RST.</param>
    /// <param name="cancellation">Ends the waiting early.</param>
    public void Close(TimeSpan patience, CancellationToken cancellation = default)
    {
        foreach (HostedConnection connection in _host.Connections)
        {
            if (connection.State is TcpState.SynReceived or TcpState.Established or TcpState.CloseWait)
            {
                Close(connection);
            }
        }

        try
        {
            // Nobody is at the other end of an attempt to open yet, who could be waited for.
            RunUntil(() => _host.Connections.All(connection => connection.State is TcpState.TimeWait or TcpState.SynSent), patience, cancellation);
        }
        catch (OperationCanceledException)
        {
            // Whoever does not want to wait does not want the interface either.
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>
    /// Aborts all connections, so that their peers get a RST, ends the thread and removes the device. Where peers may have missed a part of what was sent
    /// it stays for a moment, 200 ms at most, to answer those that challenge the RST.
    /// </summary>
    public void Dispose()
    {
        TimeSpan stay;
        using (Hold())
        {
            if (_closed)
            {
                return;
            }

            // The last words are not impaired, or a peer would stay half-open.
            ClearImpairments();
            while (DeliverNext(Timestamp.MaxValue))
            {
            }

            stay = HowLongToStay();
            _host.Stop(Now, forGood: true);
            Pump(_host);
            _leaving = stay > TimeSpan.Zero;
            _closed = true;
            _gate.Tell();
            _device.Wake();
        }

        if (Thread.CurrentThread != _pump)
        {
            _pump.Join();
        }

        AnswerChallenges(stay);

        EndOfProcess.Forget(this);
        _device.Dispose();
    }

    /// <summary><c>tcpsh0 (10.77.0.2/24)</c>.</summary>
    public override string ToString() => $"{Name} ({string.Join(", ", Addresses)})";

    /// <inheritdoc/>
    protected override void Enter() => _gate.Enter();

    /// <inheritdoc/>
    protected override void Leave() => _gate.Leave();

    /// <inheritdoc/>
    protected override PacketFate Forward(TracedPacket packet, IpAddress destination, out string text)
    {
        ArgumentNullException.ThrowIfNull(packet);
        if (packet.Reason is null || (_closed && !_leaving) || FindHost(destination) is not null)
        {
            return base.Forward(packet, destination, out text);
        }

        bool isTaken = _device.TryWrite(packet.ArrivedBytes.Span);
        text = isTaken ? "" : "the interface did not take it";
        return isTaken ? PacketFate.Unknown : PacketFate.Lost;
    }
}
