using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;

namespace TcpShell;

/// <summary>What a value is that came from PowerShell.</summary>
internal static class PowerShellValue
{
    /// <summary>The object itself, without the wrapper in which PowerShell hands over what went through a pipeline or a variable.</summary>
    /// <param name="value">A value, wrapped or not.</param>
    [return: NotNullIfNotNull(nameof(value))]
    public static object? Unwrap(this object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}
