using System.Globalization;
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
    /// <remarks>
    /// What cannot be converted is handed on as it is: PowerShell then says so where the parameter was named, and tries the other parameters where it
    /// came through the pipeline. An exception would be an error there; so it is for packets of PacketDotNet, which no other parameter takes.
    /// </remarks>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData.Unwrap();
        if (ToOctets(value) is { } octets)
        {
            return new[] { new ReadOnlyMemory<byte>(octets) };
        }

        if (value?.GetType().Namespace == "PacketDotNet")
        {
            throw new ArgumentTransformationMetadataException($"A {value.GetType().Name} without an IP header is not {Accepted}.");
        }

        if (value is not object[] items)
        {
            return inputData;
        }

        byte[]?[] packets = [.. items.Select(item => ToOctets(item.Unwrap()))];
        return packets.Contains(null) ? inputData : packets.Select(packet => new ReadOnlyMemory<byte>(packet)).ToArray();
    }

    private static byte[]? ToOctets(object? value) => value switch
    {
        byte[] octets => octets,
        SegmentRecord segment => segment.Bytes.ToArray(),
        object[] numbers when numbers.Length > 0 && numbers.All(number => number.Unwrap() is byte or (int and >= 0 and <= 255)) =>
            [.. numbers.Select(number => Convert.ToByte(number.Unwrap(), CultureInfo.InvariantCulture))],
        null => null,
        _ => CaptureBackend.FromPacketDotNet(value),
    };
}
