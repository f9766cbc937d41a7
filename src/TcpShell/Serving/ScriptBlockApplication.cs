using System.Management.Automation;
using System.Runtime.CompilerServices;
using TcpShell.Hosting;
using TcpShell.Live;
using TcpShell.Tcp;

namespace TcpShell.Serving;

/// <summary>
/// Runs a script block for each piece of data that arrives, and sends back what it gives. In a lab it runs while virtual time stands still; on a
/// real network on another thread, so that a slow one holds up nobody but its own connection, thirty-two at once at most, and what it gives is
/// sent as it comes.
/// </summary>
public sealed class ScriptBlockApplication : ITcpApplication
{
    private const int LongestPiece = 64 * 1024;

    // Together with the send buffer this is what a peer that does not read can make us keep.
    private const int OutputLimit = 128 * 1024;

    private readonly ConditionalWeakTable<HostedConnection, ScriptExchange> _exchanges = [];
    private readonly ScriptRunner _runner;

    /// <summary>Makes a server.</summary>
    /// <param name="script">
    /// Gets the data as text (as UTF-8), or as octets where its first parameter is a byte[], and the connection; strings (as UTF-8) and octets that
    /// it gives are sent.
    /// </param>
    public ScriptBlockApplication(ScriptBlock script)
    {
        ArgumentNullException.ThrowIfNull(script);
        _runner = new ScriptRunner(script, Given, Finished);
    }

    /// <inheritdoc/>
    public string Name => "ScriptBlock";

    /// <summary>What the script block failed with last; null if it never did. Its connection was reset then, unless the script block went on.</summary>
    public Exception? LastError => _runner.LastError;

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <inheritdoc/>
    public void Handle(HostedConnection connection, ConnectionEventKind what, Timestamp now)
    {
        ArgumentNullException.ThrowIfNull(connection);
        bool isRealTime = connection.Network?.IsRealTime == true;
        ScriptExchange exchange = _exchanges.GetValue(connection, key => new ScriptExchange(key, isRealTime ? OutputLimit : int.MaxValue));
        exchange.HasEnded |= what == ConnectionEventKind.EndOfStream;
        if (what == ConnectionEventKind.StateChanged && connection.State > TcpState.Established && connection.State != TcpState.CloseWait)
        {
            exchange.Stop(); // somebody has closed this end, and nothing can be sent any more
        }

        Continue(exchange, now);
    }

    /// <summary>The script blocks that run for a connection are stopped with it, and those of a listener's connections with the listener.</summary>
    /// <param name="connection">The connection.</param>
    public void Ended(HostedConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        if (_exchanges.TryGetValue(connection, out ScriptExchange? own))
        {
            own.Stop();
            _exchanges.Remove(connection);
        }

        if (connection.Role == ConnectionRole.Listener)
        {
            foreach ((HostedConnection other, ScriptExchange exchange) in _exchanges)
            {
                if (other.Owner == connection.Owner && other.Local.Port == connection.Local.Port)
                {
                    exchange.Stop();
                }
            }

            _runner.Dismiss();
        }
    }

    private void Continue(ScriptExchange exchange, Timestamp now)
    {
        TcpConnection tcp = exchange.Connection.Tcp;

        // One piece at a time: what comes meanwhile stays in the receive buffer and closes the window.
        while (!exchange.IsBusy && tcp.State is TcpState.Established or TcpState.CloseWait && TryTake(exchange, now, out object piece))
        {
            if (exchange.IsOver)
            {
                tcp.Abort(now); // its listener is gone: nobody answers any more
                return;
            }

            if (exchange.Connection.Network?.IsRealTime == true)
            {
                exchange.IsBusy = true;
                _runner.Queue(exchange, piece);
            }
            else if (!_runner.Run(exchange, piece))
            {
                Abort(tcp, now);
                return;
            }
        }

        Push(exchange, now);
        if (exchange is { HasEnded: true, IsBusy: false } && exchange.Output.IsEmpty && tcp.Available == 0 && tcp.State == TcpState.CloseWait)
        {
            tcp.Close(now);
        }
    }

    /// <summary>Takes what has come. Half a character waits for its other half, or for the end.</summary>
    private bool TryTake(ScriptExchange exchange, Timestamp now, out object piece)
    {
        TcpConnection tcp = exchange.Connection.Tcp;
        byte[] octets = [];
        if (tcp.Available > 0)
        {
            octets = new byte[Math.Min(tcp.Available, LongestPiece)];
            octets = octets[..tcp.Receive(octets, now)];
        }

        piece = octets;
        if (_runner.TakesOctets || (octets.Length == 0 && !exchange.HasEnded))
        {
            return octets.Length > 0;
        }

        var text = new char[octets.Length + 4];
        int count = exchange.Decoder.GetChars(octets, text, flush: exchange.HasEnded && tcp.Available == 0);
        piece = new string(text, 0, count);
        return count > 0;
    }

    private static void Abort(TcpConnection tcp, Timestamp now)
    {
        if (tcp.State is TcpState.Established or TcpState.CloseWait)
        {
            tcp.Abort(now);
        }
    }

    private static void Push(ScriptExchange exchange, Timestamp now)
    {
        TcpConnection tcp = exchange.Connection.Tcp;
        Span<byte> chunk = stackalloc byte[4096];
        while (tcp.State is TcpState.Established or TcpState.CloseWait
            && Math.Min(tcp.SendSpace, chunk.Length) is > 0 and int room
            && exchange.Output.Take(chunk[..room]) is > 0 and int count)
        {
            tcp.Send(chunk[..count], now);
        }

        if (!exchange.Output.IsEmpty)
        {
            tcp.AskForSpace();
        }
    }

    /// <summary>There is output. It is taken on another thread, so that many small parts become few segments.</summary>
    private void Given(ScriptExchange exchange)
    {
        if (exchange.Connection.Network is { IsRealTime: true } network && Interlocked.Exchange(ref exchange.IsAsked, 1) == 0)
        {
            ThreadPool.QueueUserWorkItem(_ => Act(network, exchange, () => Interlocked.Exchange(ref exchange.IsAsked, 0)));
        }
    }

    private void Finished(ScriptExchange exchange, bool isWell)
    {
        TcpNetwork network = exchange.Connection.Network!;
        Act(network, exchange, () =>
        {
            exchange.IsBusy = false;
            if (!isWell)
            {
                Abort(exchange.Connection.Tcp, network.Now);
            }
        });
    }

    private void Act(TcpNetwork network, ScriptExchange exchange, Action action)
    {
        try
        {
            using NetworkHold hold = network.Hold();
            action();
            if (exchange.Connection.State != TcpState.Closed)
            {
                Continue(exchange, network.Now);
            }

            network.Carry(exchange.Connection);
        }
        catch (LiveException)
        {
            // The device is gone; the network's own thread sees that as well, and says so.
        }
    }
}
