using System.Management.Automation;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;
using TcpShell.Scripting;
using TcpShell.Scripting.Generation;

namespace TcpShell.Errors;

// Errors of files.
internal static partial class ErrorRecords
{
    /// <summary>A path leads to a folder where a file is meant.</summary>
    public static ErrorRecord PathIsFolder(string path) => Create(
        new IOException($"'{path}' is a folder, not a file."),
        "PathIsFolder",
        ErrorCategory.InvalidArgument,
        path,
        "Name a file in it.");

    /// <summary>A wildcard meets folders alone where files are meant.</summary>
    public static ErrorRecord OnlyFolders(string path) => Create(
        new ItemNotFoundException($"'{path}' meets folders, but no file."),
        "PathNotFound",
        ErrorCategory.ObjectNotFound,
        path,
        "Name the files in them, with one more wildcard for example: */*.");

    /// <summary>A folder has no file of the kind that is looked for.</summary>
    public static ErrorRecord NothingInFolder(string path, string pattern) => Create(
        new ItemNotFoundException($"There is no {pattern} file in the folder '{path}', nor in its subfolders."),
        "NothingInFolder",
        ErrorCategory.ObjectNotFound,
        path,
        "Name the files themselves if they are called otherwise. Links to folders are not followed.");

    /// <summary>A file exists that shall not be overwritten.</summary>
    public static ErrorRecord FileExists(string path) => Create(
        new IOException($"The file '{path}' exists already."),
        "FileExists",
        ErrorCategory.ResourceExists,
        path,
        "Leave out -NoClobber to overwrite it, or give another name.");

    /// <summary>A number of files where nothing makes more than one.</summary>
    public static ErrorRecord RotationNotSet(int files) => Create(
        new ArgumentException($"-MaximumFiles {files} has no meaning for one file."),
        "RotationNotSet",
        ErrorCategory.InvalidArgument,
        files,
        "Say when a new file begins: -MaximumSize 100MB, or -RotateAfter 1h.");

    /// <summary>A file cannot be written.</summary>
    public static ErrorRecord FileNotWritable(Exception failed, string path) => Create(
        failed, "FileNotWritable", ErrorCategory.WriteError, path, "Look at the rights on the file and its folder, at the space on the disk, and whether another program holds the file.");

    /// <summary>A file is no capture, is another one than before, or cannot be opened.</summary>
    public static ErrorRecord CaptureNotReadable(Exception failed, string path) => failed switch
    {
        CaptureFormatException => Create(
            new InvalidDataException($"{failed.Message} ('{path}')", failed), "CaptureFormatUnknown", ErrorCategory.InvalidData, path, "pcap, pcapng and snoop files are read, gzip-compressed or not."),
        CaptureChangedException => Create(
            new InvalidDataException($"{failed.Message} ('{path}')", failed), "CaptureChanged", ErrorCategory.InvalidData, path, "Read it again: Import-TcpCapture."),
        TooManyFilesException => Create(
            failed, "TooManyFiles", ErrorCategory.LimitsExceeded, path, "Merge fewer files at a time, and the results with Merge-TcpConversation; or let a process open more (ulimit -n)."),
        _ when IsGone(failed) => Create(
            new FileNotFoundException($"There is no capture '{path}' any more.", failed), "FileNotReadable", ErrorCategory.ObjectNotFound, path, "It was moved or deleted. Conversations know where their capture was when it was read; read it where it is now: Import-TcpCapture."),
        _ => NotReadable(failed, path),
    };

    /// <summary>A capture is damaged; what stood before the damage was given.</summary>
    public static ErrorRecord CaptureDamaged(CaptureProblem problem, string path, long frames) => Create(
        new InvalidDataException($"{problem.Message} ('{path}', octet {problem.Offset}{(problem.IsUnpacked ? " of what is unpacked" : "")}; the {frames} packets before it were read.)"),
        $"Capture{problem.Kind}",
        ErrorCategory.InvalidData,
        path,
        "What was read is complete up to the damage. A file that is still being written looks cut short as well.");

    /// <summary>A file cannot be opened or read.</summary>
    public static ErrorRecord FileNotReadable(Exception failed, string path) => failed is FileNotFoundException or DirectoryNotFoundException
        ? PathNotFound(path)
        : NotReadable(failed, path);

    /// <summary>The TCP did not do what a script asks for.</summary>
    public static ErrorRecord ScriptFailed(ScriptResult result) => Create(
        new InvalidOperationException(result.ToString()),
        "ScriptFailed",
        ErrorCategory.InvalidResult,
        result,
        "Invoke-TcpScript -Trace keeps the packets in Segments of the result.");

    /// <summary>What could not be run has no segments.</summary>
    public static ErrorRecord ScriptNotRun(ScriptResult result) => Create(
        new InvalidOperationException($"{Path.GetFileName(result.Path)} was not run, so there are no segments of it. {result.Reason}"),
        "ScriptNotRun",
        ErrorCategory.InvalidData,
        result,
        "Mend the script, or name another one.");

    /// <summary>Something that has no segments was given to be made a script.</summary>
    public static ErrorRecord NotScriptable(object input) => Create(
        new ArgumentException($"{KindOf(input)} cannot be made a script."),
        "NotScriptable",
        ErrorCategory.InvalidType,
        input,
        "Give segments (Get-TcpSegment), connections, conversations of this session's Import-TcpCapture, or results of Invoke-TcpScript -Trace.");

    /// <summary>There is nothing of which a script can be made.</summary>
    /// <param name="origin">What was given, in words.</param>
    /// <param name="target">What was given.</param>
    public static ErrorRecord NoSegments(string origin, object target) => Create(
        new InvalidOperationException($"There are no segments in {origin}."),
        "NoSegments",
        ErrorCategory.ObjectNotFound,
        target,
        target is ScriptResult ? "Invoke-TcpScript -Trace keeps those of a run." : "New-TcpConnection opens a connection in the current network.");

    /// <summary>An end of which a script could expect nothing, so that it would pass whatever happens.</summary>
    public static ErrorRecord NothingUnderTest(ScriptSide side, string origin) => Create(
        new InvalidOperationException($"{origin}: the {side.ToString().ToLowerInvariant()}'s TCP sent nothing, so there is nothing that a script could expect of it."),
        "NothingUnderTest",
        ErrorCategory.InvalidData,
        origin,
        "Put the other end under test: -Side. What a script or Send-TcpSegment sent was not sent by a TCP.");

    /// <summary>No stream has that number.</summary>
    public static ErrorRecord StreamNotFound(int stream, IEnumerable<int> streams) => Create(
        new ItemNotFoundException($"There is no stream {stream}."),
        "StreamNotFound",
        ErrorCategory.ObjectNotFound,
        stream,
        $"There {(streams.Any() ? $"are {string.Join(", ", streams.Order())}" : "is none")}; Get-TcpSegment and Import-TcpCapture tell the number of each segment's.");

    /// <summary>A word that cannot be defined, or not so.</summary>
    /// <param name="word">The word.</param>
    /// <param name="problem">What is wrong, in one sentence.</param>
    public static ErrorRecord DefinitionNotUsable(string word, string problem) => Create(
        new ArgumentException(problem),
        "DefinitionNotUsable",
        ErrorCategory.InvalidArgument,
        word,
        "-Define takes words of the script and for each a number or a text: @{ CODE = 'host_unreachable'; MSS = 1460 }.");

    /// <summary>A connection cannot be made a script.</summary>
    public static ErrorRecord CannotMakeScript(ScriptGenerationException impossible, string origin) => Create(
        new InvalidOperationException($"{origin}: {impossible.Message}", impossible),
        "CannotMakeScript",
        ErrorCategory.InvalidData,
        origin,
        "A script begins with the connection: its segments must have its first SYN. Try the other -Side if that end got no SYN.");

    /// <summary>A name is none of a profile, and there is no file with one either.</summary>
    public static ErrorRecord ProfileNotFound(Exception failed, string profile) => Create(
        failed switch
        {
            FormatException => new FormatException($"{profile}: {failed.Message}", failed),
            FileNotFoundException or DirectoryNotFoundException => new ItemNotFoundException($"There is no profile '{profile}', and no file of that name.", failed),
            _ => new IOException($"The profile '{profile}' cannot be read: {failed.Message}", failed),
        },
        failed is FormatException ? "ProfileNotUnderstood" : "ProfileNotFound",
        failed is FormatException ? ErrorCategory.InvalidData : ErrorCategory.ObjectNotFound,
        profile,
        "Profiles are linux, rfc and lab, or a JSON file such as { \"Name\": \"mine\", \"Settings\": { \"Timestamps\": false } }.");

    /// <summary>A text is no script in the packetdrill language.</summary>
    public static ErrorRecord ScriptNotUnderstood(TcpScriptException wrong, string? path) => Create(
        wrong,
        "ScriptNotUnderstood",
        ErrorCategory.ParserError,
        path,
        wrong.Word is { } word ? $"If {word} is a word that the script leaves open, give it: -Define @{{ {word} = value }}." : "Look at that line and column.");

    /// <summary>An object that is no conversation of a capture.</summary>
    public static ErrorRecord NotAConversation(object input) => Create(
        new ArgumentException($"{KindOf(input)} is not a conversation of a capture."),
        "NotAConversation",
        ErrorCategory.InvalidType,
        input,
        "Import-TcpCapture gives conversations, and Merge-TcpConversation does; from other machines and jobs they may come as well.");

    /// <summary>An object without packets of its own was to be written into a capture.</summary>
    public static ErrorRecord NotExportable(object input) => Create(
        new ArgumentException($"{KindOf(input)} has no packets that could be written."),
        "NotExportable",
        ErrorCategory.InvalidType,
        input,
        "Give segments: of a connection Get-TcpSegment, of a capture's conversation Import-TcpCapture -As Segment -Stream; or results of Invoke-TcpScript -Trace.");

    /// <summary>An object that does not fit into a table of conversations, or of segments.</summary>
    public static ErrorRecord NotARow(object input, bool isMixed) => Create(
        new ArgumentException(isMixed ? $"{KindOf(input)} does not fit into a table of the other kind." : $"{KindOf(input)} is neither a conversation nor a segment."),
        isMixed ? "MixedTable" : "NotAConversation",
        ErrorCategory.InvalidType,
        input,
        "A table has either conversations or segments; write the others into a file of their own.");

    /// <summary>A parameter that says something of whole conversations, where segments are asked for.</summary>
    public static ErrorRecord NotForSegments(string parameter) => Create(
        new ArgumentException($"-{parameter} is about whole conversations; segments come before those are known."),
        "NotForSegments",
        ErrorCategory.InvalidArgument,
        parameter,
        "Leave it out, or take the streams from a first pass: -Stream (Import-TcpCapture ... -State ...).Stream.");

    /// <summary>A parameter that says something of segments, where conversations are asked for.</summary>
    public static ErrorRecord OnlyForSegments(string parameter) => Create(
        new ArgumentException($"-{parameter} says how segments are shown; conversations are asked for."),
        "OnlyForSegments",
        ErrorCategory.InvalidArgument,
        parameter,
        "Leave it out, or ask for segments: -As Segment.");

    /// <summary>Raw octets that shall come down the pipeline.</summary>
    public static ErrorRecord RawNeedsFile() => Create(
        new ArgumentException("Raw octets go to a file only."), "RawNeedsFile", ErrorCategory.InvalidArgument, null, "Name the file: -Path answer.bin; or take -As Text.");

    /// <summary>A conversation whose segments are not to be had here: it was merged, came from another process, or was not read from a file.</summary>
    public static ErrorRecord NoCaptureFile(object conversation) => Create(
        new ArgumentException($"The segments of '{conversation}' cannot be read again: it was merged, came from another process or machine, or was read from a pipe or a file that is empty by now."),
        "NoCaptureFile",
        ErrorCategory.InvalidArgument,
        conversation,
        "Do it where the capture is, with what Import-TcpCapture gives there: Invoke-Command -HostName a { Import-TcpCapture x.pcap | Export-TcpStream }. Pieces are read as one by Import-TcpCapture -Merge; what comes through a pipe is kept by tee, for example.");

    /// <summary>A file whose name says that it is something which is not written here.</summary>
    public static ErrorRecord TableFormatUnknown(string path, string extension) => Create(
        new ArgumentException($"Tables are written as JSON lines or CSV, and '{extension}' is the extension of neither ('{path}')."),
        "TableFormatUnknown",
        ErrorCategory.InvalidArgument,
        path,
        "Name the file .jsonl or .csv (or .jsonl.gz, .csv.gz), or say with -As JsonLines or -As Csv what shall stand in it. A database makes other formats of either.");

    /// <summary>What is read would be written over.</summary>
    public static ErrorRecord OutputIsInput(string path) => Create(
        new ArgumentException($"'{path}' is the capture that is read, and would be lost."), "OutputIsInput", ErrorCategory.InvalidArgument, path, "Give the file another name.");

    /// <summary>A stretch of time that ends before it starts.</summary>
    public static ErrorRecord TimesTurnedRound(Timestamp start, Timestamp end) => Create(
        new ArgumentException("-StartTime is not before -EndTime, so nothing lies between them."), "TimesTurnedRound", ErrorCategory.InvalidArgument, $"{start} - {end}", "Change them round.");

    /// <summary>A time limit that nothing can keep.</summary>
    public static ErrorRecord IdleTimeoutNotPositive(TimeSpan timeout) => Create(
        new ArgumentOutOfRangeException(null, "-IdleTimeout is too short: the shortest is 100ns, for with less every conversation would end with its first segment."),
        "ValueOutOfRange",
        ErrorCategory.InvalidArgument,
        timeout,
        "Leave it out to wait for the capture's end.");

    /// <summary>A name where a capture has addresses alone.</summary>
    public static ErrorRecord CapturedHostHasNoName(string name) => Create(
        new ArgumentException($"'{name}' is neither an address, nor a prefix, nor an endpoint, and hosts of a capture have no names."),
        "CapturedHostHasNoName",
        ErrorCategory.InvalidArgument,
        name,
        "Give an address such as 10.0.0.1 or fd00::1, a prefix such as 10.0.0.0/8, or an endpoint such as 10.0.0.1:80 or [fd00::1]:80.");

    /// <summary>A file shall be written through a link that leads to nothing.</summary>
    public static ErrorRecord LinkLeadsNowhere(string path, string target) => Create(
        new ItemNotFoundException($"'{path}' is a link to '{target}', and there is no such file."),
        "PathNotFound",
        ErrorCategory.ObjectNotFound,
        path,
        "Name the file itself, or remove the link.");

    // ENOENT is what opening it here gives on Linux.
    private static bool IsGone(Exception failed) => failed is FileNotFoundException or DirectoryNotFoundException or IOException { HResult: 2 };

    // What the system says of a file does not always name it.
    private static ErrorRecord NotReadable(Exception failed, string path) => Create(
        failed.Message.Contains(path, StringComparison.Ordinal) ? failed : new IOException($"{failed.Message} ('{path}')", failed), "FileNotReadable", ErrorCategory.ReadError, path, "Look at the rights on the file, and whether another program holds it.");
}
