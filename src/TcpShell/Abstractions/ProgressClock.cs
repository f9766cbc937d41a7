using System.Diagnostics;
using System.Management.Automation;

namespace TcpShell.Abstractions;

/// <summary>Shows progress at most five times a second, and only for work that lasts.</summary>
internal sealed class ProgressClock
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _running = Stopwatch.StartNew();
    private TimeSpan _next = s_patience;
    private bool _shown;

    /// <summary>Whether it is time to show something; asked often, so it costs little.</summary>
    public bool IsDue => _running.Elapsed >= _next;

    /// <summary>Shows how far the work is.</summary>
    /// <param name="cmdlet">The cmdlet that works.</param>
    /// <param name="activity">What it does.</param>
    /// <param name="status">How far it is, in words.</param>
    /// <param name="fraction">How far it is, 0 to 1; null if nobody knows.</param>
    public void Show(Cmdlet cmdlet, string activity, string status, double? fraction = null)
    {
        TimeSpan elapsed = _running.Elapsed;
        _next = elapsed + s_interval;
        _shown = true;
        var record = new ProgressRecord(1, activity, status);
        if (fraction is > 0)
        {
            record.PercentComplete = (int)Math.Min(100, fraction.Value * 100);
            record.SecondsRemaining = (int)(elapsed.TotalSeconds * (1 - fraction.Value) / fraction.Value);
        }

        cmdlet.WriteProgress(record);
    }

    /// <summary>Takes the display away.</summary>
    /// <param name="cmdlet">The cmdlet that worked.</param>
    public void End(Cmdlet cmdlet)
    {
        if (_shown)
        {
            _shown = false;
            cmdlet.WriteProgress(new ProgressRecord(1, "Done", "Done") { RecordType = ProgressRecordType.Completed });
        }
    }
}
