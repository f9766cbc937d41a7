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
        object value = inputData.Unwrap();
        return value switch
        {
            byte[] bytes => bytes,
            string text => Encoding.UTF8.GetBytes(text),
            char letter => Encoding.UTF8.GetBytes(letter.ToString()),
            object[] several when several.Length > 0 && several.All(IsOctet) => several.Select(ToOctet).ToArray(),
            object[] several when several.All(item => item.Unwrap() is string) =>
                Encoding.UTF8.GetBytes(string.Join('\n', several.Select(item => (string)item.Unwrap()))),
            _ when IsOctet(value) => new[] { ToOctet(value) },
            _ => throw new ArgumentTransformationMetadataException($"Data is text or octets (byte[]), not {value?.GetType().Name ?? "nothing"}."),
        };
    }

    private static bool IsOctet(object item) => item.Unwrap() is byte or (>= 0 and <= 255);

    private static byte ToOctet(object item) => item.Unwrap() is byte octet ? octet : (byte)(int)item.Unwrap();
}
