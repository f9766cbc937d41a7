using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>The part of Python that code blocks are written in.</summary>
public class ScriptCodeTests
{
    [Theory]
    [InlineData("assert x == 10, x")]
    [InlineData("assert x == 10, 'x=%d' % x; assert y == 3")]
    [InlineData("assert 9 <= x <= 11")]
    [InlineData("assert (x & 2) != 0, x\nassert x | 1 == 11")]
    [InlineData("assert x + y * 2 == 16 and not y == 4")]
    [InlineData("assert x == 1 or x == 10 # a comment; with a semicolon")]
    [InlineData("a = x + 1; a += 2\nassert a == 13")]
    [InlineData("assert x == \\\n 10")]
    [InlineData("assert x == 10, x; \\")]
    [InlineData("print(x, 'anything (at all')\nassert y == 3")]
    [InlineData("assert -y == -3; assert ~y == -4; assert 0x0a == x")]
    [InlineData("assert x // 3 == 3 and x % 3 == 1 and -x // 3 == -4 and -x % 3 == 2")]
    [InlineData("assert 1 << 3 == 8 and x >> 1 == 5 and x ^ 3 == 9")]
    [InlineData("assert x > y >= 3 and y < x != 9")]
    [InlineData("assert 7 - 2 - 1 == 4")]
    [InlineData("assert 1 + 1 == 2 == 2, 'it''s'")]
    public void Code_ThatHolds_Passes(string code) => Run(code);

    [Theory]
    [InlineData("assert x == 11", "x == 11", "x = 10")]
    [InlineData("assert y == 3; assert x < y, x", "x < y, x", "x = 10, y = 3")]
    [InlineData("assert 10 < x < 12", "10 < x < 12", "x = 10")]
    [InlineData("assert not x", "not x", "x = 10")]
    public void Assertion_ThatDoesNotHold_NamesItselfAndItsValues(string code, string expected, string actual)
    {
        var failure = Assert.Throws<ScriptFailure>(() => Run(code));

        Assert.Equal((expected, actual), (failure.Expected, failure.Actual));
    }

    [Theory]
    [InlineData("assert z == 1")]
    [InlineData("import os")]
    [InlineData("assert x == ")]
    [InlineData("assert x == 10)")]
    [InlineData("assert f(x)")]
    [InlineData("x[0] = 1")]
    [InlineData("for i in x: pass")]
    [InlineData("assert x / 0")]
    [InlineData("assert x // 0")]
    [InlineData("assert 99999999999999999999 == 1")]
    [InlineData("assert 'text' == x")]
    public void Code_BeyondThatPart_IsUnsupported(string code) => Assert.Throws<ScriptUnsupported>(() => Run(code));

    [Fact]
    public void Expression_NestedWithoutEnd_IsUnsupported() =>
        Assert.Throws<ScriptUnsupported>(() => Run("assert " + new string('(', 100_000)));

    [Fact]
    public void Variables_OfOneBlock_AreThereInTheNext()
    {
        var code = new ScriptCode();
        code.Run("LIMIT = 5", _ => null);

        code.Run("assert LIMIT == 5", _ => null);
    }

    private static void Run(string code) => new ScriptCode().Run(code, name => name switch { "x" => 10, "y" => 3, _ => null });
}
