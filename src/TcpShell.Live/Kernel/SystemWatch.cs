using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using TcpShell.Live.Linux;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Kernel;

/// <summary>
/// Sees the operating system's connections change their states by looking again and again; where the kernel tells at once that a socket has
/// ended (Linux), it looks then. A state that lasts shorter than the time between two looks is not seen. It takes no rights.
/// </summary>
public sealed class SystemWatch : IDisposable
{
    private static readonly string s_host = Dns.GetHostName();

    private readonly Dictionary<(Endpoint Local, Endpoint Remote), TcpState> _known = [];
    private readonly SystemFilter _filter;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly int _endings = -1;
    private readonly Libc.PollFd[] _waited = [];
    private readonly byte[] _buffer = new byte[8192];

    /// <summary>Begins to watch: what is there now is no change.</summary>
    /// <param name="filter">Which connections.</param>
    /// <exception cref="LiveException">The system does not tell.</exception>
    public SystemWatch(SystemFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        _filter = filter;
        if (OperatingSystem.IsLinux())
        {
            _endings = OpenEndings();
            _waited = [new() { Fd = _endings, Events = Libc.PollIn }];
        }

        Look();
    }

    /// <summary>Looks, and gives what is different from the last time.</summary>
    public IReadOnlyList<StateChange> Look()
    {
        var now = new Timestamp(Stopwatch.GetElapsedTime(_start).Ticks / TimeSpan.TicksPerMicrosecond * 1000);
        var changes = new List<StateChange>();
        var seen = new HashSet<(Endpoint Local, Endpoint Remote)>();
        foreach (SystemConnection connection in SystemConnections.List())
        {
            (Endpoint Local, Endpoint Remote) ends = (connection.Local, connection.Remote);
            if (connection.State == TcpState.Closed || !_filter.Fits(connection.Local, connection.Remote) || !seen.Add(ends))
            {
                continue;
            }

            TcpState before = _known.GetValueOrDefault(ends, TcpState.Closed);
            if (before != connection.State)
            {
                _known[ends] = connection.State;
                Note(changes, now, ends, before, connection.State);
            }
        }

        foreach (KeyValuePair<(Endpoint Local, Endpoint Remote), TcpState> gone in _known.Where(known => !seen.Contains(known.Key)).ToArray())
        {
            _known.Remove(gone.Key);
            Note(changes, now, gone.Key, gone.Value, TcpState.Closed);
        }

        return changes;
    }

    /// <summary>Waits until it is time to look again.</summary>
    /// <param name="interval">How long at most; shorter where the kernel tells that a socket has ended.</param>
    public void Wait(TimeSpan interval)
    {
        if (_endings < 0)
        {
            Thread.Sleep(interval);
            return;
        }

        Libc.Poll(_waited, 1, new Libc.TimeSpec { Seconds = (nint)(interval.Ticks / TimeSpan.TicksPerSecond), Nanoseconds = (nint)(interval.Ticks % TimeSpan.TicksPerSecond * 100) }, 0);
        while (Libc.Read(_endings, ref _buffer[0], _buffer.Length) > 0)
        {
            // Which one ended is seen by looking: a socket that has ended may have left one in TIME-WAIT behind.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_endings >= 0)
        {
            Libc.Close(_endings);
        }
    }

    private void Note(List<StateChange> changes, Timestamp now, (Endpoint Local, Endpoint Remote) ends, TcpState from, TcpState to)
    {
        if (!_filter.Fits(to))
        {
            return;
        }

        // The kernel tells no causes. Where only one thing can have happened, it is that one.
        TcpTransition[] edges = [.. TcpTransitions.All.Where(edge => edge.From == from && edge.To == to && edge.Event != TransitionEvent.HostStops)];
        TcpTransition? only = edges.Length == 1 ? edges[0] : null;
        changes.Add(new StateChange
        {
            Time = now,
            Host = s_host,
            Local = ends.Local,
            Remote = ends.Remote,
            From = from,
            To = to,
            Event = only?.Event ?? TransitionEvent.NotSeen,
            Cause = only is not null ? $"{only.Event}, as the table of states has it"
                : edges.Length > 1 ? "not seen: one of several things can have happened"
                : "not seen: several steps between two looks",
            Rfc = only?.Rfc ?? "9293 3.3.2",
            Explanation = only?.Explanation ?? "The operating system tells in which state a connection is, but not why.",
        });
    }

    /// <summary>A socket on which the kernel tells of sockets that end; -1 if it does not.</summary>
    private static int OpenEndings()
    {
        const int NetlinkSockDiag = 4;
        const uint TcpAndTcp6Destroyed = 0b0101; // groups 1 and 3
        int socket = Libc.Socket(Libc.AfNetlink, Libc.SockRaw | Libc.CloseOnExec | Libc.NonBlocking, NetlinkSockDiag);
        var address = new byte[12];
        BinaryPrimitives.WriteInt16LittleEndian(address, Libc.AfNetlink);
        BinaryPrimitives.WriteUInt32LittleEndian(address.AsSpan(8), TcpAndTcp6Destroyed);
        if (socket >= 0 && Libc.Bind(socket, address, address.Length) < 0)
        {
            Libc.Close(socket);
            return -1;
        }

        return socket;
    }
}
