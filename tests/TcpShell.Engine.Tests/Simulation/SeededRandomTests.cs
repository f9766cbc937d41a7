using TcpShell.Simulation;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>The generator against published numbers, and how evenly its streams are spread.</summary>
public class SeededRandomTests
{
    // FNV-1a of the empty text: with it as seed and no purpose the generator starts from SplitMix64's seed 0.
    private const long SeedOfZero = unchecked((long)0xCBF29CE484222325);

    [Fact]
    public void SeedZero_GivesThePublishedNumbersOfXoshiro256StarStar()
    {
        var random = new SeededRandom(SeedOfZero, "");
        ulong[] expected = [0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0, 0x6AA594F1262D2D2C, 0xBBA5AD4A1F842E59];
        Assert.Equal(expected, Draw(random, 5));
    }

    [Fact]
    public void PurposeOfALab_GivesTheNumbersOfAnotherImplementation()
    {
        ulong[] expected = [0x2F280CE494A15465, 0xFA83C77F0ADDF87C, 0x30B459E969DA283D];
        Assert.Equal(expected, Draw(new(42, "jitter client > server"), 3));
    }

    [Fact]
    public void SameSeedAndPurpose_Repeat_AndAnyOtherDoNot()
    {
        ulong[] numbers = Draw(new(1, "a"), 100);
        Assert.Equal(numbers, Draw(new(1, "a"), 100));
        Assert.Empty(numbers.Intersect(Draw(new(1, "b"), 100)));
        Assert.Empty(numbers.Intersect(Draw(new(2, "a"), 100)));
    }

    [Fact]
    public void NextDouble_IsEvenlySpreadBelowOne()
    {
        var random = new SeededRandom(3, "doubles");
        double[] numbers = [.. Enumerable.Range(0, 100_000).Select(_ => random.NextDouble())];
        Assert.All(numbers, number => Assert.InRange(number, 0, 1 - double.Epsilon));
        Assert.True(numbers.Max() < 1);
        Assert.InRange(numbers.Average(), 0.495, 0.505);
    }

    [Fact]
    public void Next_ReachesEveryNumberAboutAsOften()
    {
        var random = new SeededRandom(4, "dice");
        int[] counts = new int[6];
        for (int i = 0; i < 60_000; i++)
        {
            counts[random.Next(6)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
        Assert.Equal(0, random.Next(1));
        Assert.InRange(random.Next(int.MaxValue), 0, int.MaxValue - 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Next(0));
    }

    [Fact]
    public void Happens_DrawsWhateverTheProbability()
    {
        var one = new SeededRandom(5, "x");
        var other = new SeededRandom(5, "x");
        Assert.False(one.Happens(0));
        Assert.True(other.Happens(1));
        Assert.Equal(one.NextUInt64(), other.NextUInt64());
    }

    private static ulong[] Draw(SeededRandom random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextUInt64())];
}
