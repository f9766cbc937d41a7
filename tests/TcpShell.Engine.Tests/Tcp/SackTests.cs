using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>The receiver's half of RFC 2018 and RFC 2883: which blocks its ACKs carry, and in which order.</summary>
public sealed class SackTests
{
    [Fact]
    [Trait("Proves", "2018-2")]
    [Trait("Proves", "2018-3")]
    [Trait("Proves", "2018-4")]
    [Trait("Proves", "2018-5")]
    public void Established_Gaps_BlocksAreToldTheNewestFirst()
    {
        TcpHarness harness = WithSack();
        harness.Inject("< . 311:321(10) ack 101").Expect("> . 101 ack 301 <sack 311:321>");
        harness.Inject("< . 331:341(10) ack 101").Expect("> . 101 ack 301 <sack 331:341 311:321>");
        harness.Inject("< . 321:326(5) ack 101").Expect("> . 101 ack 301 <sack 311:326 331:341>"); // it made an old block longer
        harness.Inject("< . 351:361(10) ack 101").Expect("> . 101 ack 301 <sack 351:361 311:326 331:341>");
        harness.Inject("< . 371:381(10) ack 101").Expect("> . 101 ack 301 <sack 371:381 351:361 311:326 331:341>");
        harness.Inject("< . 391:401(10) ack 101").Expect("> . 101 ack 301 <sack 391:401 371:381 351:361 311:326>"); // four fit
        harness.Inject("< . 301:311(10) ack 101").Expect("> . 101 ack 326 <sack 391:401 371:381 351:361 331:341>"); // the oldest is back
        harness.Inject("< . 326:391(65) ack 101").Expect("> . 101 ack 401 <sack 331:341>"); // that came twice
        harness.Inject("< . 401:411(10) ack 101").Expect("> . 101 ack 411 <>");
    }

    [Fact]
    [Trait("Proves", "2018-3")]
    [Trait("Proves", "2883-1")]
    [Trait("Proves", "5681-18")]
    public void Established_BatchWithGapsAndDuplicates_EachIsTold() =>
        WithSack()
            .Inject("< . 311:321(10) ack 101", "< . 331:341(10) ack 101", "< . 311:321(10) ack 101", "< . 331:341(10) ack 101", "< . 301:311(10) ack 101")
            .Expect("> . 101 ack 301 <sack 311:321>")
            .Expect("> . 101 ack 301 <sack 331:341 311:321>")
            .Expect("> . 101 ack 301 <sack 311:321 311:321 331:341>") // came twice, so the block that it is in comes first
            .Expect("> . 101 ack 301 <sack 331:341 331:341 311:321>")
            .Expect("> . 101 ack 321 <sack 331:341>").ExpectNothing();

    // Three tell any peer of the loss; what one block more tells of the rest is sent once, unless there is other news.
    [Fact]
    [Trait("Proves", "2018-3")]
    [Trait("Proves", "MUST-58")]
    public void Established_BatchBehindALoss_ThreeDuplicateAcksAndOneForTheRest()
    {
        WithSack().Inject([.. Enumerable.Range(1, 20).Select(i => $"< . {301 + (i * 10)}:{311 + (i * 10)}(10) ack 101")])
            .Expect("> . 101 ack 301 <sack 311:321>")
            .Expect("> . 101 ack 301 <sack 311:331>")
            .Expect("> . 101 ack 301 <sack 311:341>")
            .Expect("> . 101 ack 301 <sack 311:511>").ExpectNothing()
            .Inject("< . 511:521(10) ack 101").Expect("> . 101 ack 301 <sack 311:521>") // another batch
            .Inject("< . 301:311(10) ack 101", "< . 521:531(10) ack 101").Expect("> . 101 ack 521 <>").Expect("> . 101 ack 531 <>").ExpectNothing();
    }

    [Fact]
    [Trait("Proves", "2018-3")]
    [Trait("Proves", "5681-18")]
    public void Established_BatchWithMoreNewsThanOneBlock_EachIsTold() =>
        WithSack()
            .Inject(
                "< . 311:321(10) ack 101",
                "< . 321:331(10) ack 101",
                "< . 331:341(10) ack 101",
                "< . 341:351(10) ack 101", // more of the same
                "< . 361:371(10) ack 101", // a new island
                "< . 351:356(5) ack 101", // another one grows
                "< . 351:356(5) ack 101", // twice
                "< . 356:361(5) ack 101", // two become one
                "< . 371:381(10) ack 101", // more of the same
                "< . 381:391(10) ack 101",
                "< . 301:311(10) ack 101") // all that was missing
            .Expect("> . 101 ack 301 <sack 311:321>")
            .Expect("> . 101 ack 301 <sack 311:331>")
            .Expect("> . 101 ack 301 <sack 311:341>")
            .Expect("> . 101 ack 301 <sack 361:371 311:351>")
            .Expect("> . 101 ack 301 <sack 311:356 361:371>")
            .Expect("> . 101 ack 301 <sack 351:356 311:356 361:371>")
            .Expect("> . 101 ack 301 <sack 311:371>")
            .Expect("> . 101 ack 391 <>").ExpectNothing();

    [Fact]
    [Trait("Proves", "2018-1")]
    public void Established_SackNotAgreedOn_NoBlocks() =>
        InState.Established().Inject("< . 311:321(10) ack 101").Expect("> . 101 ack 301 <>")
            .Inject("< . 311:321(10) ack 101").Expect("> . 101 ack 301 <>");

    [Fact]
    [Trait("Proves", "2018-4")]
    public void Established_SackWithTimestamps_ThreeBlocksFit()
    {
        TcpHarness harness = InState.SynSent(TcpHarness.Plain with { Timestamps = true, SelectiveAcknowledgment = true })
            .Inject("< S. 300 ack 101 <mss 1000,sackOK,TS val 55 ecr 1000000>").Ignore();
        foreach (int sequence in new[] { 311, 331, 351, 371 })
        {
            harness.Inject($"< . {sequence}:{sequence + 10}(10) ack 101 <TS val 56 ecr 0>").IgnoreSent();
        }

        harness.Inject("< . 391:401(10) ack 101 <TS val 56 ecr 0>")
            .Expect("> . 101 ack 301 <TS val 1000000 ecr 55,sack 391:401 371:381 351:361>");
    }

    [Fact]
    [Trait("Proves", "2018-5")]
    public void Reassembler_MoreIslandsThanItKeeps_NothingReportedIsGivenUp()
    {
        var reassembler = new Reassembler(1 << 20);
        for (int offset = 2; offset < 10_000; offset += 2)
        {
            reassembler.Insert(offset, [1]);
            var blocks = new SackBlocks();
            reassembler.AddSackBlocks(0, 4, ref blocks);
            foreach (SackBlock block in blocks.ToArray())
            {
                var from = (int)block.Left.Value;
                Assert.Equal((from, from + 1), reassembler.FirstDuplicate(from, 1));
            }
        }

        Assert.Equal(1024, reassembler.Islands);
    }

    [Fact]
    [Trait("Proves", "2883-1")]
    public void Established_AllOfASegmentTwice_ToldOnceInTheFirstBlock() =>
        WithSack().Inject("< . 301:311(10) ack 101").Expect("> . 101 ack 311 <>")
            .Inject("< . 301:311(10) ack 101").Expect("> . 101 ack 311 <sack 301:311>")
            .Inject("< . 300 ack 101").Expect("> . 101 ack 311 <>") // any later ACK is silent about it
            .Inject("< . 311:321(10) ack 101").Expect("> . 101 ack 321 <>");

    [Fact]
    [Trait("Proves", "2883-1")]
    public void Established_DuplicateWhileAGapIsOpen_StandsBeforeTheBlocks() =>
        WithSack().Inject("< . 301:311(10) ack 101").Expect("> . 101 ack 311 <>")
            .Inject("< . 321:331(10) ack 101").Expect("> . 101 ack 311 <sack 321:331>")
            .Inject("< . 301:311(10) ack 101").Expect("> . 101 ack 311 <sack 301:311 321:331>");

    [Fact]
    [Trait("Proves", "2883-1")]
    public void Established_OutOfOrderTwice_SecondBlockHoldsTheWholeRun() =>
        WithSack().Inject("< . 311:321(10) ack 101").Expect("> . 101 ack 301 <sack 311:321>")
            .Inject("< . 321:331(10) ack 101").Expect("> . 101 ack 301 <sack 311:331>")
            .Inject("< . 341:351(10) ack 101").Expect("> . 101 ack 301 <sack 341:351 311:331>")
            .Inject("< . 311:321(10) ack 101").Expect("> . 101 ack 301 <sack 311:321 311:331 341:351>");

    [Theory]
    [Trait("Proves", "2883-1")]
    [InlineData("< . 306:321(15) ack 101", "> . 101 ack 321 <sack 306:311 331:341>")] // its front came before
    [InlineData("< . 326:346(20) ack 101", "> . 101 ack 311 <sack 331:341 326:346>")] // its middle did
    [InlineData("< . 306:336(30) ack 101", "> . 101 ack 341 <sack 306:311>")] // two runs of it did: the first is told
    [InlineData("< . 331:351(20) ack 101", "> . 101 ack 311 <sack 331:341 331:351>")] // its front, beyond the gap
    public void Established_PartOfASegmentTwice_OnlyThatPartIsTold(string segment, string answer) =>
        WithSack().Inject("< . 301:311(10) ack 101").Expect("> . 101 ack 311 <>")
            .Inject("< . 331:341(10) ack 101").Expect("> . 101 ack 311 <sack 331:341>")
            .Inject(segment).Expect(answer);

    [Fact]
    [Trait("Proves", "2883-1")]
    public void Established_DuplicateAndDataOfOurs_DataCarriesIt() =>
        WithSack().Inject("< . 301:311(10) ack 101").Expect("> . 101 ack 311 <>")
            .Send(2000).Expect("> . 101:1101(1000) ack 311").Expect("> P. 1101:2101(1000) ack 311") // the peer's MSS
            .Inject("< . 301:311(10) ack 1101").Expect("> . 2101 ack 311 <sack 301:311>")
            .Inject("< . 301:311(10) ack 2101").Expect("> . 2101 ack 311 <sack 301:311>"); // again: it did come again

    [Fact]
    [Trait("Proves", "2883-1")]
    public void CloseWait_FinAndItsDataTwice_OnlyOctetsAreTold() =>
        WithSack().Inject("< FP. 301:311(10) ack 101").Expect("> . 101 ack 312 <>")
            .Inject("< FP. 301:311(10) ack 101").Expect("> . 101 ack 312 <sack 301:311>")
            .Inject("< F. 311 ack 101").Expect("> . 101 ack 312 <>");

    private static TcpHarness WithSack() => InState.SynSent(TcpHarness.Plain with { SelectiveAcknowledgment = true })
        .Inject("< S. 300 ack 101 <mss 1000,sackOK>").Expect("> . 101 ack 301 <>").Ignore();
}
