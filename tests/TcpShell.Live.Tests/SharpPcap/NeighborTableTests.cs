using TcpShell.Live.SharpPcap;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.SharpPcap;

/// <summary>When neighbours are asked for, how long packets wait for an answer, and that forged messages take no memory.</summary>
public class NeighborTableTests
{
    private static readonly IpAddress s_peer = IpAddress.Parse("10.78.0.1");
    private static readonly MacAddress s_mac = new(0x0254_0a4e_0001);

    private readonly List<(IpAddress Address, MacAddress? Known)> _asked = [];
    private readonly List<(MacAddress Mac, byte[] Packet)> _sent = [];
    private readonly List<byte> _lost = [];
    private readonly NeighborTable _table;
    private bool _isUp = true;

    public NeighborTableTests() => _table = new NeighborTable(
        (address, known) => _asked.Add((address, known)), (mac, packet) =>
        {
            _sent.Add((mac, packet));
            return _isUp;
        }, packet => _lost.Add(packet[0]));

    [Fact]
    public void Packet_ThatTheDeviceRefuses_DoesNotCountAsTaken()
    {
        Assert.True(_table.Send(s_peer, [1], TimeSpan.Zero));
        _table.Learn(s_peer, new MacAddress(0x020000000001), TimeSpan.Zero, isCaller: false);
        _isUp = false;
        Assert.False(_table.Send(s_peer, [2], TimeSpan.Zero));
    }

    [Fact]
    public void Packets_WaitForTheAnswerAndThenGoInOrder()
    {
        Assert.True(_table.Send(s_peer, [1], TimeSpan.Zero));
        Assert.True(_table.Send(s_peer, [2], TimeSpan.Zero));
        Assert.Equal((s_peer, null), Assert.Single(_asked));
        Assert.Empty(_sent);

        _table.Learn(s_peer, s_mac, TimeSpan.Zero, isCaller: false);
        Assert.Equal([1, 2], _sent.Select(sent => sent.Packet[0]));
        Assert.All(_sent, sent => Assert.Equal(s_mac, sent.Mac));
        Assert.True(_table.Send(s_peer, [3], TimeSpan.FromSeconds(1)));
        Assert.Equal(3, _sent.Count);
        Assert.Single(_asked);
    }

    [Fact]
    public void Silence_IsAskedInThreeTimesAndThenForgotten()
    {
        _table.Send(s_peer, [1], TimeSpan.Zero);
        for (int second = 1; second <= 5; second++)
        {
            _table.HandleTime(TimeSpan.FromSeconds(second) - TimeSpan.FromTicks(1));
            Assert.Equal(Math.Min(second, 3), _asked.Count);
            _table.HandleTime(TimeSpan.FromSeconds(second));
        }

        Assert.Equal((3, 0), (_asked.Count, _table.Count));
        Assert.Null(_table.NextTime);
        _table.Learn(s_peer, s_mac, TimeSpan.FromSeconds(6), isCaller: false);
        Assert.Empty(_sent);
    }

    // RFC 1122 2.4: not before the questions have been unanswered for long; RFC 4861 7.2.2: then for every packet that waits.
    [Fact]
    public void Packets_ThatWaitedInVain_AreGivenBackAfterThreeQuestionsAndNotBefore()
    {
        _table.Send(s_peer, [1], TimeSpan.Zero);
        _table.HandleTime(TimeSpan.FromSeconds(1));
        _table.Send(s_peer, [2], TimeSpan.FromSeconds(1));
        _table.HandleTime(TimeSpan.FromSeconds(2));
        _table.HandleTime(TimeSpan.FromSeconds(3) - TimeSpan.FromTicks(1));
        Assert.Empty(_lost);
        _table.HandleTime(TimeSpan.FromSeconds(3));
        Assert.Equal([1, 2], _lost);
        Assert.Equal(3, _asked.Count);
        Assert.Empty(_sent);

        // The next packet begins anew, and the host may be there by then.
        Assert.True(_table.Send(s_peer, [3], TimeSpan.FromSeconds(4)));
        _table.Learn(s_peer, s_mac, TimeSpan.FromSeconds(4), isCaller: false);
        Assert.Equal((s_mac, 3), (_sent[^1].Mac, _sent[^1].Packet[0]));
        Assert.Equal([1, 2], _lost);
    }

    // A host that was there and is silent now: what was sent to its old Ethernet address is not given back, for it may have arrived.
    [Fact]
    public void Host_ThatFallsSilent_IsReportedOnlyForWhatWaitsAfterwards()
    {
        _table.Send(s_peer, [1], TimeSpan.Zero);
        _table.Learn(s_peer, s_mac, TimeSpan.Zero, isCaller: false);
        _table.Send(s_peer, [2], TimeSpan.FromSeconds(40));
        for (int second = 41; second <= 43; second++)
        {
            _table.HandleTime(TimeSpan.FromSeconds(second));
        }

        Assert.Equal([1, 2], _sent.Select(sent => sent.Packet[0]));
        Assert.Empty(_lost);
        _table.Send(s_peer, [3], TimeSpan.FromSeconds(44));
        for (int second = 45; second <= 47; second++)
        {
            _table.HandleTime(TimeSpan.FromSeconds(second));
        }

        Assert.Equal([3], _lost);
    }

    [Fact]
    public void Waiting_IsBounded()
    {
        for (int i = 0; i < NeighborTable.MaximumWaiting; i++)
        {
            Assert.True(_table.Send(s_peer, [1], TimeSpan.Zero));
        }

        Assert.False(_table.Send(s_peer, [1], TimeSpan.Zero));
    }

    [Fact]
    public void Neighbor_NotConfirmedForLong_IsUsedWhileItIsAskedFor()
    {
        _table.Send(s_peer, [1], TimeSpan.Zero);
        _table.Learn(s_peer, s_mac, TimeSpan.Zero, isCaller: false);
        _table.Send(s_peer, [2], TimeSpan.FromSeconds(31));
        Assert.Equal(2, _sent.Count);
        Assert.Equal((s_peer, s_mac), _asked[^1]);

        // Nobody answers: the second time as well, then everybody is asked, then it is forgotten.
        _table.HandleTime(TimeSpan.FromSeconds(32));
        _table.HandleTime(TimeSpan.FromSeconds(33));
        Assert.Equal([(s_peer, null), (s_peer, s_mac), (s_peer, s_mac), (s_peer, null)], _asked);
        _table.HandleTime(TimeSpan.FromSeconds(34));
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void Neighbor_ThatMoves_IsFoundAgainWhenTheOldOneIsSilent()
    {
        var elsewhere = new MacAddress(0x0254_0a4e_0099);
        _table.Send(s_peer, [1], TimeSpan.Zero);
        _table.Learn(s_peer, s_mac, TimeSpan.Zero, isCaller: false);

        // A claim alone changes nothing, but the owner is asked, and no more than once a second.
        _table.Learn(s_peer, elsewhere, TimeSpan.FromSeconds(5), isCaller: true);
        _table.Learn(s_peer, elsewhere, TimeSpan.FromSeconds(5), isCaller: true);
        Assert.Equal([(s_peer, null), (s_peer, s_mac)], _asked);
        _table.Learn(s_peer, s_mac, TimeSpan.FromSeconds(5), isCaller: false);
        _table.Send(s_peer, [2], TimeSpan.FromSeconds(5));
        Assert.Equal(s_mac, _sent[^1].Mac);

        // This time nobody answers at the old place.
        _table.Learn(s_peer, elsewhere, TimeSpan.FromSeconds(10), isCaller: true);
        _table.HandleTime(TimeSpan.FromSeconds(11));
        _table.HandleTime(TimeSpan.FromSeconds(12));
        Assert.Equal([(s_peer, null), (s_peer, null)], _asked[^2..]);
        _table.Learn(s_peer, elsewhere, TimeSpan.FromSeconds(12), isCaller: false);
        _table.Send(s_peer, [3], TimeSpan.FromSeconds(12));
        Assert.Equal(elsewhere, _sent[^1].Mac);
    }

    // As under a flood of forged frames, in which most of the owner's answers are lost.
    [Fact]
    public void ForgedClaims_OfOneAddressEach_NeverTakeItFromAnOwnerWhoseAnswersAreLost()
    {
        _table.Send(s_peer, [1], TimeSpan.Zero);
        _table.Learn(s_peer, s_mac, TimeSpan.Zero, isCaller: false);
        for (int tenth = 1; tenth <= 600; tenth++)
        {
            TimeSpan now = TimeSpan.FromMilliseconds(100 * tenth);
            _table.HandleTime(now);
            _table.Learn(s_peer, new MacAddress((ulong)tenth), now, isCaller: true);
            _table.Send(s_peer, [2], now);
            Assert.Equal(s_mac, _sent[^1].Mac);
        }
    }

    [Fact]
    public void ForgedClaim_ThatCameBeforeTheOwner_IsSetRightWhenTheOwnerAnswers()
    {
        _table.Learn(s_peer, new MacAddress(1), TimeSpan.Zero, isCaller: true);
        int answered = 0;
        for (int tenth = 1; tenth <= 60; tenth++)
        {
            TimeSpan now = TimeSpan.FromMilliseconds(100 * tenth);
            _table.HandleTime(now);

            // The owner answers each question that reaches him: those to everybody.
            for (; answered < _asked.Count; answered++)
            {
                if (_asked[answered].Known is null)
                {
                    _table.Learn(s_peer, s_mac, now, isCaller: false);
                }
            }

            _table.Learn(s_peer, new MacAddress((ulong)(1 + tenth)), now, isCaller: true);
        }

        _table.Send(s_peer, [1], TimeSpan.FromSeconds(6));
        Assert.Equal(s_mac, _sent[^1].Mac);
    }

    [Fact]
    public void ForgedQuestions_TakeTheFreePlacesAndDriveNobodyOut()
    {
        _table.Send(s_peer, [1], TimeSpan.Zero);
        _table.Learn(s_peer, s_mac, TimeSpan.Zero, isCaller: false);
        for (uint i = 0; i < 10_000; i++)
        {
            _table.Learn(IpAddress.FromBytes([10, 78, (byte)(1 + (i >> 8)), (byte)i]), new MacAddress(i), TimeSpan.FromSeconds(1), isCaller: true);
        }

        Assert.Equal(NeighborTable.MaximumNeighbors, _table.Count);
        _table.Send(s_peer, [2], TimeSpan.FromSeconds(2));
        Assert.Equal((s_mac, 2), (_sent[^1].Mac, _sent[^1].Packet[0]));
    }

    [Fact]
    public void ForgedAnswers_OfHostsThatNobodyAskedFor_AreNotKept()
    {
        _table.Learn(s_peer, s_mac, TimeSpan.Zero, isCaller: false);
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void OwnPackets_ToManyHosts_KeepTheTableBounded()
    {
        for (uint i = 0; i < 5000; i++)
        {
            _table.Send(IpAddress.FromBytes([10, 78, (byte)(i >> 8), (byte)i]), [1], TimeSpan.Zero);
        }

        Assert.Equal(NeighborTable.MaximumNeighbors, _table.Count);
    }
}
