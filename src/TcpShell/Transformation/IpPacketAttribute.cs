using System.Collections;
using System.Management.Automation;
using TcpShell.Live.Devices;
using TcpShell.Tracing;

namespace TcpShell.Transformation;

/// <summary>Makes the octets of IP packets of packets of PacketDotNet, of segments, and of octets. Lists are converted element by element.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class IpPacketAttribute : ArgumentTransformationAttribute
{
    /// <summary>What is accepted, as the end of the sentences "'x' is not ..." and, in the help, "Takes ...".</summary>
    public string Accepted => "a packet of PacketDotNet with an IP header, a segment, or the octets of an IP packet";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is not (string or byte[] or null) && CaptureBackend.FromPacketDotNet(value) is null && value is IEnumerable items && !IsOctets(items)
            ? items.Cast<object>().Select(TransformItem).ToArray()
            : new[] { TransformItem(value) };
    }

    private static bool IsOctets(IEnumerable items) => items.Cast<object>().All(item => Unwrap(item) is byte or int);

    private static object? Unwrap(object? item) => item is PSObject wrapped ? wrapped.BaseObject : item;

    private ReadOnlyMemory<byte> TransformItem(object? item)
    {
        object? value = Unwrap(item);
        byte[]? octets = value switch
        {
            byte[] ready => ready,
            SegmentRecord segment => segment.Bytes.ToArray(),
            string or null => null,
            _ => CaptureBackend.FromPacketDotNet(value) ?? (value is IEnumerable items && IsOctets(items) ? ToOctets(items) : null),
        };
        return octets ?? throw new ArgumentTransformationMetadataException($"'{value}' is not {Accepted}.");
    }

    private static byte[]? ToOctets(IEnumerable items)
    {
        int[] numbers = [.. items.Cast<object>().Select(item => Convert.ToInt32(Unwrap(item), null))];
        return numbers.All(number => number is >= 0 and <= 255) ? [.. numbers.Select(number => (byte)number)] : null;
    }
}
