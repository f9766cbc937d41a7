using System.Collections;
using System.Management.Automation;

namespace TcpShell.Transformation;

/// <summary>
/// Takes names of an enum one by one. PowerShell joins the bits of several, whether or not they are flags: Server and Hour together would be File,
/// and nobody would hear of it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ChoiceAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether the parameter is a list; if not, several names are refused.</summary>
    public bool AllowsSeveral { get; set; }

    /// <summary>Tells names apart that stand in one text, with commas between them.</summary>
    /// <param name="engineIntrinsics">Not used.</param>
    /// <param name="inputData">What the user gave.</param>
    /// <exception cref="ArgumentTransformationMetadataException">There are several, and one is meant.</exception>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData.Unwrap();
        object?[] items = value is IEnumerable list and not string ? [.. list.Cast<object?>().SelectMany(Split)] : [.. Split(value)];
        return value is null ? inputData
            : AllowsSeveral ? items
            : items.Length <= 1 ? inputData
            : throw new ArgumentTransformationMetadataException($"'{string.Join(", ", items)}' are {items.Length} values, and only one can be chosen.");
    }

    private static IEnumerable<object?> Split(object? item) => item.Unwrap() is string text
        ? text.Split(',', StringSplitOptions.TrimEntries)
        : [item];
}
