using System.Globalization;
using System.Text.RegularExpressions;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>
/// A segment as the tests write it, near to packetdrill: <c>&lt; S. 300:301(0) ack 101 win 65535 &lt;mss 1460,sackOK,TS val 1 ecr 0,wscale 7&gt;</c>.
/// The arrow tells the direction: <c>&lt;</c> comes from the peer. A number behind <c>=</c> is meant as it stands; others are told as if
/// our ISS were 100 and the peer's 300, whatever they are.
/// </summary>
internal sealed partial class SegmentText
{
    /// <summary>The ISS of our end as the tests tell it.</summary>
    public const uint Iss = 100;

    /// <summary>The ISS of the peer as the tests tell it.</summary>
    public const uint Irs = 300;

    private readonly Match _match;

    private SegmentText(string text, Match match)
    {
        Text = text;
        _match = match;
        Flags = TcpFlagsExtensions.Parse(match.Groups["flags"].Value);
        Length = match.Groups["length"].Success ? Number("length") : 0;
        Window = match.Groups["win"].Success ? (ushort)Number("win") : null;
        Urgent = match.Groups["urg"].Success ? (ushort)Number("urg") : null;
    }

    public string Text { get; }

    public bool FromPeer => _match.Groups["arrow"].Value == "<";

    public TcpFlags Flags { get; }

    /// <summary>Octets of data.</summary>
    public int Length { get; }

    public ushort? Window { get; }

    public ushort? Urgent { get; }

    public string? Options => _match.Groups["options"].Success ? _match.Groups["options"].Value : null;

    public static SegmentText Parse(string text)
    {
        Match match = Pattern().Match(text);
        return match.Success ? new(text, match) : throw new FormatException($"'{text}' is no segment.");
    }

    public SeqNumber Sequence(Numbers numbers) => Map("seq", FromPeer ? numbers.ToPeer : numbers.ToUs);

    public SeqNumber? Acknowledgment(Numbers numbers) =>
        _match.Groups["ack"].Success ? Map("ack", FromPeer ? numbers.ToUs : numbers.ToPeer) : null;

    /// <summary>The options as they stand in the text; the edges of SACK blocks are numbers of the other direction.</summary>
    public TcpOptions ReadOptions(Numbers numbers)
    {
        ushort? mss = null;
        byte? scale = null;
        bool sackPermitted = false;
        TcpTimestamps? timestamps = null;
        ushort? userTimeout = null;
        var sack = new SackBlocks();
        foreach (string option in (Options ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] words = option.Split(' ');
            switch (words[0])
            {
                case "mss":
                    mss = ushort.Parse(words[1], CultureInfo.InvariantCulture);
                    break;
                case "wscale":
                    scale = byte.Parse(words[1], CultureInfo.InvariantCulture);
                    break;
                case "sackOK":
                    sackPermitted = true;
                    break;
                case "TS":
                    timestamps = new(uint.Parse(words[2], CultureInfo.InvariantCulture), uint.Parse(words[4], CultureInfo.InvariantCulture));
                    break;
                case "sack":
                    foreach (string[] edges in words.Skip(1).Select(block => block.Split(':')))
                    {
                        sack.TryAdd(new(Edge(edges[0], numbers), Edge(edges[1], numbers)));
                    }

                    break;
                case "uto": // seconds, or minutes: uto 5m
                    bool minutes = words[1].EndsWith('m');
                    userTimeout = (ushort)(int.Parse(words[1].TrimEnd('m'), CultureInfo.InvariantCulture) | (minutes ? 0x8000 : 0));
                    break;
                case "nop":
                    break;
                default:
                    throw new FormatException($"'{option}' is no option that the tests know.");
            }
        }

        return new TcpOptions
        {
            MaximumSegmentSize = mss,
            WindowScale = scale,
            SackPermitted = sackPermitted,
            Timestamps = timestamps,
            Sack = sack,
            UserTimeout = userTimeout,
        };
    }

    /// <summary>A segment as the tests write it, for messages.</summary>
    public static string Write(in TcpSegment segment, Numbers numbers)
    {
        uint sequence = numbers.FromUs(segment.SequenceNumber);
        string ack = segment.Flags.Has(TcpFlags.ACK) ? $" ack {numbers.FromPeer(segment.AcknowledgmentNumber)}" : "";
        string urgent = segment.Flags.Has(TcpFlags.URG) ? $" urg {segment.UrgentPointer}" : "";
        uint end = unchecked(sequence + (uint)segment.Payload.Length);
        return $"> {segment.Flags.ToTcpdump()} {sequence}:{end}({segment.Payload.Length}){ack} win {segment.Window}{urgent} <{segment.Options}>";
    }

    private SeqNumber Edge(string text, Numbers numbers)
    {
        uint number = uint.Parse(text, CultureInfo.InvariantCulture);
        return FromPeer ? numbers.ToUs(number) : numbers.ToPeer(number);
    }

    private SeqNumber Map(string group, Func<uint, SeqNumber> map)
    {
        string text = _match.Groups[group].Value;
        return text.StartsWith('=')
            ? uint.Parse(text.AsSpan(1), CultureInfo.InvariantCulture)
            : map(unchecked((uint)long.Parse(text, CultureInfo.InvariantCulture)));
    }

    private int Number(string group) => int.Parse(_match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<arrow>[<>]) (?<flags>\S+) (?<seq>=?-?\d+)(:=?\d+\((?<length>\d+)\))?( ack (?<ack>=?-?\d+))?( win (?<win>\d+))?( urg (?<urg>\d+))?( <(?<options>[^>]*)>)?$")]
    private static partial Regex Pattern();
}

/// <summary>The initial sequence numbers that one run of a test really uses.</summary>
internal sealed record Numbers(string Name, SeqNumber Iss, SeqNumber Irs)
{
    /// <summary>Every test of the machine runs on all of these: what holds for small numbers must hold round the circle.</summary>
    public static IReadOnlyList<Numbers> All { get; } =
    [
        new("small numbers", SegmentText.Iss, SegmentText.Irs),
        new("numbers that pass 2^32", 0xffff_fff0, 0xffff_ff00),
        new("numbers that pass 2^31", 0x7fff_ff00, 0x7fff_fff0),
        new("SYNs that are the last number of the circle", uint.MaxValue, uint.MaxValue),
    ];

    public SeqNumber ToUs(uint told) => new(unchecked(told - SegmentText.Iss + Iss.Value));

    public SeqNumber ToPeer(uint told) => new(unchecked(told - SegmentText.Irs + Irs.Value));

    public uint FromUs(SeqNumber number) => unchecked(number.Value - Iss.Value + SegmentText.Iss);

    public uint FromPeer(SeqNumber number) => unchecked(number.Value - Irs.Value + SegmentText.Irs);
}
