using TcpShell.Wire;

namespace TcpShell.Hosting;

/// <summary>What a host has learnt of the paths to others (RFC 1191 6.3, RFC 8201 5.2): MTUs that are smaller than its interface's.</summary>
internal sealed class PathMtuCache
{
    // Each entry needs a connection that an ICMP error fits, but a host may have had very many.
    private const int Capacity = 1024;

    // After this time a larger MTU is tried, since paths change for the better too [1191-5].
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(10);

    private readonly Dictionary<IpAddress, (int Mtu, Timestamp Learnt)> _entries = [];

    /// <summary>Destinations that are known.</summary>
    public int Count => _entries.Count;

    /// <summary>The MTU of the path to somewhere; null if nothing is known, or no longer.</summary>
    public int? Find(IpAddress destination, Timestamp now)
    {
        if (!_entries.TryGetValue(destination, out (int Mtu, Timestamp Learnt) entry))
        {
            return null;
        }

        if (now - entry.Learnt < s_lifetime)
        {
            return entry.Mtu;
        }

        _entries.Remove(destination);
        return null;
    }

    public void Learn(IpAddress destination, int mtu, Timestamp now)
    {
        if (_entries.Count >= Capacity && !_entries.ContainsKey(destination))
        {
            _entries.Remove(_entries.MinBy(entry => entry.Value.Learnt).Key);
        }

        _entries[destination] = (mtu, now);
    }

    /// <summary>The path to somewhere is bad, so another one may be taken, of which nothing is known [MUST-20].</summary>
    public void Forget(IpAddress destination) => _entries.Remove(destination);

    public void Clear() => _entries.Clear();
}
