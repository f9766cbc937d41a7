using System.Buffers.Binary;
using System.Security.Cryptography;
using TcpShell.Wire;

namespace TcpShell.Tcp;

/// <summary>
/// Initial sequence numbers by RFC 6528 and RFC 9293 3.4.1: a clock that ticks every 4 us plus a keyed hash of both end points.
/// One host has one of these; its secret comes from outside, so that a simulated host repeats its numbers and a real one does not.
/// </summary>
public sealed class InitialSequence
{
    /// <summary>Octets of the secret.</summary>
    public const int SecretSize = 16;

    private const int TickNanoseconds = 4000;
    private const byte SequencePurpose = 1;
    private const byte TimestampPurpose = 2;

    private readonly byte[] _secret;

    /// <summary>Keeps a secret.</summary>
    /// <param name="secret">16 octets that nobody outside can guess [MUST-9, 6528-2].</param>
    /// <exception cref="ArgumentException">Another number of octets.</exception>
    public InitialSequence(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != SecretSize)
        {
            throw new ArgumentException($"The secret has {SecretSize} octets, not {secret.Length}.", nameof(secret));
        }

        _secret = secret.ToArray();
    }

    /// <summary>The ISN for a connection: M + F(local, remote, secret) [MUST-8, SHLD-1, 6528-1, 6528-3].</summary>
    /// <param name="local">This end.</param>
    /// <param name="remote">The other end.</param>
    /// <param name="now">M is this time in units of 4 us, modulo 2^32.</param>
    public SeqNumber Next(Endpoint local, Endpoint remote, Timestamp now) =>
        new(unchecked((uint)(now.Nanoseconds / TickNanoseconds) + Hash(SequencePurpose, local, remote)));

    /// <summary>Where a connection's timestamp clock starts: unrelated between tuples, so that it tells nothing of the host (RFC 7323 5.4 [7323-16]).</summary>
    /// <param name="local">This end.</param>
    /// <param name="remote">The other end.</param>
    public uint TimestampOffset(Endpoint local, Endpoint remote) => Hash(TimestampPurpose, local, remote);

    private uint Hash(byte purpose, Endpoint local, Endpoint remote)
    {
        Span<byte> input = stackalloc byte[1 + (2 * (1 + 16 + 2))];
        input.Clear();
        input[0] = purpose;
        Put(local, input[1..]);
        Put(remote, input[20..]);
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_secret, input, digest);
        return BinaryPrimitives.ReadUInt32BigEndian(digest);
    }

    private static void Put(Endpoint endpoint, Span<byte> destination)
    {
        destination[0] = (byte)endpoint.Address.Size;
        endpoint.Address.WriteTo(destination[1..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination[17..], endpoint.Port);
    }
}
