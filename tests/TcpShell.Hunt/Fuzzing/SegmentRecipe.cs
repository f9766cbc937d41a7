using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hunt.Fuzzing;

/// <summary>What a number of a segment is counted from.</summary>
internal enum Anchor : byte
{
    Next,
    Edge,
    Una,
    Max,
    Initial,
    Anywhere,
}

/// <summary>
/// A segment told relative to a connection: "one octet before RCV.NXT, acknowledges one beyond SND.MAX". So what was of interest once can be
/// tried again on any connection, with one thing changed.
/// </summary>
internal struct SegmentRecipe
{
    private static readonly byte[] s_data = new byte[4096];

    public Anchor Sequence { get; set; }

    public int SequenceDelta { get; set; }

    public Anchor Acknowledgment { get; set; }

    public int AcknowledgmentDelta { get; set; }

    public TcpFlags Flags { get; set; }

    public ushort Window { get; set; }

    public ushort UrgentPointer { get; set; }

    public int Length { get; set; }

    /// <summary>What the options are: bits for MSS, window scale, SACK permitted, SACK, timestamps, user timeout, and for broken octets.</summary>
    public byte Options { get; set; }

    public int OptionValue { get; set; }

    public int TimestampDelta { get; set; }

    public byte TrafficClass { get; set; }

    public static SegmentRecipe Random(SeededRandom random)
    {
        var recipe = default(SegmentRecipe);
        for (int part = 0; part < PartCount; part++)
        {
            recipe.Change(part, random);
        }

        return recipe;
    }

    /// <summary>The same with one or two things changed.</summary>
    public readonly SegmentRecipe Mutated(SeededRandom random)
    {
        SegmentRecipe mutated = this;
        mutated.Change(random.Next(PartCount), random);
        if (random.Next(3) == 0)
        {
            mutated.Change(random.Next(PartCount), random);
        }

        return mutated;
    }

    /// <summary>The segment itself, for a connection as it is now.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="remote">Its peer.</param>
    /// <param name="clock">The peer's timestamp clock.</param>
    public readonly TcpSegment Make(TcpConnection connection, Endpoint remote, uint clock) => new()
    {
        SourcePort = remote.Port,
        DestinationPort = connection.Local.Port,
        SequenceNumber = PeersNumber(connection, Sequence) + SequenceDelta,
        AcknowledgmentNumber = OurNumber(connection, Acknowledgment) + AcknowledgmentDelta,
        Flags = Flags,
        Window = Window,
        UrgentPointer = UrgentPointer,
        Payload = s_data.AsMemory(0, Length),
        Options = MakeOptions(connection, clock),
    };

    private const int PartCount = 8;

    private static SeqNumber PeersNumber(TcpConnection connection, Anchor anchor) => anchor switch
    {
        Anchor.Edge => connection.Rcv.Edge,
        Anchor.Initial => connection.Rcv.Irs,
        Anchor.Anywhere => connection.Rcv.Nxt + int.MinValue,
        _ => connection.Rcv.Nxt,
    };

    private static SeqNumber OurNumber(TcpConnection connection, Anchor anchor) => anchor switch
    {
        Anchor.Next => connection.Snd.Nxt,
        Anchor.Una => connection.Snd.Una,
        Anchor.Initial => connection.Snd.Iss,
        Anchor.Edge => connection.Snd.Una - (int)Math.Min(connection.Snd.MaxWnd, int.MaxValue),
        Anchor.Anywhere => connection.Snd.Nxt + int.MinValue,
        _ => connection.Snd.Max,
    };

    private readonly TcpOptions MakeOptions(TcpConnection connection, uint clock)
    {
        if ((Options & 0x40) != 0)
        {
            // What the reader made of octets that it could not read to their end.
            return new TcpOptions { Problem = "broken", Timestamps = (Options & 1) != 0 ? new(clock, 0) : null };
        }

        var sack = new SackBlocks();
        for (int i = 0; (Options & 8) != 0 && i <= (OptionValue & 3); i++)
        {
            int from = (short)OptionValue + (i * 700);
            sack.TryAdd(new(connection.Snd.Una + from, connection.Snd.Una + from + (short)(OptionValue >> 8)));
        }

        return new TcpOptions
        {
            MaximumSegmentSize = (Options & 2) != 0 ? (ushort)OptionValue : null,
            WindowScale = (Options & 4) != 0 ? (byte)(OptionValue & 15) : null,
            SackPermitted = (Options & 16) != 0,
            Sack = sack,
            Timestamps = (Options & 1) != 0 ? new(unchecked(clock + (uint)TimestampDelta), (uint)OptionValue) : null,
            UserTimeout = (Options & 32) != 0 ? (ushort)OptionValue : null,
        };
    }

    private void Change(int part, SeededRandom random)
    {
        switch (part)
        {
            case 0:
                Sequence = random.Next(3) > 0 ? Anchor.Next : (Anchor)random.Next(6);
                SequenceDelta = Delta(random);
                break;
            case 1:
                Acknowledgment = random.Next(3) > 0 ? Anchor.Max : (Anchor)random.Next(6);
                AcknowledgmentDelta = Delta(random);
                break;
            case 2:
                Flags = random.Next(6) switch
                {
                    0 => (TcpFlags)random.Next(0x200),
                    1 => TcpFlags.SYN | (TcpFlags)random.Next(0x200),
                    2 => TcpFlags.ACK | TcpFlags.FIN,
                    3 => TcpFlags.ACK | (TcpFlags)(random.Next(0x200) & ~0x6), // neither SYN nor RST
                    _ => TcpFlags.ACK,
                };
                break;
            case 3:
                Window = (ushort)(random.Next(4) == 0 ? random.Next(3) : random.Next(65_536));
                break;
            case 4:
                UrgentPointer = (ushort)random.Next(random.Next(2) == 0 ? 10 : 65_536);
                TrafficClass = (byte)random.Next(256);
                break;
            case 5:
                Length = random.Next(3) switch
                {
                    0 => 0,
                    1 => random.Next(4),
                    _ => random.Next(1600),
                };
                break;
            case 6:
                Options = (byte)(random.Next(3) > 0 ? 1 | random.Next(64) : random.Next(128));
                OptionValue = (int)random.NextUInt64();
                break;
            default:
                TimestampDelta = random.Next(4) == 0 ? Delta(random) : 0;
                break;
        }
    }

    /// <summary>Mostly next to an edge.</summary>
    private static int Delta(SeededRandom random) => random.Next(8) switch
    {
        < 3 => 0,
        < 6 => random.Next(5) - 2,
        6 => random.Next(6000) - 3000,
        _ => (int)random.NextUInt64(),
    };
}
