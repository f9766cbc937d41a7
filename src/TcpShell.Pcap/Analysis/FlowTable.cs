using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace TcpShell.Pcap.Analysis;

/// <summary>The open conversations by their addresses and ports: a hash table with open addressing, without an object for each entry.</summary>
internal sealed class FlowTable
{
    private const int FirstSize = 64;

    private Slot[] _slots = new Slot[FirstSize];

    /// <summary>Conversations in the table.</summary>
    public int Count { get; private set; }

    /// <summary>The hashes' secret, another one in each process, so that no capture can be made of which all conversations meet in one place.</summary>
    public static ulong Secret { get; } = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <summary>Finds a conversation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TcpConversation? Find(in FlowKey key, uint hash)
    {
        Slot[] slots = _slots;
        for (uint i = hash; ; i++)
        {
            ref Slot slot = ref slots[i & (uint)(slots.Length - 1)];
            TcpConversation? conversation = slot.Conversation;
            if (conversation is null || (slot.Hash == hash && conversation.Key.Is(key)))
            {
                return conversation;
            }
        }
    }

    /// <summary>Adds a conversation whose key is not there, or puts it in the place of the one that is.</summary>
    public void Set(TcpConversation conversation)
    {
        // At most half full: a miss then looks at two or three slots.
        if (2 * (Count + 1) > _slots.Length)
        {
            Grow();
        }

        uint mask = (uint)(_slots.Length - 1);
        uint i = conversation.Hash & mask;
        while (_slots[i].Conversation is { } there)
        {
            if (_slots[i].Hash == conversation.Hash && there.Key.Is(conversation.Key))
            {
                _slots[i].Conversation = conversation;
                return;
            }

            i = (i + 1) & mask;
        }

        _slots[i] = new Slot { Hash = conversation.Hash, Conversation = conversation };
        Count++;
    }

    /// <summary>Takes a conversation out; nothing happens where it is not there, or another one is in its place.</summary>
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
    public IEnumerable<TcpConversation> All() => _slots.Where(slot => slot.Conversation is not null).Select(slot => slot.Conversation!);

    private void Grow()
    {
        Slot[] old = _slots;
        _slots = new Slot[BitOperations.RoundUpToPowerOf2((uint)old.Length * 2)];
        uint mask = (uint)(_slots.Length - 1);
        foreach (Slot slot in old)
        {
            if (slot.Conversation is not null)
            {
                uint i = slot.Hash & mask;
                while (_slots[i].Conversation is not null)
                {
                    i = (i + 1) & mask;
                }

                _slots[i] = slot;
            }
        }
    }

    private struct Slot
    {
        public TcpConversation? Conversation;
        public uint Hash;
    }
}
