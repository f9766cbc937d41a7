using System.Buffers.Binary;
using TcpShell.Wire;

namespace TcpShell.Scripting.Generation;

/// <summary>Packets of a trace as a script writes them: numbers from the initial ones on, timestamps from the first ones on.</summary>
internal sealed class PacketWording
{
    // Where timestamps start in a script: not at 0, which means that nothing is echoed.
    private const uint FirstTimestamp = 100;

    private readonly SeatTrace _trace;
    private readonly bool _statesWindows;
    private readonly HashSet<uint> _sentTimestamps = [];
    private readonly bool _statesEcn;
    private readonly bool _echoesInResets;
    private uint? _localTimestamp;
    private uint? _remoteTimestamp;

    public PacketWording(SeatTrace trace, bool statesWindows)
    {
        _trace = trace;
        _statesWindows = statesWindows;
        _statesEcn = trace.LocalSyn is { } ours && trace.RemoteSyn is { } theirs && (ours.Flags & theirs.Flags).Has(TcpFlags.ECE);
        _echoesInResets = trace.IsOfThisEngine || trace.RemoteSyn?.Segment.TcpOptions.Timestamps is null;
    }

    /// <summary>Whether a timestamp was echoed that no packet before had, so that its echo has to be calculated.</summary>
    public bool HasUnknownEcho { get; private set; }

    /// <summary>Options of the other end that the language cannot write; padding stands for them.</summary>
    public int Replaced { get; private set; }

    /// <summary>Outbound packets whose options were laid out in another way than this engine's, which is what the script has.</summary>
    public int OtherLayouts { get; private set; }

    /// <summary>Options of outbound packets that this engine never sends; they are left out.</summary>
    public int Unknown { get; private set; }

    /// <summary>Outbound packets with options that this engine never sends; any will do there.</summary>
    public int OtherOptions { get; private set; }

    /// <summary>The packet as an event, without its time.</summary>
    public PacketEvent Word(SeatPacket packet)
    {
        if (packet.Segment.Icmp is not null)
        {
            return WordIcmp(packet);
        }

        IReadOnlyList<TcpOption>? options = Options(packet);
        bool tellsWindow = packet.IsInbound || (_statesWindows && !packet.IsReset) || IsClosing(packet);
        return new TcpPacketEvent
        {
            Time = default,
            IsInbound = packet.IsInbound,
            Ip = IpOf(packet),
            Flags = packet.Flags,
            Sequence = unchecked((uint)(packet.Start - (packet.IsSyn ? 1 : 0))),
            PayloadLength = packet.Length,
            Acknowledgment = packet.IsAck ? unchecked((uint)packet.Acknowledgment) : null,
            Window = tellsWindow ? packet.Segment.Window : null,
            UrgentPointer = packet.Segment.UrgentPointer,
            Options = options,
        };
    }

    private static bool IsClosing(SeatPacket packet) => packet is { IsInbound: false, IsAck: true, IsReset: false, IsSyn: false } && packet.Segment.Window == 0;

    private ScriptIpFields? IpOf(SeatPacket packet) =>
        (packet.IsInbound ? packet.Segment.ArrivedEcn != Ecn.NotEct : _statesEcn)
            ? new ScriptIpFields { Ecn = packet.IsInbound ? packet.Segment.ArrivedEcn : packet.Segment.Ecn }
            : null;

    /// <summary>The options in the script's numbers; null where an outbound packet's are laid out in another way than here.</summary>
    private List<TcpOption>? Options(SeatPacket packet)
    {
        TcpOptions given = packet.Segment.TcpOptions;
        List<TcpOption> options = [.. TcpOptionReader.Enumerate(given)];
        NoteTimestamps(packet, given.Timestamps);
        bool isWritable = options.TrueForAll(IsWritable) && given.Problem is null;
        if (!packet.IsInbound)
        {
            // Whether a reset echoes timestamps is a stack's own business too (RFC 7323 3.2), and whether a SYN goes again with fewer options.
            bool isBareReset = packet.IsReset && options.Count == 0 && !_echoesInResets;
            bool isOtherSyn = packet.IsSyn && _trace.LocalSyn is { } syn && packet != syn && !Kinds(options).SequenceEqual(Kinds([.. TcpOptionReader.Enumerate(syn.Segment.TcpOptions)]));
            if (isBareReset || isOtherSyn || LaidOutAsHere(given, packet.IsSyn) is not { } ours)
            {
                OtherOptions++;
                return null;
            }

            Unknown += Kinds(options).Except(Kinds(ours)).Count();

            OtherLayouts += ours.Select(option => option.Kind).SequenceEqual(options.Select(option => option.Kind)) ? 0 : 1;
            return [.. ours.Select(option => Renumbered(option, isInbound: false))];
        }

        if (!isWritable || SizeOf(options) % 4 != 0)
        {
            options = Padded(options, given);
        }

        return [.. options.Select(option => Renumbered(option, packet.IsInbound))];
    }

    /// <summary>
    /// The same options in this engine's order, with its padding, as those are a stack's own business; without those that it never sends. Null for
    /// a SYN without an MSS, which it never sends either.
    /// </summary>
    private static List<TcpOption>? LaidOutAsHere(in TcpOptions given, bool isSyn)
    {
        var octets = new byte[TcpOptions.MaximumSize];
        int length = TcpOptionWriter.Write(given with { Wire = default }, octets);
        return isSyn && given.MaximumSegmentSize is null ? null : [.. TcpOptionReader.Enumerate(new TcpOptions { Wire = octets.AsMemory(0, length) })];
    }

    private static IEnumerable<TcpOptionKind> Kinds(List<TcpOption> options) =>
        options.Select(option => option.Kind).Where(kind => kind is not (TcpOptionKind.NoOperation or TcpOptionKind.EndOfList)).Order();

    private static bool IsWritable(TcpOption option) => !ScriptNotation.Option(option).StartsWith("kind-", StringComparison.Ordinal);

    private static int SizeOf(IEnumerable<TcpOption> options) =>
        options.Sum(option => option.Kind is TcpOptionKind.EndOfList or TcpOptionKind.NoOperation ? 1 : 2 + option.Data.Length);

    private List<TcpOption> Padded(List<TcpOption> options, in TcpOptions given)
    {
        var padded = new List<TcpOption>();
        foreach (TcpOption option in options)
        {
            if (IsWritable(option))
            {
                padded.Add(option);
                continue;
            }

            Replaced++;
            padded.AddRange(Enumerable.Repeat(new TcpOption(TcpOptionKind.NoOperation, default), 2 + option.Data.Length));
        }

        Replaced += given.Problem is null ? 0 : 1;
        int size = SizeOf(padded);
        int missing = Math.Max((given.Wire.Length + 3) & ~3, (size + 3) & ~3) - size;
        padded.AddRange(Enumerable.Repeat(new TcpOption(TcpOptionKind.NoOperation, default), missing));
        return padded;
    }

    private TcpOption Renumbered(TcpOption option, bool isInbound)
    {
        byte[] data = option.Data.ToArray();
        if (option.Kind == TcpOptionKind.Sack && data.Length % 8 == 0)
        {
            uint initial = isInbound ? _trace.Numbers.Local : _trace.Numbers.Remote;
            for (Span<byte> rest = data; rest.Length >= 4; rest = rest[4..])
            {
                BinaryPrimitives.WriteUInt32BigEndian(rest, unchecked(BinaryPrimitives.ReadUInt32BigEndian(rest) - initial));
            }
        }
        else if (option.Kind == TcpOptionKind.Timestamps && data.Length == 8)
        {
            (uint? own, uint? others) = isInbound ? (_remoteTimestamp, _localTimestamp) : (_localTimestamp, _remoteTimestamp);
            Write(data, own);
            Write(data.AsSpan(4), BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(4)) == 0 && others != 0 ? null : others);
        }

        return option with { Data = data };
    }

    private static void Write(Span<byte> data, uint? first)
    {
        if (first is { } start)
        {
            BinaryPrimitives.WriteUInt32BigEndian(data, unchecked(BinaryPrimitives.ReadUInt32BigEndian(data) - start + FirstTimestamp));
        }
    }

    private void NoteTimestamps(SeatPacket packet, TcpTimestamps? timestamps)
    {
        if (timestamps is not { } given)
        {
            return;
        }

        if (packet.IsInbound)
        {
            _remoteTimestamp ??= given.Value;
            HasUnknownEcho |= given.EchoReply != 0 && !_sentTimestamps.Contains(given.EchoReply);
            return;
        }

        _localTimestamp ??= given.Value;
        _sentTimestamps.Add(given.Value);
    }

    private static IcmpPacketEvent WordIcmp(SeatPacket packet)
    {
        DecodedPacket decoded = packet.Segment.Decode();
        bool isIPv6 = packet.Segment.Source.Address.IsIPv6;
        string type = IcmpWords.TypeName(decoded.IcmpType, isIPv6);
        return new IcmpPacketEvent
        {
            Time = default,
            IsInbound = true,
            Type = type,
            Code = decoded.IcmpCode == 0 ? null : IcmpWords.CodeName(type, decoded.IcmpCode, isIPv6),
            NextHopMtu = packet.Segment.Icmp is { Kind: IcmpErrorKind.PacketTooBig, Mtu: > 0 } error ? (uint)error.Mtu : null,
            Quote = IcmpQuote.Tcp,
            QuotedSequence = unchecked((uint)packet.Start),
        };
    }
}
