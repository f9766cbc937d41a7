using System.Management.Automation;
using TcpShell.Errors;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;

namespace TcpShell.Conversations;

/// <summary>What a user hears of a capture beside its conversations: what is wrong with it, and which limits changed the result.</summary>
internal static class CaptureReports
{
    private const int NamesTold = 2;

    /// <summary>Reports what is to be said of an analysis that has ended.</summary>
    public static void Report(this Cmdlet cmdlet, CaptureRun run)
    {
        foreach (CaptureTrouble trouble in run.Troubles)
        {
            cmdlet.WriteError(trouble.Failure is { } failure
                ? ErrorRecords.CaptureNotReadable(failure, trouble.File)
                : ErrorRecords.CaptureDamaged(trouble.Damage!, trouble.File, trouble.FramesBefore));
        }

        string name = Name(run.Files);
        if (run.Unsupported > 0)
        {
            cmdlet.WriteWarning($"{run.Unsupported} of {run.Frames} frames of '{name}' have a link type that is not known here.");
        }

        if (run.Limits.Evicted > 0)
        {
            cmdlet.WriteWarning($"'{name}' had more open conversations than -MaximumOpen allows: {run.Limits.Evicted} came out before their end, and what followed counts as conversations of its own.");
        }

        if (run.Limits.TimedOut > 0)
        {
            cmdlet.WriteWarning($"{run.Limits.TimedOut} conversations of '{name}' were quiet for longer than -IdleTimeout and came out then: whatever followed counts as conversations of its own.");
        }

        if (run.Limits.FragmentsDropped > 0)
        {
            cmdlet.WriteWarning($"{run.Limits.FragmentsDropped} IP fragments of '{name}' were given up, for more waited for their companions than -MaximumFragmentBytes allows.");
        }

        if (run.Limits.SegmentsUnlisted > 0)
        {
            cmdlet.WriteWarning($"{run.Limits.SegmentsUnlisted} segments of '{name}' with a remark are counted but not listed in FlaggedSegments: -MaximumListed and -MaximumListedTotal say how many are.");
        }

        if (run.Limits.StateChangesDropped > 0)
        {
            cmdlet.WriteWarning($"{run.Limits.StateChangesDropped} changes of state in '{name}' are not in StateChanges: -MaximumStateChanges says how many are kept of a conversation.");
        }
    }

    // Hundreds of names would hide what is said of them.
    private static string Name(IReadOnlyList<string> files)
    {
        string names = string.Join(", ", files.Take(files.Count == NamesTold + 1 ? files.Count : NamesTold).Select(Path.GetFileName));
        return files.Count > NamesTold + 1 ? $"{names} and {files.Count - NamesTold} more" : names;
    }
}
