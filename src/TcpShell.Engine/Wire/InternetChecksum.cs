using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace TcpShell.Wire;

/// <summary>
/// The checksum of IPv4 headers and of TCP (RFC 1071): the one's complement of the one's complement sum of 16-bit words.
/// Octets may be added in pieces of any size.
/// </summary>
public struct InternetChecksum
{
    // Words are summed in the machine's byte order: RFC 1071 2 (B) shows that swapping the result is enough.
    private ulong _sum;
    private bool _isOdd;

    /// <summary>The checksum of what was added so far. Over data that hold their own right checksum it is 0.</summary>
    public readonly ushort Value
    {
        get
        {
            ushort sum = Fold(_sum);
            return (ushort)~(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(sum) : sum);
        }
    }

    /// <summary>The checksum of some octets.</summary>
    /// <param name="octets">Any number of octets; an odd last one counts as if a zero followed.</param>
    public static ushort Compute(ReadOnlySpan<byte> octets)
    {
        InternetChecksum checksum = default;
        checksum.Add(octets);
        return checksum.Value;
    }

    /// <summary>
    /// The checksum of a TCP segment with its pseudo-header (RFC 9293 3.1): the value to send where the checksum field is 0,
    /// or 0 where the field holds the right one.
    /// </summary>
    /// <param name="source">The sender.</param>
    /// <param name="destination">The receiver, of the same IP version.</param>
    /// <param name="segment">TCP header and data.</param>
    public static ushort ComputeTcp(IpAddress source, IpAddress destination, ReadOnlySpan<byte> segment)
    {
        InternetChecksum checksum = default;
        checksum.AddPseudoHeader(source, destination, IpProtocol.Tcp, segment.Length);
        checksum.Add(segment);
        return checksum.Value;
    }

    /// <summary>Adds the next octets.</summary>
    /// <param name="octets">Any number of octets.</param>
    public void Add(ReadOnlySpan<byte> octets)
    {
        ushort sum = Fold(Sum(octets));

        // After an odd number of octets every further one stands in the other half of its word.
        _sum += _isOdd ? BinaryPrimitives.ReverseEndianness(sum) : sum;
        _isOdd ^= (octets.Length & 1) != 0;
    }

    /// <summary>Adds a pseudo-header: IPv4's (RFC 9293 3.1) or IPv6's (RFC 8200 8.1), as the addresses say.</summary>
    /// <param name="source">The sender.</param>
    /// <param name="destination">The receiver.</param>
    /// <param name="protocol">The protocol whose checksum it is.</param>
    /// <param name="length">Octets of that protocol's header and data.</param>
    public void AddPseudoHeader(IpAddress source, IpAddress destination, IpProtocol protocol, int length)
    {
        // Both kinds have the same sum: they differ in zeros only, once the length is written with 32 bits.
        Span<byte> header = stackalloc byte[40];
        source.WriteTo(header);
        destination.WriteTo(header[source.Size..]);
        int size = source.Size + destination.Size;
        BinaryPrimitives.WriteInt32BigEndian(header[size..], length);
        BinaryPrimitives.WriteInt32BigEndian(header[(size + 4)..], (int)protocol);
        Add(header[..(size + 8)]);
    }

    private static ulong Sum(ReadOnlySpan<byte> octets)
    {
        ulong sum = 0;
        if (octets.Length >= Vector<byte>.Count)
        {
            // 32-bit halves are added into 64-bit lanes, so that no carry can be lost in any span.
            ReadOnlySpan<Vector<ulong>> vectors = MemoryMarshal.Cast<byte, Vector<ulong>>(octets);
            Vector<ulong> lanes = Vector<ulong>.Zero;
            var lowHalf = new Vector<ulong>(uint.MaxValue);
            foreach (Vector<ulong> vector in vectors)
            {
                lanes += (vector & lowHalf) + (vector >>> 32);
            }

            for (int lane = 0; lane < Vector<ulong>.Count; lane++)
            {
                sum += Fold(lanes[lane]);
            }

            octets = octets[(vectors.Length * Vector<byte>.Count)..];
        }

        foreach (ushort word in MemoryMarshal.Cast<byte, ushort>(octets))
        {
            sum += word;
        }

        if ((octets.Length & 1) != 0)
        {
            sum += BitConverter.IsLittleEndian ? octets[^1] : (ulong)octets[^1] << 8;
        }

        return sum;
    }

    private static ushort Fold(ulong sum)
    {
        sum = (sum & uint.MaxValue) + (sum >> 32);
        sum = (sum & uint.MaxValue) + (sum >> 32);
        sum = (sum & ushort.MaxValue) + (sum >> 16);
        sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)sum;
    }
}
