using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class SeqNumberTests
{
    private static readonly uint[] s_edges = [0, 1, 2, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff];

    [Theory]
    [InlineData(0u, 1u)]
    [InlineData(0xffffffffu, 0u)]
    [InlineData(0xfffffff0u, 0x10u)]
    [InlineData(0x80000000u, 0xffffffffu)]
    [InlineData(0u, 0x7fffffffu)]
    public void Earlier_ComparedWithLater_IsBeforeRoundTheCircle(uint earlier, uint later)
    {
        SeqNumber a = earlier;
        SeqNumber b = later;
        Assert.True(a < b && a <= b && b > a && b >= a && a != b);
        Assert.False(b < a || b <= a || a > b || a >= b || a == b);
        Assert.Equal((b, a), (SeqNumber.Max(a, b), SeqNumber.Min(a, b)));
        Assert.Equal((b, a), (SeqNumber.Max(b, a), SeqNumber.Min(b, a)));
    }

    [Fact]
    public void AnyNumberAndDistance_AddAndSubtract_AreInverse()
    {
        foreach ((uint start, int count) in StartsAndCounts())
        {
            SeqNumber number = start;
            Assert.Equal(number, number + count - count);
            Assert.Equal(count, number + count - number);
            Assert.Equal(unchecked(start + (uint)count), (number + count).Value);
            Assert.Equal(number + count, number - unchecked(-count));
            if (count != int.MinValue)
            {
                Assert.Equal(count > 0, number + count > number);
                Assert.Equal(count < 0, number + count < number);
            }
        }
    }

    [Fact]
    public void AnyWindow_HoldsItsFirstNumberUpToButNotItsEnd()
    {
        foreach ((uint start, int count) in StartsAndCounts())
        {
            SeqNumber first = start;
            uint length = (uint)count & 0x3fffffff;
            Assert.Equal(length > 0, first.IsInWindow(first, length));
            Assert.False((first + (int)length).IsInWindow(first, length));
            Assert.False((first - 1).IsInWindow(first, length));
            Assert.Equal(length > 0, (first + (int)length - 1).IsInWindow(first, length));
            Assert.Equal(length > 1, (first + 1).IsInWindow(first, length));
        }
    }

    [Theory]
    [InlineData(0xfffffff0u, 0x20u, 0x0fu, true)]
    [InlineData(0xfffffff0u, 0x20u, 0x10u, false)]
    [InlineData(0xfffffff0u, 0x20u, 0xffffffefu, false)]
    [InlineData(5u, 0u, 5u, false)]
    [InlineData(5u, uint.MaxValue, 3u, true)]
    [InlineData(5u, uint.MaxValue, 4u, false)]
    public void Window_AcrossTheWrap_HoldsWhatItShould(uint first, uint length, uint number, bool expected) =>
        Assert.Equal(expected, new SeqNumber(number).IsInWindow(first, length));

    [Theory]
    [InlineData("0", 0u)]
    [InlineData("4294967295", uint.MaxValue)]
    public void Text_OfANumber_IsReadAndWrittenBack(string text, uint expected)
    {
        Assert.Equal(expected, SeqNumber.Parse(text).Value);
        Assert.Equal(text, SeqNumber.Parse(text).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("4294967296")]
    [InlineData("1.5")]
    public void Text_OfNoNumber_IsRefused(string text) => Assert.Throws<FormatException>(() => SeqNumber.Parse(text));

    private static IEnumerable<(uint Start, int Count)> StartsAndCounts()
    {
        foreach (uint start in s_edges)
        {
            foreach (uint count in s_edges)
            {
                yield return (start, (int)count);
            }
        }

        var random = new Random(3);
        for (int i = 0; i < 100_000; i++)
        {
            yield return ((uint)random.NextInt64(1L << 32), random.Next(int.MinValue, int.MaxValue));
        }
    }
}
