namespace TcpShell.Hosting;

/// <summary>
/// Hands out ephemeral ports from the range that IANA names (RFC 6335), one after the other, so that a lesson shows the same ports each
/// time.
/// </summary>
internal sealed class PortAllocator(int first = PortAllocator.First)
{
    public const int First = 49152;
    public const int Last = 65535;

    private int _next = Math.Clamp(first, First, Last);

    /// <summary>The next port that is free.</summary>
    /// <param name="isTaken">Whether a port cannot be used for what is planned.</param>
    /// <param name="port">The port.</param>
    /// <returns>False if all are taken.</returns>
    public bool TryTake(Func<ushort, bool> isTaken, out ushort port)
    {
        for (int tries = 0; tries <= Last - First; tries++)
        {
            port = (ushort)_next;
            _next = _next == Last ? First : _next + 1;
            if (!isTaken(port))
            {
                return true;
            }
        }

        port = 0;
        return false;
    }
}
