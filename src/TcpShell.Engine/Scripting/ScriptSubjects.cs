namespace TcpShell.Scripting;

/// <summary>What words of scripts are about that is not supported, so that a reason names the matter and not only the word.</summary>
internal static class ScriptSubjects
{
    private static readonly (string Part, string Subject)[] s_subjects =
    [
        ("fastopen", "TCP Fast Open"),
        ("psp", "PSP encryption"),
        ("ERRQUEUE", "the error queue of sockets"),
        ("EPOLLEXCLUSIVE", "several processes that wait for one socket"),
        ("TIMESTAMPING", "timestamps of the sending host"),
        ("sendfile", "copies from a file to a socket"),
        ("splice", "copies from a pipe to a socket"),
        ("root fq", "pacing by the queue before the interface"),
        ("null pointer", "memory that a program has not"),
    ];

    /// <summary>What a construct is about; null if it is about nothing but itself.</summary>
    public static string? Of(string construct) =>
        s_subjects.FirstOrDefault(entry => construct.Contains(entry.Part, StringComparison.OrdinalIgnoreCase)).Subject;

    /// <summary>A construct with what it is about.</summary>
    public static string Explain(string construct) => Of(construct) is { } subject && !construct.StartsWith(subject, StringComparison.Ordinal)
        ? $"{subject} ({construct})"
        : construct;
}
