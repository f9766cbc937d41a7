using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Text;

namespace TcpShell.Serving;

/// <summary>
/// Runs a script block, in runspaces that are not the session's and that remember nothing from one run to the next: on threads of its own, some at
/// once, or on the caller's.
/// </summary>
internal sealed class ScriptRunner
{
    // A runspace takes some megabytes, and a thread.
    private const int MaximumThreads = 32;

    private static readonly TimeSpan s_idleTime = TimeSpan.FromSeconds(30);

    private readonly Queue<(ScriptExchange Exchange, object Piece)> _waiting = new();
    private readonly string _script;
    private readonly Action<ScriptExchange, bool> _finished;
    private readonly Action<ScriptExchange> _given;
    private Runspace? _ownRunspace;
    private int _runsHere;
    private int _threads;
    private int _idle;
    private bool _isDismissed;

    /// <summary>Makes a runner.</summary>
    /// <param name="script">The script block.</param>
    /// <param name="given">Told when there is output, on the thread of the run.</param>
    /// <param name="finished">Told when a run that was queued has ended, and whether well, on the thread of the run.</param>
    public ScriptRunner(ScriptBlock script, Action<ScriptExchange> given, Action<ScriptExchange, bool> finished)
    {
        _script = script.ToString();
        (_given, _finished) = (given, finished);
        TakesOctets = script.Ast is ScriptBlockAst { ParamBlock.Parameters: [{ StaticType: { } type }, ..] } && type == typeof(byte[]);
    }

    /// <summary>Whether the first parameter of the script block is a byte[].</summary>
    public bool TakesOctets { get; }

    /// <summary>What the script block failed with last; null if it never did.</summary>
    public Exception? LastError { get; private set; }

    /// <summary>Runs the script block on another thread, as soon as one is free.</summary>
    /// <param name="exchange">For which connection.</param>
    /// <param name="piece">Its first argument.</param>
    public void Queue(ScriptExchange exchange, object piece)
    {
        lock (_waiting)
        {
            _isDismissed = false;
            _waiting.Enqueue((exchange, piece));
            if (_waiting.Count <= _idle || _threads == MaximumThreads)
            {
                Monitor.Pulse(_waiting);
                return;
            }

            _threads++;
        }

        new Thread(Work) { IsBackground = true, Name = "TcpShell runs a script block" }.Start();
    }

    /// <summary>Runs the script block here and now.</summary>
    /// <param name="exchange">For which connection.</param>
    /// <param name="piece">Its first argument.</param>
    /// <returns>Whether it ended well.</returns>
    public bool Run(ScriptExchange exchange, object piece)
    {
        _runsHere++;
        bool isWell = Run(ref _ownRunspace, PSThreadOptions.Default, exchange, piece);
        if (--_runsHere == 0 && _isDismissed)
        {
            Release(ref _ownRunspace);
        }

        return isWell;
    }

    /// <summary>Threads and runspaces that have nothing to do end now, and others when they have done.</summary>
    public void Dismiss()
    {
        lock (_waiting)
        {
            _isDismissed = true;
            Monitor.PulseAll(_waiting);
        }

        if (_runsHere == 0)
        {
            Release(ref _ownRunspace); // else the script block itself has closed its listener
        }
    }

    private void Work()
    {
        Runspace? runspace = null;
        while (TryTake(out (ScriptExchange Exchange, object Piece) next))
        {
            bool isWell = Run(ref runspace, PSThreadOptions.UseCurrentThread, next.Exchange, next.Piece);
            try
            {
                _finished(next.Exchange, isWell);
            }
            catch (Exception failed)
            {
                LastError = failed; // its network is gone; nobody may be hit by that but who looks
            }
        }

        Release(ref runspace);
    }

    private bool TryTake(out (ScriptExchange Exchange, object Piece) next)
    {
        lock (_waiting)
        {
            _idle++;
            bool isTold = true;
            while (_waiting.Count == 0 && !_isDismissed && isTold)
            {
                isTold = Monitor.Wait(_waiting, s_idleTime);
            }

            _idle--;
            bool isTaken = _waiting.TryDequeue(out next);
            _threads -= isTaken ? 0 : 1;
            return isTaken;
        }
    }

    // Nothing may escape: on a thread of its own it would end the process.
    private bool Run(ref Runspace? runspace, PSThreadOptions options, ScriptExchange exchange, object piece)
    {
        try
        {
            if (exchange.IsOver)
            {
                return false;
            }

            if (runspace is null)
            {
                runspace = RunspaceFactory.CreateRunspace();
                runspace.ThreadOptions = options;
                runspace.Open();
            }

            Run(runspace, exchange, piece);
            runspace.ResetRunspaceState();
            return !exchange.IsOver;
        }
        catch (Exception failed)
        {
            LastError = exchange.IsOver ? LastError : failed;
            Release(ref runspace);
            return false;
        }
    }

    private void Run(Runspace runspace, ScriptExchange exchange, object piece)
    {
        using var shell = PowerShell.Create();
        shell.Runspace = runspace;
        shell.AddScript(_script, useLocalScope: true).AddArgument(piece).AddArgument(exchange.Connection);
        using PSDataCollection<PSObject> output = [];
        output.DataAdded += (_, _) =>
        {
            foreach (PSObject? part in output.ReadAll())
            {
                Give(exchange, part);
            }
        };

        // A script that runs for ever may say as much as it likes.
        PSDataStreams streams = shell.Streams;
        streams.Error.DataAdded += (_, _) => LastError = streams.Error.ReadAll().LastOrDefault()?.Exception ?? LastError;
        streams.Warning.DataAdded += (_, _) => streams.Warning.ReadAll();
        streams.Verbose.DataAdded += (_, _) => streams.Verbose.ReadAll();
        streams.Debug.DataAdded += (_, _) => streams.Debug.ReadAll();
        streams.Information.DataAdded += (_, _) => streams.Information.ReadAll();
        streams.Progress.DataAdded += (_, _) => streams.Progress.ReadAll();
        if (exchange.TryBegin(shell))
        {
            try
            {
                shell.Invoke(null, output, null);
            }
            finally
            {
                exchange.End();
            }
        }
    }

    private void Give(ScriptExchange exchange, PSObject? part)
    {
        ReadOnlySpan<byte> octets = part?.BaseObject switch
        {
            byte[] many => many,
            byte one => [one],
            null => [],
            _ => Encoding.UTF8.GetBytes(part.ToString()),
        };
        while (octets.Length > 0 && exchange.Output.Add(octets) is > 0 and int added)
        {
            octets = octets[added..];
            _given(exchange);
        }
    }

    private static void Release(ref Runspace? runspace)
    {
        try
        {
            runspace?.Dispose();
        }
        catch (Exception)
        {
            // PowerShell is ending, and has taken it along.
        }

        runspace = null;
    }
}
