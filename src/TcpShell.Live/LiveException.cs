namespace TcpShell.Live;

/// <summary>What keeps an interface from being opened or used.</summary>
public enum LiveProblem
{
    /// <summary>It takes rights that the user has not.</summary>
    PermissionDenied,

    /// <summary>This system has no such devices, or the kernel's module for them is missing.</summary>
    NotSupported,

    /// <summary>The name is taken.</summary>
    InUse,

    /// <summary>Somebody on the link has the address.</summary>
    AddressInUse,

    /// <summary>A name, an address or a size that cannot be.</summary>
    NotPossible,

    /// <summary>The interface was removed or went down.</summary>
    Gone,

    /// <summary>The system refused for another reason, which the message names.</summary>
    Failed,
}

/// <summary>An interface cannot be opened or used.</summary>
public sealed class LiveException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="problem">What kind of problem it is.</param>
    /// <param name="message">One sentence for the user.</param>
    public LiveException(LiveProblem problem, string message)
        : base(message) => Problem = problem;

    /// <summary>What kind of problem it is.</summary>
    public LiveProblem Problem { get; }
}
