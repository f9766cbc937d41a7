using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>RFC 9293 3.4.1 and RFC 6528.</summary>
public sealed class InitialSequenceTests
{
    private static readonly Endpoint s_local = Endpoint.Parse("10.0.0.1:1000");
    private static readonly Endpoint s_remote = Endpoint.Parse("10.0.0.2:2000");
    private static readonly byte[] s_secret = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];

    [Fact]
    [Trait("Proves", "P15")]
    [Trait("Proves", "MUST-8")]
    [Trait("Proves", "6528-1")]
    [Trait("Proves", "6528-3")]
    public void SameTuple_TimePasses_OneStepEach4Microseconds()
    {
        var numbers = new InitialSequence(s_secret);
        SeqNumber first = numbers.Next(s_local, s_remote, Timestamp.Zero);
        Assert.Equal(first, numbers.Next(s_local, s_remote, new(3999)));
        Assert.Equal(first + 1, numbers.Next(s_local, s_remote, new(4000)));
        Assert.Equal(first + 250_000, numbers.Next(s_local, s_remote, Timestamp.FromSeconds(1)));
        Assert.Equal(first, numbers.Next(s_local, s_remote, new(4000L << 32))); // round the circle in 4.77 hours
    }

    [Fact]
    [Trait("Proves", "P15")]
    [Trait("Proves", "SHLD-1")]
    [Trait("Proves", "MUST-9")]
    [Trait("Proves", "6528-2")]
    [Trait("Proves", "6528-1")]
    public void OtherTupleOrSecret_SameTime_UnrelatedNumbers()
    {
        var numbers = new InitialSequence(s_secret);
        byte[] other = [.. s_secret];
        other[15] ^= 1;
        uint[] all =
        [
            numbers.Next(s_local, s_remote, Timestamp.Zero).Value,
            numbers.Next(s_remote, s_local, Timestamp.Zero).Value,
            numbers.Next(s_local, s_remote with { Port = 2001 }, Timestamp.Zero).Value,
            numbers.Next(s_local with { Port = 1001 }, s_remote, Timestamp.Zero).Value,
            numbers.Next(s_local, Endpoint.Parse("10.0.0.3:2000"), Timestamp.Zero).Value,
            numbers.Next(s_local, Endpoint.Parse("[::10.0.0.2]:2000"), Timestamp.Zero).Value,
            new InitialSequence(other).Next(s_local, s_remote, Timestamp.Zero).Value,
            numbers.TimestampOffset(s_local, s_remote),
        ];
        for (int i = 0; i < all.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                Assert.True(Math.Abs((long)all[i] - all[j]) > 1_000_000, $"{i} and {j} are {all[i]} and {all[j]}.");
            }
        }
    }

    [Fact]
    [Trait("Proves", "P15")]
    public void SameSecret_OtherInstance_SameNumbers()
    {
        // A number that is written down here shows that it does not depend on machine, run or .NET version.
        SeqNumber number = new InitialSequence(s_secret).Next(s_local, s_remote, Timestamp.Zero);
        Assert.Equal(number, new InitialSequence(s_secret).Next(s_local, s_remote, Timestamp.Zero));
        Assert.Equal(Expected(), number.Value);

        static uint Expected()
        {
            // HMAC-SHA-256 over purpose, then length, 16 octets of address and port of both ends.
            byte[] input = [1, 4, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 232, 4, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 208];
            byte[] digest = System.Security.Cryptography.HMACSHA256.HashData(s_secret, input);
            return System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(digest);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(17)]
    public void Secret_OtherSize_Refused(int size) => Assert.Throws<ArgumentException>(() => new InitialSequence(new byte[size]));
}
