using System.Management.Automation;
using System.Text;

namespace TcpShell.Transformation;

/// <summary>Lets data be given as text (sent as UTF-8), as one octet or as octets.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PayloadAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            byte[] bytes => bytes,
            string text => Encoding.UTF8.GetBytes(text),
            char letter => Encoding.UTF8.GetBytes(letter.ToString()),
            object[] several when several.Length > 0 && several.All(IsOctet) => several.Select(ToOctet).ToArray(),
            object[] several when several.All(item => Unwrap(item) is string) =>
                Encoding.UTF8.GetBytes(string.Join('\n', several.Select(item => (string)Unwrap(item)))),
            _ when IsOctet(value) => new[] { ToOctet(value) },
            _ => throw new ArgumentTransformationMetadataException($"Data is text or octets (byte[]), not {value?.GetType().Name ?? "nothing"}."),
        };
    }

    private static object Unwrap(object item) => item is PSObject wrapped ? wrapped.BaseObject : item;

    private static bool IsOctet(object item) => Unwrap(item) is byte or (>= 0 and <= 255);

    private static byte ToOctet(object item) => Unwrap(item) is byte octet ? octet : (byte)(int)Unwrap(item);
}
