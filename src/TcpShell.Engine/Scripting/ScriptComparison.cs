using System.Buffers.Binary;
using System.Globalization;
using TcpShell.Wire;
using static System.FormattableString;

namespace TcpShell.Scripting;

/// <summary>Compares a packet that left the TCP under test with what the script asks for.</summary>
internal sealed class ScriptComparison(ScriptRunOptions options, TimeSpan timestampTick)
{
    /// <summary>Finds the first thing in which a packet is not what the script asks for.</summary>
    /// <param name="expected">What the script asks for.</param>
    /// <param name="actual">What came, in the script's numbers.</param>
    /// <param name="timestampTolerance">How far a timestamp may be off, in time.</param>
    /// <returns>The difference in words; null if there is none.</returns>
    public string? FindDifference(TcpPacketEvent expected, TcpPacketEvent actual, TimeSpan timestampTolerance) =>
        DifferenceInIp(expected.Ip, actual.Ip!)
        ?? DifferenceInHeader(expected, actual)
        ?? (expected.Options is null ? null : DifferenceInOptions(expected, actual, timestampTolerance));

    /// <summary>What the script states of the IP header, as it is in the packet that came; null where it states nothing.</summary>
    public static ScriptIpFields? StatedIn(ScriptIpFields? expected, ScriptIpFields actual) => expected is null ? null : new()
    {
        Ecn = expected.Ecn is not null || expected.AnyEct ? EcnOf(actual) : null,
        TrafficClass = expected.TrafficClass is null ? null : actual.TrafficClass,
        FlowLabel = expected.FlowLabel is null ? null : actual.FlowLabel,
        TimeToLive = expected.TimeToLive is null ? null : actual.TimeToLive,
    };

    private static Ecn EcnOf(ScriptIpFields fields) => (Ecn)(fields.TrafficClass!.Value & 3);

    private static string? DifferenceInIp(ScriptIpFields? expected, ScriptIpFields actual)
    {
        if (expected is null)
        {
            return null;
        }

        Ecn ecn = EcnOf(actual);
        return expected.Ecn is { } wanted && ecn != wanted ? $"ECN is {ScriptNotation.Ecn(ecn)}, not {ScriptNotation.Ecn(wanted)}"
            : expected.AnyEct && ecn is not (Ecn.Ect0 or Ecn.Ect1) ? $"ECN is {ScriptNotation.Ecn(ecn)}, not ect01"
            : expected.TrafficClass is { } octet && octet != actual.TrafficClass ? Invariant($"the traffic class is 0x{actual.TrafficClass:x}, not 0x{octet:x}")
            : expected.TimeToLive is { } ttl && ttl != actual.TimeToLive ? Invariant($"the time to live is {actual.TimeToLive}, not {ttl}")
            : expected.FlowLabel is { } label && label != actual.FlowLabel ? Invariant($"the flow label is 0x{actual.FlowLabel:x}, not 0x{label:x}")
            : null;
    }

    private string? DifferenceInHeader(TcpPacketEvent expected, TcpPacketEvent actual)
    {
        TcpFlags ignored = options.StrictPush ? TcpFlags.None : TcpFlags.PSH;
        if ((expected.Flags & ~ignored) != (actual.Flags & ~ignored))
        {
            return $"the control bits are {ScriptNotation.Flags(actual.Flags)}, not {ScriptNotation.Flags(expected.Flags)}";
        }

        return Difference("the sequence number", expected.Sequence, actual.Sequence)
            ?? Difference("the length", (uint)expected.PayloadLength, (uint)actual.PayloadLength)
            ?? Difference("the acknowledgment number", expected.Acknowledgment ?? 0, actual.Acknowledgment ?? 0)
            ?? (options.CompareWindow && expected.Window is { } window ? Difference("the window", window, actual.Window ?? 0) : null)
            ?? Difference("the urgent pointer", expected.UrgentPointer, actual.UrgentPointer);
    }

    private string? DifferenceInOptions(TcpPacketEvent expected, TcpPacketEvent actual, TimeSpan timestampTolerance)
    {
        IReadOnlyList<TcpOption> wanted = expected.Options!;
        IReadOnlyList<TcpOption> given = actual.Options!;
        for (int i = 0; i < Math.Max(wanted.Count, given.Count); i++)
        {
            if (i >= wanted.Count)
            {
                return $"there is an option more: {ScriptNotation.Option(given[i])}";
            }

            if (i >= given.Count || given[i].Kind != wanted[i].Kind)
            {
                return $"option {(i + 1).ToString(CultureInfo.InvariantCulture)} is {(i < given.Count ? ScriptNotation.Option(given[i]) : "missing")}, not {ScriptNotation.Option(wanted[i])}";
            }

            bool same = wanted[i].Kind == TcpOptionKind.Timestamps
                ? IsSameTimestamp(wanted[i].Data.Span, given[i].Data.Span, timestampTolerance)
                : wanted[i].Data.Span.SequenceEqual(given[i].Data.Span);
            if (!same)
            {
                return $"option {(i + 1).ToString(CultureInfo.InvariantCulture)} is {ScriptNotation.Option(given[i])}, not {ScriptNotation.Option(wanted[i])}";
            }
        }

        return null;
    }

    private bool IsSameTimestamp(ReadOnlySpan<byte> wanted, ReadOnlySpan<byte> given, TimeSpan tolerance)
    {
        if (wanted.Length != 8 || given.Length != 8)
        {
            return wanted.SequenceEqual(given);
        }

        long error = unchecked((int)(BinaryPrimitives.ReadUInt32BigEndian(given) - BinaryPrimitives.ReadUInt32BigEndian(wanted)));
        bool valueIsRight = timestampTick == TimeSpan.Zero || Math.Abs(error) * timestampTick <= tolerance;
        return valueIsRight && (!options.CompareTimestampEcho || wanted[4..].SequenceEqual(given[4..]));
    }

    private static string? Difference(string what, uint expected, uint actual) =>
        expected == actual ? null : Invariant($"{what} is {actual}, not {expected}");
}
