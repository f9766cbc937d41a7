using System.Globalization;

namespace TcpShell.Scripting;

/// <summary>How the time of an event is given.</summary>
public enum ScriptTimeKind
{
    /// <summary>Since the start of the script: <c>1.5</c>.</summary>
    Absolute,

    /// <summary>Since the event before: <c>+0.1</c>.</summary>
    Relative,

    /// <summary>Between two times since the start of the script: <c>1~2</c>.</summary>
    AbsoluteRange,

    /// <summary>Between two times since the event before: <c>+1~+1.2</c>.</summary>
    RelativeRange,

    /// <summary>Whenever it comes: <c>*</c>.</summary>
    Any,
}

/// <summary>When an event happens, or shall happen.</summary>
/// <param name="Kind">How the time is given.</param>
/// <param name="Start">The time, or the earliest one; whole microseconds.</param>
/// <param name="End">The latest time of a range; else the same as <paramref name="Start"/>.</param>
public readonly record struct ScriptTime(ScriptTimeKind Kind, TimeSpan Start, TimeSpan End)
{
    /// <summary>Whether it counts from the event before.</summary>
    public bool IsRelative => Kind is ScriptTimeKind.Relative or ScriptTimeKind.RelativeRange;

    /// <summary>Whether it names one time, not a range and not any.</summary>
    public bool IsExact => Kind is ScriptTimeKind.Absolute or ScriptTimeKind.Relative;

    /// <summary>As it is written in a script: <c>+0.1</c>, <c>1~2</c>, <c>*</c>.</summary>
    public override string ToString() => Kind switch
    {
        ScriptTimeKind.Absolute => Format(Start),
        ScriptTimeKind.Relative => "+" + Format(Start),
        ScriptTimeKind.AbsoluteRange => $"{Format(Start)}~{Format(End)}",
        ScriptTimeKind.RelativeRange => $"+{Format(Start)}~+{Format(End)}",
        _ => "*",
    };

    /// <summary>Seconds with as many decimals as needed: <c>0</c>, <c>1.5</c>, <c>0.000001</c>.</summary>
    internal static string Format(TimeSpan time) =>
        ((decimal)time.Ticks / TimeSpan.TicksPerSecond).ToString("0.######", CultureInfo.InvariantCulture);
}
