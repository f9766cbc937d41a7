using TcpShell.Scripting;
using TcpShell.Simulation;

namespace TcpShell.Engine.Tests.Scripting;

/// <summary>Whatever the text, the parser answers with a script or with a <see cref="TcpScriptException"/>, and soon.</summary>
public class ScriptFuzzTests
{
    private const string Seed =
        """
        --tolerance_usecs=10000
        --define=CC="reno"
        `sysctl -q net.ipv4.tcp_sack=1`
        0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
        +0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0
        +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
        +.1...0.2 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
        +0 > S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO 12ab>
        +.1 < [ect0] S. 0:0(0) ack 1 win 5792 <mss 1460,nop,wscale 2,nop,nop,sack 1:2>
        1~2 > P.5 1:1001(1000) ack 1
        * > icmp unreachable frag_needed mtu 1200 [1:2(1)]
        +0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 10
        +0 %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%
        +0 write(3, "ab\x00", 3) = 3 // end
        `cleanup`
        """;

    [Fact]
    public void ThirtyThousandTexts_Mutated_AreParsedOrRefused()
    {
        var random = new SeededRandom(7, "script");
        int parsed = 0;
        for (int round = 0; round < 30_000; round++)
        {
            string text = Mutate(Seed, random);
            try
            {
                TcpScript script = TcpScript.Parse(text);
                parsed++;
                Assert.Equal(script.ToString(), TcpScript.Parse(script.ToString()).ToString());
            }
            catch (TcpScriptException problem)
            {
                Assert.InRange(problem.Line, 1, 100);
                Assert.InRange(problem.Column, 1, text.Length + 1);
            }
        }

        // Were all refused at the first word, little would be proven.
        Assert.InRange(parsed, 1_000, 29_000);
    }

    [Theory]
    [InlineData("0 close(3) = ", "\"a\" ")]
    [InlineData("--ip_version=a", "-a")]
    [InlineData("0 close(1", "|1")]
    [InlineData("0 close(1", ",[1]")]
    [InlineData("0 close(3) = 0 (", "a ")]
    [InlineData("0 > mpls ", "( ")]
    [InlineData("", "/**/")]
    [InlineData("0 close(3) = 0\n", "+0 close(3) = 0\n")]
    [InlineData("0 close(", "1:")]
    public void Text_OfOneMillionCharacters_IsParsedOrRefused(string start, string repeated)
    {
        string text = start + string.Concat(Enumerable.Repeat(repeated, (TcpScript.MaximumLength - start.Length) / repeated.Length));

        // How long that takes is measured in benchmarks/ScriptSpeed.
        Exception? problem = Record.Exception(() => TcpScript.Parse(text));

        Assert.True(problem is null or TcpScriptException, $"{problem}");
    }

    private static string Mutate(string seed, SeededRandom random)
    {
        const string Characters = "<>()[]{}.,:~+*-\"`%/\\0189afS x\n_=|";
        var text = new System.Text.StringBuilder(seed);
        for (int changes = 1 + random.Next(3); changes > 0; changes--)
        {
            int at = random.Next(text.Length);
            switch (random.Next(4))
            {
                case 0:
                    text[at] = Characters[random.Next(Characters.Length)];
                    break;
                case 1:
                    text.Insert(at, Characters[random.Next(Characters.Length)]);
                    break;
                case 2:
                    text.Remove(at, Math.Min(1 + random.Next(8), text.Length - at));
                    break;
                default:
                    int from = random.Next(text.Length);
                    text.Insert(at, text.ToString(from, Math.Min(random.Next(40), text.Length - from)));
                    break;
            }
        }

        return text.ToString();
    }
}
