using System.Management.Automation;
using System.Text;
using TcpShell.Hosting;

namespace TcpShell.Serving;

/// <summary>What a script block says on one connection. But for what is said otherwise, its network is held by who uses it.</summary>
/// <param name="connection">The connection.</param>
/// <param name="limit">How much output may wait to be sent, in octets.</param>
internal sealed class ScriptExchange(HostedConnection connection, int limit)
{
    private readonly object _gate = new();
    private PowerShell? _running;
    private bool _isOver;

    /// <summary>The connection.</summary>
    public HostedConnection Connection { get; } = connection;

    /// <summary>What is to be sent. For any thread.</summary>
    public ScriptOutput Output { get; } = new(limit);

    /// <summary>Reads what comes as text: a character whose octets come in two segments is one.</summary>
    public Decoder Decoder { get; } = Encoding.UTF8.GetDecoder();

    /// <summary>Whether the script block runs, or waits to.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Whether the peer has closed.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Whether the network was asked already to take output. For any thread.</summary>
    public int IsAsked;

    /// <summary>Whether the script block shall not run any more. For any thread.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
            {
                return _isOver;
            }
        }
    }

    /// <summary>The script block begins, on the thread that runs it.</summary>
    /// <param name="shell">What it runs in.</param>
    /// <returns>Whether it shall.</returns>
    public bool TryBegin(PowerShell shell)
    {
        lock (_gate)
        {
            _running = _isOver ? null : shell;
            return !_isOver;
        }
    }

    /// <summary>The script block has ended, on the thread that ran it.</summary>
    public void End()
    {
        lock (_gate)
        {
            _running = null;
        }
    }

    /// <summary>Ends the script block if it runs, and does not wait for that; it is not run again. For any thread.</summary>
    public void Stop()
    {
        PowerShell? running;
        lock (_gate)
        {
            running = _isOver ? null : _running;
            _isOver = true;
        }

        Output.End();
        if (running is not null)
        {
            // A thread of its own: it waits for the script, which may hang in something that cannot be stopped.
            new Thread(() => Stop(running)) { IsBackground = true, Name = "TcpShell stops a script block" }.Start();
        }
    }

    private static void Stop(PowerShell shell)
    {
        try
        {
            shell.Stop();
        }
        catch (Exception)
        {
            // It has ended by itself meanwhile, or its runspace has; what was wanted is so.
        }
    }
}
