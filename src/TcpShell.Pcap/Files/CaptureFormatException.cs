namespace TcpShell.Pcap.Files;

/// <summary>A stream that cannot be opened as a capture: not a single frame can be read from it.</summary>
public sealed class CaptureFormatException : FormatException
{
    /// <summary>Makes the exception for a problem.</summary>
    /// <param name="problem">What is wrong, and where.</param>
    public CaptureFormatException(CaptureProblem problem)
        : base(problem?.Message) => Problem = problem ?? throw new ArgumentNullException(nameof(problem));

    /// <summary>What is wrong, and where.</summary>
    public CaptureProblem Problem { get; }
}
