namespace TcpShell.Wire;

/// <summary>The VLAN ids of a frame, outermost first; up to four, kept in place.</summary>
public readonly record struct VlanIds
{
    /// <summary>The most ids that are kept; tags further inside are read over.</summary>
    public const int Capacity = 4;

    private const int BitsPerId = 16;

    private readonly ulong _ids;

    private VlanIds(ulong ids, int count)
    {
        _ids = ids;
        Count = count;
    }

    /// <summary>Ids held, 0 to 4.</summary>
    public int Count { get; }

    /// <summary>One of the ids, 0 to 4095.</summary>
    /// <param name="index">0 (the outermost) to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public ushort this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return (ushort)(_ids >> (index * BitsPerId));
        }
    }

    /// <summary>The same ids and one more inside of them.</summary>
    /// <param name="id">0 to 4095; only these 12 bits are kept.</param>
    /// <returns>The ids; unchanged where there is no room.</returns>
    public VlanIds Add(ushort id) =>
        Count == Capacity ? this : new(_ids | ((ulong)(id & 0xfff) << (Count * BitsPerId)), Count + 1);

    /// <summary>The ids, outermost first.</summary>
    public ushort[] ToArray()
    {
        ushort[] ids = new ushort[Count];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = this[i];
        }

        return ids;
    }

    /// <summary><c>100, 200</c>; empty where there are none.</summary>
    public override string ToString() => string.Join(", ", ToArray());
}
