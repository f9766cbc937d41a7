using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TcpShell.Live.Kernel;
using TcpShell.Wire;

namespace TcpShell.Live.Probing;

/// <summary>Tries the handshakes of many ports at once by the operating system's connect, which takes no rights and shows less.</summary>
public sealed class SystemProber : IDisposable
{
    private const string Via = "system";
    private const int TcpLevel = 6;
    private const int TcpInfoOption = 11;

    private readonly CancellationTokenSource _stopping = new();
    private const int MostAtOnce = 1024;

    // A process may open only so many sockets; others in it need some, and the runtime itself ends where it gets no descriptor.
    private readonly SemaphoreSlim _free = new(Math.Clamp(FreeDescriptors() / 2, 1, MostAtOnce));
    private readonly ConcurrentQueue<PortProbe> _finished = new();
    private readonly ConcurrentQueue<(Endpoint, SocketException)> _refused = new();
    private readonly TimeSpan _timeout;
    private int _pending;

    /// <summary>Makes a prober.</summary>
    /// <param name="timeout">How long to wait for each answer.</param>
    public SystemProber(TimeSpan timeout) => _timeout = timeout;

    /// <summary>Ports that have not answered yet.</summary>
    public int Pending => Volatile.Read(ref _pending);

    /// <summary>Begins to connect to a port.</summary>
    /// <param name="target">The port.</param>
    public void Start(Endpoint target)
    {
        Interlocked.Increment(ref _pending);
        _ = ConnectAsync(target);
    }

    /// <summary>Takes what became of a port.</summary>
    /// <param name="result">What became of it.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake(out PortProbe? result) => _finished.TryDequeue(out result);

    /// <summary>Takes a port that the system did not ask: no route, a route that prohibits it, an address that cannot be.</summary>
    /// <param name="refused">The port, and why.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTakeRefused(out (Endpoint Target, SocketException Why) refused) => _refused.TryDequeue(out refused);

    /// <summary>Ends the probes that are not over.</summary>
    public void Dispose() => _stopping.Cancel();

    private async Task ConnectAsync(Endpoint target)
    {
        PortProbe? result = new() { Target = target, Answer = PortAnswer.Silence, Via = Via };
        long start = Stopwatch.GetTimestamp();
        bool isMine = false;
        try
        {
            await _free.WaitAsync(_stopping.Token).ConfigureAwait(false);
            isMine = true;
            IPAddress address = target.Address.ToIPAddress();
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            limit.CancelAfter(_timeout);
            start = Stopwatch.GetTimestamp();
            await socket.ConnectAsync(new IPEndPoint(address, target.Port), limit.Token).ConfigureAwait(false);
            result = result with { Answer = PortAnswer.SynAck, Rtt = KernelRtt(socket) ?? Stopwatch.GetElapsedTime(start) };
        }
        catch (SocketException failed)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            result = failed.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => result with { Answer = PortAnswer.Rst, Rtt = elapsed },
                SocketError.HostUnreachable => result with { Answer = PortAnswer.Icmp, IcmpError = IcmpErrorKind.HostUnreachable, Rtt = elapsed },
                SocketError.NetworkUnreachable => result with { Answer = PortAnswer.Icmp, IcmpError = IcmpErrorKind.NetworkUnreachable, Rtt = elapsed },
                SocketError.TimedOut => result,
                _ => null,
            };
            if (result is null)
            {
                _refused.Enqueue((target, failed));
            }
        }
        catch (OperationCanceledException)
        {
            // The time was over, or nobody wants to know any more.
        }
        finally
        {
            if (isMine)
            {
                _free.Release();
            }

            if (result is not null)
            {
                _finished.Enqueue(result);
            }

            Interlocked.Decrement(ref _pending);
        }
    }

    /// <summary>How many more files and sockets this process may open, as far as the system tells.</summary>
    private static int FreeDescriptors()
    {
        const string Limit = "Max open files";
        if (!OperatingSystem.IsLinux())
        {
            return MostAtOnce / 2;
        }

        string? line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(Limit, StringComparison.Ordinal));
        string? soft = line?[Limit.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out int most) ? most - Directory.GetFiles("/proc/self/fd").Length : int.MaxValue;
    }

    /// <summary>What the kernel measured itself: our own clock also counts how long a thread took to wake up.</summary>
    private static TimeSpan? KernelRtt(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> info = stackalloc byte[256];
        try
        {
            int size = socket.GetRawSocketOption(TcpLevel, TcpInfoOption, info);
            return TcpInfo.AddTo(new SystemConnection { Local = default, Remote = default, State = Tcp.TcpState.Established }, info[..size]).Rtt;
        }
        catch (SocketException)
        {
            return null; // reset already
        }
    }
}
