using TcpShell.Scripting;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>A text that is no script is refused with the place and with what was expected there.</summary>
public class ScriptErrorTests
{
    [Theory]
    [InlineData("", 1, 1, "expected the time of the first event, which is 0, but found the end of the script.")]
    [InlineData("1 close(3) = 0", 1, 1, "the first event is at time 0, not 1.")]
    [InlineData("--speed=1\n--sped=1", 2, 1, "there is no option --sped.")]
    [InlineData("--mtu\n0 close(3) = 0", 2, 1, "expected '=', but found '0'.")]
    [InlineData("--define=A\n0 close(3) = 0", 1, 1, "expected --define=WORD=VALUE, but found --define=A.")]
    [InlineData("0 close(3 = 0", 1, 11, "expected ',' or ')', but found '='.")]
    [InlineData("0 close(3) == 0", 1, 13, "expected a value (number, name, string, ..., [list] or {structure}), but found '='.")]
    [InlineData("0 close(3) = -1 EBADF\n+0 close(4) = 0", 2, 1, "expected what EBADF means, in parentheses, but found '+'.")]
    [InlineData("0 close(99999999999999999999) = 0", 1, 9, "expected a number of 64 bits, but found '99999999999999999999'.")]
    [InlineData("0 ?", 1, 3, "expected a packet (< or >), a system call, %{ code }% or a `command`, but found '?'.")]
    [InlineData("0 close(3) = 0\n2 close(3) = 0\n1 close(3) = 0", 3, 1, "the time 1 is before that of the event before, 2.")]
    [InlineData("0 close(3) = 0\n* close(4) = 0", 2, 1, "the time * is only for outbound packets; anything else happens at one time.")]
    [InlineData("0 close(3) = 0\n+2~+1 > . 1:1(0)", 2, 1, "the time range +2~+1 ends before it starts.")]
    [InlineData("0 close(3) = 0\n-1 close(3) = 0", 2, 1, "expected a time from 0 to 1000000000 seconds, but found '-1'.")]
    [InlineData("0 > S 0:5(4)", 1, 7, "0:5(4) does not add up: 0 and 4 octets make 4.")]
    [InlineData("0 > S 0:65536(65536)", 1, 15, "expected a number of octets from 0 to 65535, but found '65536'.")]
    [InlineData("0 > SX 0:0(0)", 1, 5, "expected control bits (letters of FSRPUEWA, then a dot for ACK; - for none), but found 'SX'.")]
    [InlineData("0 > E.5 0:0(0)", 1, 5, "an ACE number and the letters E, W and A say the same bits; use one of them.")]
    [InlineData("0 < S 0:0(0)", 1, 3, "an inbound TCP packet needs its window: win N.")]
    [InlineData("0 < S 0:0(0) win 1 <...>", 1, 3, "an inbound TCP packet needs its options; <...> is only for outbound packets.")]
    [InlineData("0 < [ect01] S 0:0(0) win 1", 1, 6, "ect01 is only for outbound packets.")]
    [InlineData("0 > S 0:0(0) <sackOK>", 1, 14, "the options take 2 octets, which is no multiple of 4: pad them with nop or eol.")]
    [InlineData("0 > S 0:0(0) <mss 70000>", 1, 19, "expected an MSS from 0 to 65535, but found '70000'.")]
    [InlineData("0 > S 0:0(0) <mss MSS>", 1, 19, "expected an MSS, but found 'MSS'.")]
    [InlineData("0 > S 0:0(0) <FO COOKIE>", 1, 18, "expected an even number of hexadecimal digits, at most 80, or a word that is defined to be that, but found 'COOKIE'.")]
    [InlineData("0 > S 0:0(0) <sack 1:2 1:2 1:2 1:2 1:2>", 1, 14, "a TCP header has room for 40 octets of options; these are more.")]
    [InlineData("0 < icmp unreachable CODE", 1, 22, "expected a code of ICMP unreachable such as code_4, mtu, id or [, but found 'CODE'.")]
    [InlineData("0 < icmp nonsense", 1, 10, "expected an ICMP type such as unreachable or type_3, but found 'nonsense'.")]
    [InlineData("0 close(3) = 0\n  /* no end", 2, 3, "this comment has no end: */ is missing.")]
    [InlineData("0 %{ assert 1", 1, 3, "this code block has no end: }% is missing.")]
    [InlineData("0 write(3, \"abc\\\", 3) = 3", 1, 12, "this string has no end: \" is missing.")]
    [InlineData("0 close(3) = 0 ; 1 close(4) = 0", 1, 16, "expected the time of an event (0.1, +0.1, 1~2, *) or the end of the script, but found ';'.")]
    public void Text_ThatIsNoScript_IsRefusedWithThePlace(string text, int line, int column, string problem)
    {
        var error = Assert.Throws<TcpScriptException>(() => TcpScript.Parse(text, "a.pkt"));

        Assert.Equal((line, column, problem), (error.Line, error.Column, error.Problem));
        Assert.Equal($"a.pkt:{line}:{column}: {problem}", error.Message);
    }

    [Fact]
    public void Values_NestedWithoutEnd_AreRefusedBeforeTheStackEnds()
    {
        string text = "0 close(" + new string('[', 100_000);

        var error = Assert.Throws<TcpScriptException>(() => TcpScript.Parse(text));

        Assert.Equal("values nest more than 32 deep here.", error.Problem);
    }

    [Fact]
    public void Script_LongerThanAllowed_IsRefused()
    {
        string text = new(' ', TcpScript.MaximumLength + 1);

        var error = Assert.Throws<TcpScriptException>(() => TcpScript.Parse(text));

        Assert.Equal("a script has at most 1048576 characters, and this one has more.", error.Problem);
    }

    [Theory]
    [InlineData("0 > S 0:0(0) <mss MSS>", "MSS")]
    [InlineData("0 < icmp unreachable CODE", "CODE")]
    [InlineData("0 close(3 = 0", null)]
    [InlineData("0 > S 0:0(0) <mss sackOK>", null)]
    public void Error_AtAWordThatMayStandForSomething_NamesIt(string text, string? word) =>
        Assert.Equal(word, Assert.Throws<TcpScriptException>(() => TcpScript.Parse(text)).Word);
}
