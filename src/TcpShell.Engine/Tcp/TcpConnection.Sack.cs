using TcpShell.Wire;

namespace TcpShell.Tcp;

// The receiver's half of RFC 2018 and RFC 2883: what the peer is told of data beyond a gap, and of data that came twice.
public sealed partial class TcpConnection
{
    private const int SackPrefixSize = 4;
    private const int SackBlockSize = 8;

    private SackBlock? _duplicate;

    /// <summary>Notes what of a segment was here before; the next ACK tells it, once [2883-1].</summary>
    /// <param name="from">The number of its first octet of data.</param>
    /// <param name="count">Octets of data that are taken from it or were received before.</param>
    private void NoteDuplicate(SeqNumber from, int count)
    {
        if (!SelectiveAcknowledgmentInForce || count <= 0)
        {
            return;
        }

        if (from < Rcv.Nxt)
        {
            _duplicate = new(from, SeqNumber.Min(from + count, Rcv.Nxt));
        }
        else if (_reassembler.FirstDuplicate(from - Rcv.Nxt, count) is { } run)
        {
            _duplicate = new(Rcv.Nxt + run.From, Rcv.Nxt + run.To);
        }
    }

    /// <summary>How many SACK blocks there are to tell, as far as header and segment have room [2018-4].</summary>
    private int SackCount(int room)
    {
        int header = TcpOptions.MaximumSize - (TimestampsInForce ? TimestampsSize : 0) - (_userTimeoutPending ? UserTimeoutSize : 0);
        int most = (header - SackPrefixSize) / SackBlockSize;
        int count = SelectiveAcknowledgmentInForce ? Math.Min(_reassembler.Islands + (_duplicate is null ? 0 : 1), most) : 0;
        while (count > 0 && SackSize(count) > room)
        {
            count--;
        }

        return count;
    }

    /// <summary>
    /// What came twice first, to be known by its place left of the ACK number or inside of the next block [2883-1]; then the islands, on
    /// every segment as long as there are any [2018-2].
    /// </summary>
    private SackBlocks ToSackBlocks(int count)
    {
        var blocks = new SackBlocks();
        if (count > 0 && _duplicate is { } duplicate)
        {
            blocks.TryAdd(duplicate);
        }

        _reassembler.AddSackBlocks(Rcv.Nxt, count - blocks.Count, ref blocks);
        return blocks;
    }

    /// <summary>Octets of the SACK option with its padding.</summary>
    private static int SackSize(int blocks) => blocks == 0 ? 0 : SackPrefixSize + (SackBlockSize * blocks);
}
