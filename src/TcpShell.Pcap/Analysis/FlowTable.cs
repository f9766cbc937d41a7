using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>The open conversations by their addresses and ports: a hash table with open addressing, without an object for each entry.</summary>
internal sealed class FlowTable
{
    private const int FirstSize = 64;

    private Slot[] _slots = new Slot[FirstSize];

    /// <summary>The hashes' secret, another one in each process, so that no capture can be made of which all conversations meet in one place.</summary>
    public static ulong Secret { get; } = NewSecret();

    /// <summary>Conversations in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Finds the conversation of a segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="isFromClient">Whether the client sent it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TcpConversation? Find(in SegmentSummary segment, out bool isFromClient)
    {
        Slot[] slots = _slots;
        for (uint i = segment.Hash; ; i++)
        {
            ref Slot slot = ref slots[i & (uint)(slots.Length - 1)];
            TcpConversation? conversation = slot.Conversation;
            if (conversation is null)
            {
                isFromClient = false;
                return null;
            }

            if (slot.Hash == segment.Hash && conversation.Key.Fits(segment, out isFromClient))
            {
                return conversation;
            }
        }
    }

    /// <summary>Adds a conversation whose key is not there.</summary>
    public void Add(TcpConversation conversation)
    {
        // At most five eighths full: a miss then looks at four slots, which mostly stand in one line of the cache.
        if (8 * (Count + 1L) > 5L * _slots.Length)
        {
            Slot[] old = _slots;
            _slots = new Slot[2 * old.Length];
            foreach (Slot slot in old)
            {
                if (slot.Conversation is not null)
                {
                    Put(slot);
                }
            }
        }

        Put(new Slot { Hash = conversation.Hash, Conversation = conversation });
        Count++;
    }

    /// <summary>Takes a conversation out; nothing happens where it is not there.</summary>
    public void Remove(TcpConversation conversation)
    {
        uint mask = (uint)(_slots.Length - 1);
        uint hole = conversation.Hash & mask;
        while (_slots[hole].Conversation != conversation)
        {
            if (_slots[hole].Conversation is null)
            {
                return;
            }

            hole = (hole + 1) & mask;
        }

        // Those behind move up where the hole would hide them.
        for (uint i = (hole + 1) & mask; _slots[i].Conversation is not null; i = (i + 1) & mask)
        {
            uint home = _slots[i].Hash & mask;
            if (((i - home) & mask) >= ((i - hole) & mask))
            {
                _slots[hole] = _slots[i];
                hole = i;
            }
        }

        _slots[hole] = default;
        Count--;
    }

    /// <summary>All conversations, in no order.</summary>
    public IEnumerable<TcpConversation> All()
    {
        foreach (Slot slot in _slots)
        {
            if (slot.Conversation is { } conversation)
            {
                yield return conversation;
            }
        }
    }

    /// <summary>Takes all conversations out.</summary>
    public void Clear()
    {
        Array.Clear(_slots);
        Count = 0;
    }

    // A version 4 UUID has 122 bits of the system's random numbers, without the cryptographic library, which takes longer to load than a capture to read.
    private static ulong NewSecret()
    {
        Span<ulong> halves = stackalloc ulong[2];
        Guid.NewGuid().TryWriteBytes(MemoryMarshal.AsBytes(halves));
        return halves[0] ^ BitOperations.RotateLeft(halves[1], 32);
    }

    private void Put(in Slot slot)
    {
        uint mask = (uint)(_slots.Length - 1);
        uint i = slot.Hash & mask;
        while (_slots[i].Conversation is not null)
        {
            i = (i + 1) & mask;
        }

        _slots[i] = slot;
    }

    private struct Slot
    {
        public TcpConversation? Conversation;
        public uint Hash;
    }
}
