using System.Globalization;
using System.Runtime.InteropServices;

namespace TcpShell.Live;

/// <summary>
/// What is closed in good order before the process ends, whether by itself or by SIGTERM or SIGHUP: interfaces, whose peers are told, and files that
/// are being written. Who is killed can do nothing.
/// </summary>
/// <remarks>
/// The signals are taken while there is something to close, and then do what they would have done. One that the process was started to ignore, as by
/// nohup, stays ignored.
/// </remarks>
public static class EndOfProcess
{
    private static readonly List<IDisposable> s_open = [];
    private static PosixSignalRegistration[] s_signals = [];
    private static bool s_ends;

    static EndOfProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) => CloseAll();

    /// <summary>Lets something be closed when the process ends. It may be closed on any thread, and more than once.</summary>
    /// <param name="what">What is to be closed.</param>
    public static void Closes(IDisposable what)
    {
        lock (s_open)
        {
            s_open.Add(what);
            if (s_open.Count == 1 && !s_ends)
            {
                s_signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Where(signal => !IsIgnored(signal)).Select(signal => PosixSignalRegistration.Create(signal, _ => CloseAll()))];
            }
        }
    }

    /// <summary>Something is closed, or needs not be closed any more.</summary>
    /// <param name="what">What was to be closed.</param>
    public static void Forget(IDisposable what)
    {
        PosixSignalRegistration[] released = [];
        lock (s_open)
        {
            // The runtime still has to pass on a signal that is being handled.
            if (s_open.Remove(what) && s_open.Count == 0 && !s_ends)
            {
                (released, s_signals) = (s_signals, released);
            }
        }

        Array.ForEach(released, signal => signal.Dispose());
    }

    private static void CloseAll()
    {
        IDisposable[] open;
        lock (s_open)
        {
            s_ends = true;
            open = [.. s_open];
        }

        // Each takes its moment, and whoever has sent the signal may not wait for long. What fails has nobody to tell it to.
        Task.WhenAll(open.Select(what => Task.Run(what.Dispose))).ContinueWith(_ => { }, TaskScheduler.Default).Wait(TimeSpan.FromSeconds(5));
    }

    /// <summary>Whether the process ignores a signal (proc(5), SigIgn). Only asked on Linux; elsewhere none counts as ignored.</summary>
    private static bool IsIgnored(PosixSignal signal)
    {
        const string Field = "SigIgn:";
        if (!OperatingSystem.IsLinux() || File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal)) is not { } mask)
        {
            return false;
        }

        int number = signal == PosixSignal.SIGTERM ? 15 : 1;
        return ((ulong.Parse(mask[Field.Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (number - 1)) & 1) != 0;
    }
}
