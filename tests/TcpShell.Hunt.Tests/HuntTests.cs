using TcpShell.Hunt.Running;
using TcpShell.Hunt.Scenarios;

namespace TcpShell.Hunt.Tests;

/// <summary>Some thousand random scenarios on every build; the tool itself runs millions. See docs/hunting.md.</summary>
public sealed class HuntTests
{
    private const int Seeds = 3000;

    [Fact]
    public void SomeThousandSeeds_NoInvariantIsBroken()
    {
        var broken = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.For(0, Seeds, seed =>
        {
            if (ScenarioRun.Execute(ScenarioGenerator.Make(seed)).Failure is { } failure)
            {
                broken.Add($"--seed {seed}: {failure.Invariant}: {failure.Text}");
            }
        });
        Assert.Empty(broken);
    }

    [Theory]
    [MemberData(nameof(OffersThatWereForgotten))]
    public void WindowOfWhichThePeerKnowsNothingMore_MayBeUsedAgain(string scenario) => Assert.Null(ScenarioRun.Execute(ScenarioText.Parse(scenario)).Failure);

    /// <summary>What was sent into a window may go again, also when the window is smaller by then (RFC 9293 3.8.6).</summary>
    public static TheoryData<string> OffersThatWereForgotten => new(
        // The SYN,ACK offers 1,459 octets, and the scale rounds what is left of them down to none (RFC 7323 2.4). Who made the offer was a
        // listener that forgets at once.
        """
        seed 1002185836
        link
        host a linux ReceiveBufferSize=1459 SynCookies=Always WindowScale=9
        host b linux
        connect 1 b a
        client send=948
        server read-after=8.089s
        """,
        // The server aborts, and a late copy of the first segment makes the connection anew from its cookie.
        """
        seed 1003622871
        link
        host a linux ReceiveBufferSize=2 SynCookies=Always
        host b linux
        drop from=b to=a skip=5 count=1 delay=47ms
        drop from=a to=b skip=12 count=1 delay=47ms
        duplicate from=a to=b skip=1 count=1 delay=258ms
        duplicate from=b to=a skip=6 count=1 delay=258ms
        connect 1 b a
        client
        server close=EndOfStream
        connect 2 b a at=55ms
        client send=6
        server abort=211ms
        """);

    [Fact]
    public void OldResetThatFitsByChance_IsAReason()
    {
        // Before the server asks for its part, its host answers a SYN with a RST of number 0. It comes late, where by then 0 is RCV.NXT: the client, in
        // CLOSING, ends as RFC 9293 3.10.7.4 has it, and answers the server's next segment with a RST.
        RunResult run = ScenarioRun.Execute(ScenarioText.Parse("""
            seed 1005253609
            link latency=727us
            host a linux iss=4294967294 ReceiveBufferSize=1
            host b linux
            reorder from=a to=b count=1 delay=736ms
            reorder from=b to=a skip=2 count=1 delay=736ms
            connect 2 b a kind=Simultaneous skew=5ms
            client send=1
            server
            """));
        Assert.Null(run.Failure);
    }

    [Fact]
    public void SegmentThatComesTooLateToBeTaken_CountsAsLost()
    {
        // The client's first segment is late, and by then its ACK is older than RFC 5961 5.2 allows; all others are lost. So it gives up with a reason.
        RunResult run = ScenarioRun.Execute(ScenarioText.Parse("""
            seed 1008079493
            link
            host a linux ReceiveBufferSize=28
            host b linux
            drop start=198ms
            reorder from=a to=b skip=2 count=1 delay=77ms
            connect 1 a b kind=Simultaneous
            client send=1
            server send=28
            """));
        Assert.Null(run.Failure);
    }

    [Theory]
    [MemberData(nameof(GarbageThatBegins))]
    public void GarbageOfAProbe_MayBeginAConnectionMadeAnewFromItsCookie(string scenario) =>
        Assert.Null(ScenarioRun.Execute(ScenarioText.Parse(scenario)).Failure);

    /// <summary>
    /// The server forgets the connection, and the client, which has sent nothing but a FIN, asks with an octet of garbage whether it is still there
    /// (RFC 9293 3.8.4): for a listener with SYN cookies that is the first segment of a connection.
    /// </summary>
    public static TheoryData<string> GarbageThatBegins => new(
        """
        seed 1009594862
        link latency=215.166ms
        host a linux KeepAlive=true KeepAliveGarbage=true KeepAliveIdle=4.677s
        host b linux SynCookies=Always Timestamps=false UserTimeout=5.096s
        drop start=829ms end=4.1s
        connect 1 a b at=219ms
        client
        server
        """,
        // This server closes at the end of the stream, and the garbage stands where the FIN was: both would wait for ever.
        """
        seed 2000398767
        link latency=39.925ms
        host a linux R2=3 SynCookies=Always Timestamps=false
        host b linux KeepAlive=true KeepAliveGarbage=true KeepAliveIdle=17.495s
        drop start=154ms end=7.5s
        connect 3 b a at=72ms
        client
        server close=EndOfStream
        """);

    [Fact]
    public void SameSeed_SamePackets()
    {
        for (long seed = 0; seed < 50; seed++)
        {
            RunResult one = ScenarioRun.Execute(ScenarioGenerator.Make(seed), keepTrace: true);
            RunResult other = ScenarioRun.Execute(ScenarioGenerator.Make(seed), keepTrace: true);
            Assert.Equal((one.Packets, one.Steps, one.Network.Now), (other.Packets, other.Steps, other.Network.Now));
            Assert.Equal(one.Network.Trace.SelectMany(packet => packet.Bytes.ToArray()), other.Network.Trace.SelectMany(packet => packet.Bytes.ToArray()));
        }
    }
}
