using System.Management.Automation;
using TcpShell.Tcp;

namespace TcpShell.Errors;

/// <summary>
/// Every error that the cmdlets report, in one place: its id (a condition in PascalCase, which PowerShell completes with the cmdlet's class), its
/// category, the object that it is about, and what to do.
/// </summary>
internal static partial class ErrorRecords
{
    /// <summary>The state of the connection, or of its host, does not allow the call.</summary>
    /// <param name="exception">The engine's answer.</param>
    /// <param name="target">The connection or host.</param>
    public static ErrorRecord CallRefused(TcpCallException exception, object? target)
    {
        (ErrorCategory category, string? advice) = exception.Error switch
        {
            TcpCallError.ConnectionExists => (ErrorCategory.ResourceExists, "Close that connection first, or use another local port."),
            TcpCallError.ConnectionDoesNotExist => (ErrorCategory.ObjectNotFound, "Get-TcpConnection shows the connections that exist. New-TcpConnection opens one."),
            TcpCallError.ConnectionClosing => (ErrorCategory.InvalidOperation, "This end has closed already; it can receive but not send. Open a new connection to send more."),
            TcpCallError.RemoteUnspecified => (ErrorCategory.InvalidArgument, "Say whom to call: an address and a port such as 10.0.0.2:80."),
            TcpCallError.InvalidAddress => (ErrorCategory.InvalidArgument, "Use the address of one host, not a multicast, broadcast or empty one, and of an IP version that the sender has an address of."),
            TcpCallError.ConnectionReset => (ErrorCategory.ConnectionError, "The connection is gone; Watch-TcpState tells why. Open a new one."),
            TcpCallError.PortInUse => (ErrorCategory.ResourceBusy, "Use another port, or close what holds this one: Get-TcpConnection shows it."),
            TcpCallError.InsufficientResources => (ErrorCategory.LimitsExceeded, "Close connections that are no longer needed, or raise the host's limits."),
            TcpCallError.SettingFixed => (ErrorCategory.InvalidOperation, "Open a new connection with it: New-TcpConnection -Option."),
            TcpCallError.HostDown => (ErrorCategory.ResourceUnavailable, "Restart-TcpHost brings a lab's host back, New-TcpInterface makes an interface again."),
            _ => (ErrorCategory.InvalidOperation, null),
        };
        return Create(exception, exception.Error.ToString(), category, target, advice);
    }

    /// <summary>A path leads to nothing.</summary>
    /// <param name="path">The path as the user wrote it.</param>
    public static ErrorRecord PathNotFound(string path) => Create(
        new ItemNotFoundException($"There is no file '{path}'."),
        "PathNotFound",
        ErrorCategory.ObjectNotFound,
        path,
        "Look at the spelling and at the current location (Get-Location).");

    /// <summary>A file shall be written into a folder that is not there.</summary>
    /// <param name="path">The folder.</param>
    public static ErrorRecord FolderNotFound(string path) => Create(
        new ItemNotFoundException($"There is no folder '{path}'."),
        "PathNotFound",
        ErrorCategory.ObjectNotFound,
        path,
        "Make it first (New-Item -ItemType Directory), or look at the spelling.");

    /// <summary>A file shall be written into what is a file itself.</summary>
    /// <param name="path">The file that is no folder.</param>
    public static ErrorRecord FolderIsFile(string path) => Create(
        new ItemNotFoundException($"'{path}' is a file, not a folder."),
        "PathNotFound",
        ErrorCategory.ObjectNotFound,
        path,
        "Name a folder, or look at the spelling.");

    /// <summary>A path leads to something that is no file of a file system: a registry key, a variable.</summary>
    /// <param name="path">The path as the user wrote it.</param>
    public static ErrorRecord PathNotFileSystem(string path) => Create(
        new ArgumentException($"'{path}' is not in a file system."),
        "PathNotFileSystem",
        ErrorCategory.InvalidArgument,
        path,
        "Give the path of a file.");

    /// <summary>What an object is, for a user, at the start of a sentence: An Int32; of what remoting or a job made of an object, what it was.</summary>
    private static string KindOf(object input)
    {
        const string Prefix = "Deserialized.";
        string? plain = PSObject.AsPSObject(input).TypeNames.FirstOrDefault(name => name.StartsWith(Prefix, StringComparison.Ordinal));
        string kind = plain is null ? PSObject.AsPSObject(input).BaseObject.GetType().Name : $"{plain[(plain.LastIndexOf('.') + 1)..]} that came from another process";
        return "AEIO".Contains(kind[0], StringComparison.Ordinal) ? $"An {kind}" : $"A {kind}";
    }

    /// <summary>A record with advice.</summary>
    /// <param name="exception">What went wrong.</param>
    /// <param name="id">The condition, in PascalCase, without the cmdlet's name.</param>
    /// <param name="category">What kind of error it is.</param>
    /// <param name="target">The user's object.</param>
    /// <param name="advice">What the user can do; null if there is nothing.</param>
    private static ErrorRecord Create(Exception exception, string id, ErrorCategory category, object? target, string? advice)
    {
        var record = new ErrorRecord(exception, id, category, target);
        if (advice is not null)
        {
            record.ErrorDetails = new ErrorDetails(exception.Message) { RecommendedAction = advice };
        }

        return record;
    }
}
