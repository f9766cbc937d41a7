using System.Collections.Concurrent;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using System.Text;
using TcpShell.Hosting;
using TcpShell.Live.Serving;
using TcpShell.Tcp;

namespace TcpShell.Serving;

/// <summary>
/// Runs a script block for each piece of data that arrives, and sends back what it gives. It runs in a runspace of its own, as that of a job: in a
/// lab while virtual time stands still, on a real network on another thread, so that a slow one holds up nobody but its own connections.
/// </summary>
public sealed class ScriptBlockApplication : ITcpApplication
{
    private readonly ConditionalWeakTable<HostedConnection, Exchange> _exchanges = [];
    private readonly ConcurrentQueue<(HostedConnection Connection, Exchange Exchange, byte[] Data)> _work = [];
    private readonly string _script;
    private Runspace? _runspace;
    private int _queued;

    /// <summary>Makes a server.</summary>
    /// <param name="script">Gets the data as text (as UTF-8) and the connection; strings (as UTF-8) and octets that it gives are sent.</param>
    public ScriptBlockApplication(ScriptBlock script)
    {
        ArgumentNullException.ThrowIfNull(script);
        _script = script.ToString();
    }

    /// <inheritdoc/>
    public string Name => "ScriptBlock";

    /// <summary>What the script block failed with last; null if it never did. Its connection was reset then.</summary>
    public Exception? LastError { get; private set; }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <inheritdoc/>
    public void Handle(HostedConnection connection, ConnectionEventKind what, Timestamp now)
    {
        ArgumentNullException.ThrowIfNull(connection);
        TcpConnection tcp = connection.Tcp;
        Exchange exchange = _exchanges.GetOrCreateValue(connection);
        exchange.HasEnded |= what == ConnectionEventKind.EndOfStream;
        if (what == ConnectionEventKind.Failed)
        {
            exchange.Outbox.Clear();
            return;
        }

        // One piece at a time: what comes meanwhile stays in the receive buffer and closes the window.
        if (tcp.Available > 0 && !exchange.IsBusy)
        {
            var data = new byte[Math.Min(tcp.Available, 64 * 1024)];
            data = data[..tcp.Receive(data, now)];
            exchange.IsBusy = true;
            if (connection.Network?.IsRealTime == true)
            {
                Queue(connection, exchange, data);
            }
            else
            {
                Finish(connection, exchange, Run(connection, data), now);
                if (tcp.Available > 0)
                {
                    Handle(connection, ConnectionEventKind.DataAvailable, now);
                    return;
                }
            }
        }

        Continue(tcp, exchange, now);
    }

    private static void Continue(TcpConnection tcp, Exchange exchange, Timestamp now)
    {
        exchange.Outbox.Push(tcp, now);
        if (exchange is { HasEnded: true, IsBusy: false, Outbox.IsEmpty: true } && tcp.Available == 0 && tcp.State == TcpState.CloseWait)
        {
            tcp.Close(now);
        }
    }

    private static void Finish(HostedConnection connection, Exchange exchange, byte[]? answer, Timestamp now)
    {
        exchange.IsBusy = false;
        if (answer is null && connection.State != TcpState.Closed)
        {
            connection.Tcp.Abort(now);
        }
        else if (answer is { Length: > 0 })
        {
            exchange.Outbox.Add(new MemoryStream(answer));
        }
    }

    private void Queue(HostedConnection connection, Exchange exchange, byte[] data)
    {
        _work.Enqueue((connection, exchange, data));
        if (Interlocked.Increment(ref _queued) == 1)
        {
            ThreadPool.QueueUserWorkItem(_ => Work()); // one thread at a time, and none when there is nothing to do
        }
    }

    private void Work()
    {
        do
        {
            _work.TryDequeue(out (HostedConnection Connection, Exchange Exchange, byte[] Data) piece);
            byte[]? answer = Run(piece.Connection, piece.Data);
            TcpNetwork network = piece.Connection.Network!;
            using NetworkHold hold = network.Hold();
            Finish(piece.Connection, piece.Exchange, answer, network.Now);
            Handle(piece.Connection, ConnectionEventKind.DataAvailable, network.Now);
            network.Carry(piece.Connection);
        }
        while (Interlocked.Decrement(ref _queued) > 0);
    }

    /// <returns>What the script block gives; null if it failed.</returns>
    private byte[]? Run(HostedConnection connection, byte[] data)
    {
        try
        {
            if (_runspace is null)
            {
                _runspace = RunspaceFactory.CreateRunspace();
                _runspace.Open();
            }

            using var shell = PowerShell.Create();
            shell.Runspace = _runspace;
            shell.AddScript(_script).AddArgument(Encoding.UTF8.GetString(data)).AddArgument(connection);
            using var answer = new MemoryStream();
            foreach (PSObject? part in shell.Invoke())
            {
                answer.Write(part?.BaseObject switch
                {
                    byte[] octets => octets,
                    byte octet => [octet],
                    null => [],
                    _ => Encoding.UTF8.GetBytes(part.ToString()),
                });
            }

            if (shell.HadErrors && shell.Streams.Error.Count > 0)
            {
                LastError = shell.Streams.Error[0].Exception;
            }

            return answer.ToArray();
        }
        catch (RuntimeException failed)
        {
            LastError = failed;
            return null;
        }
    }

    private sealed class Exchange
    {
        public Outbox Outbox { get; } = new();

        public bool IsBusy { get; set; }

        public bool HasEnded { get; set; }
    }
}
