using System.Runtime.CompilerServices;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>Addresses and ports of a conversation, the client's first. Both directions have the same hash.</summary>
internal readonly struct FlowKey
{
    private const ulong Golden = 0x9e3779b97f4a7c15;

    private readonly ulong _clientHigh;
    private readonly ulong _clientLow;
    private readonly ulong _serverHigh;
    private readonly ulong _serverLow;
    private readonly ushort _clientPort;
    private readonly ushort _serverPort;
    private readonly bool _isIPv6;

    /// <summary>Makes the key of a segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="isFromClient">Whether the client sent it.</param>
    public FlowKey(in SegmentSummary segment, bool isFromClient)
    {
        (_clientHigh, _clientLow, _clientPort) = (segment.SourceHigh, segment.SourceLow, segment.SourcePort);
        (_serverHigh, _serverLow, _serverPort) = (segment.DestinationHigh, segment.DestinationLow, segment.DestinationPort);
        if (!isFromClient)
        {
            (_clientHigh, _clientLow, _clientPort, _serverHigh, _serverLow, _serverPort) = (_serverHigh, _serverLow, _serverPort, _clientHigh, _clientLow, _clientPort);
        }

        _isIPv6 = segment.IsIPv6;
    }

    /// <summary>The client's address and port.</summary>
    public Endpoint Client => new(IpAddress.FromNumber(_clientHigh, _clientLow, _isIPv6), _clientPort);

    /// <summary>The server's address and port.</summary>
    public Endpoint Server => new(IpAddress.FromNumber(_serverHigh, _serverLow, _isIPv6), _serverPort);

    /// <summary>A hash that nobody can aim at: sums of products of 128 bits with a number of this process's own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(in SegmentSummary segment, ulong secret)
    {
        ulong mixed = unchecked(
            Mix(segment.SourceLow ^ secret, segment.SourceHigh ^ ((ulong)segment.SourcePort << 40) ^ Golden)
            + Mix(segment.DestinationLow ^ secret, segment.DestinationHigh ^ ((ulong)segment.DestinationPort << 40) ^ Golden));
        return (uint)Mix(mixed ^ secret, secret | 1);
    }

    /// <summary>Whether a segment belongs here.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="isFromClient">Whether the client sent it. Where both ends are the same, it did.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Fits(in SegmentSummary segment, out bool isFromClient)
    {
        // Without branches: which end sends next cannot be foretold.
        ulong forth = (segment.SourceLow ^ _clientLow) | (segment.DestinationLow ^ _serverLow) | (segment.SourceHigh ^ _clientHigh)
            | (segment.DestinationHigh ^ _serverHigh) | (uint)(segment.SourcePort ^ _clientPort) | (uint)(segment.DestinationPort ^ _serverPort);
        ulong back = (segment.SourceLow ^ _serverLow) | (segment.DestinationLow ^ _clientLow) | (segment.SourceHigh ^ _serverHigh)
            | (segment.DestinationHigh ^ _clientHigh) | (uint)(segment.SourcePort ^ _serverPort) | (uint)(segment.DestinationPort ^ _clientPort);
        isFromClient = forth == 0;
        return (forth == 0 | back == 0) & segment.IsIPv6 == _isIPv6;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
