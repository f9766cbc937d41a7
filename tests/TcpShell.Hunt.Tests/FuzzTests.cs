using TcpShell.Hunt.Fuzzing;
using TcpShell.Tcp;

namespace TcpShell.Hunt.Tests;

/// <summary>A short run of both fuzzers on every build.</summary>
public sealed class FuzzTests
{
    private const int Segments = 400_000;
    private const int Packets = 60_000;

    [Theory]
    [Trait("Proves", "P53")]
    [InlineData(1)]
    [InlineData(2)]
    public void Segments_InEveryState_NothingIsBroken(long seed)
    {
        var fuzzer = new SegmentFuzzer(seed);
        fuzzer.Run(Segments);
        Assert.All(Enum.GetValues<TcpState>(), state => Assert.True(fuzzer.SegmentsByState[(int)state] > Segments / 100, $"Few segments arrived in {state}."));
        Assert.True(fuzzer.Behaviours > 100, $"Only {fuzzer.Behaviours} behaviours were seen.");
    }

    [Fact]
    [Trait("Proves", "P53")]
    public void Packets_RightAndBroken_NothingIsBroken()
    {
        var fuzzer = new PacketFuzzer(1);
        fuzzer.Run(Packets);
        Assert.Equal(Packets, fuzzer.Packets);
        Assert.True(fuzzer.Opened > 100, $"Only {fuzzer.Opened} connections were opened: too little was right.");
        Assert.True(fuzzer.Refused > Packets / 10, $"Only {fuzzer.Refused} packets were refused: too little was broken.");
    }
}
