namespace TcpShell.Pcap.Analysis;

/// <summary>What an analysis of captures looks at and where it stops keeping things. A limit that bites is told in <see cref="AnalysisLimits"/>.</summary>
public sealed record AnalysisOptions
{
    /// <summary>Whether TCP checksums are judged. It costs a look at every octet, and frames that were cut cannot be judged.</summary>
    public bool VerifyChecksums { get; init; }

    /// <summary>
    /// The most conversations that are open at a time, from 1; above it those that were quiet for longest come out as they are. 65,536 take
    /// about 100 MB.
    /// </summary>
    public int MaximumOpenConversations { get; init; } = 65_536;

    /// <summary>
    /// How long a closed conversation must be quiet, in the capture's time, before it comes out: what still follows belongs to it. Two
    /// minutes, as TIME-WAIT lasts.
    /// </summary>
    public TimeSpan QuietTime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long an open conversation may be quiet, in the capture's time, before it comes out as it is; null waits for the capture's end, as Wireshark does.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>The most segments with a remark that are listed for each end of a conversation; all of them are counted.</summary>
    public int MaximumListedSegments { get; init; } = 1000;

    /// <summary>
    /// The most segments with a remark that all open conversations list together, 40 octets each: above it no more are listed until some come out.
    /// Looked at every 256 frames.
    /// </summary>
    public int MaximumListedTotal { get; init; } = 1_000_000;

    /// <summary>The most changes of state that are kept of a conversation; an ordinary one has ten. Forged segments could make any number.</summary>
    public int MaximumStateChanges { get; init; } = 100;

    /// <summary>The most octets of IP fragments that wait for their companions.</summary>
    public int MaximumFragmentBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Whether every segment goes through all the rules, also one of which it shows at once that they have nothing to say: to compare both ways.</summary>
    internal bool TakesLongWay { get; init; }
}

/// <summary>How often the limits of <see cref="AnalysisOptions"/> changed the result.</summary>
/// <param name="Evicted">Conversations that came out because too many were open.</param>
/// <param name="TimedOut">Conversations that came out because they were idle.</param>
/// <param name="FragmentsDropped">IP fragments given up for want of room.</param>
/// <param name="SegmentsUnlisted">Segments with a remark that are counted, but not listed, in conversations that came out.</param>
/// <param name="StateChangesDropped">Changes of state that are not kept, in conversations that came out.</param>
public readonly record struct AnalysisLimits(long Evicted, long TimedOut, long FragmentsDropped, long SegmentsUnlisted, long StateChangesDropped)
{
    /// <summary>Whether any limit did.</summary>
    public bool HasBitten => this != default;
}
