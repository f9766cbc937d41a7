using System.Runtime.CompilerServices;
using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>Addresses and ports of a conversation, the same for both directions.</summary>
internal readonly struct FlowKey
{
    private readonly ulong _lowerHigh;
    private readonly ulong _lowerLow;
    private readonly ulong _higherHigh;
    private readonly ulong _higherLow;
    private readonly uint _ports;
    private readonly bool _isIPv6;

    /// <summary>Makes the key of a segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="isFromLower">Whether its sender is the end that stands first in the key.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FlowKey(in SegmentSummary segment, out bool isFromLower)
    {
        isFromLower = segment.SourcePort != segment.DestinationPort ? segment.SourcePort < segment.DestinationPort
            : segment.SourceHigh != segment.DestinationHigh ? segment.SourceHigh < segment.DestinationHigh
            : segment.SourceLow <= segment.DestinationLow;
        if (isFromLower)
        {
            (_lowerHigh, _lowerLow, _higherHigh, _higherLow) = (segment.SourceHigh, segment.SourceLow, segment.DestinationHigh, segment.DestinationLow);
            _ports = ((uint)segment.SourcePort << 16) | segment.DestinationPort;
        }
        else
        {
            (_lowerHigh, _lowerLow, _higherHigh, _higherLow) = (segment.DestinationHigh, segment.DestinationLow, segment.SourceHigh, segment.SourceLow);
            _ports = ((uint)segment.DestinationPort << 16) | segment.SourcePort;
        }

        _isIPv6 = segment.IsIPv6;
    }

    /// <summary>A hash that nobody can aim at: two products of 128 bits with numbers of this process's own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(ulong secret)
    {
        ulong high = Math.BigMul(_lowerLow ^ secret, _higherLow ^ ((ulong)_ports << 32) ^ _ports ^ ~secret, out ulong low);
        ulong mixed = high ^ low;
        if (_isIPv6)
        {
            mixed ^= Math.BigMul(_lowerHigh ^ mixed, _higherHigh ^ secret, out low) ^ low;
        }

        high = Math.BigMul(mixed ^ 0x9e3779b97f4a7c15, secret | 1, out low);
        return (uint)((high ^ low) >> 16);
    }

    /// <summary>Whether both are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Is(in FlowKey other) =>
        _lowerLow == other._lowerLow && _higherLow == other._higherLow && _ports == other._ports
        && _lowerHigh == other._lowerHigh && _higherHigh == other._higherHigh && _isIPv6 == other._isIPv6;
}
