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

    /// <summary>Shows how far the work is, if it is time to.</summary>
    public void Show(Cmdlet cmdlet, string activity, long done, long? total)
    {
        TimeSpan elapsed = _running.Elapsed;
        if (elapsed < _next)
        {
            return;
        }

        _next = elapsed + s_interval;
        _shown = true;
        var record = new ProgressRecord(1, activity, total is null ? $"{done:N0} octets" : $"{done:N0} of {total:N0} octets");
        if (total > 0)
        {
            record.PercentComplete = (int)Math.Min(100, done * 100 / total.Value);
            record.SecondsRemaining = done > 0 ? (int)(elapsed.TotalSeconds * (total.Value - done) / done) : -1;
        }

        cmdlet.WriteProgress(record);
    }

    /// <summary>Takes the display away.</summary>
    public void End(Cmdlet cmdlet)
    {
        if (_shown)
        {
            _shown = false;
            cmdlet.WriteProgress(new ProgressRecord(1, "Done", "Done") { RecordType = ProgressRecordType.Completed });
        }
    }
}
