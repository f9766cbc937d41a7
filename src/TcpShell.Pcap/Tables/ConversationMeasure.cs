using System.Globalization;
using System.Runtime.InteropServices;
using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Tables;

/// <summary>By what conversations are put together before they are summed up.</summary>
public enum ConversationGrouping
{
    /// <summary>All of them are one group.</summary>
    None,

    /// <summary>The client's address.</summary>
    Client,

    /// <summary>The server's address.</summary>
    Server,

    /// <summary>The server's port.</summary>
    Port,

    /// <summary>How they ended.</summary>
    Ended,

    /// <summary>The hour (UTC) in which they began.</summary>
    Hour,

    /// <summary>The machine on which the capture was read.</summary>
    Host,

    /// <summary>The capture.</summary>
    File,
}

/// <summary>Sums up conversations as they come. Of each it keeps one round-trip time, of each address three numbers.</summary>
public sealed class ConversationMeasure
{
    private readonly Dictionary<string, Sums> _groups = [];
    private readonly ConversationGrouping[] _groupings;
    private readonly int _top;

    /// <summary>Starts with nothing.</summary>
    /// <param name="groupings">By what they are put together: conversations of one group have all of it in common. Null or nothing: all are one group.</param>
    /// <param name="top">How many of the addresses that sent most are named.</param>
    public ConversationMeasure(IEnumerable<ConversationGrouping>? groupings = null, int top = 10)
    {
        _groupings = [.. (groupings ?? []).Distinct().Where(grouping => grouping != ConversationGrouping.None)];
        _top = top;
    }

    /// <summary>Takes a conversation.</summary>
    /// <param name="conversation">The conversation.</param>
    public void Add(ConversationData conversation)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        string key = KeyOf(conversation);
        if (!_groups.TryGetValue(key, out Sums? sums))
        {
            _groups.Add(key, sums = new Sums());
        }

        sums.Add(conversation);
    }

    /// <summary>The sums so far: where hours are told apart, in the order of the groups' names, so that hours follow one another; else by the octets that they had.</summary>
    public IEnumerable<ConversationSummary> Summaries()
    {
        IEnumerable<ConversationSummary> all = _groups.Select(group => group.Value.Summary(group.Key, _top));
        return _groupings.Contains(ConversationGrouping.Hour)
            ? all.OrderBy(summary => summary.Group, StringComparer.Ordinal)
            : all.OrderByDescending(summary => summary.Bytes).ThenBy(summary => summary.Group, StringComparer.Ordinal);
    }

    /// <summary>
    /// The value at the place p·n, counted from 0, of n sorted ones, as ClickHouse's quantileExact has it: so a database with the same
    /// conversations has the same percentiles.
    /// </summary>
    internal static long Percentile(ReadOnlySpan<long> sorted, double part) => sorted[Math.Min((int)(part * sorted.Length), sorted.Length - 1)];

    private string KeyOf(ConversationData conversation) => _groupings.Length == 1
        ? KeyOf(conversation, _groupings[0])
        : string.Join(", ", _groupings.Select(grouping => KeyOf(conversation, grouping)));

    private static string KeyOf(ConversationData conversation, ConversationGrouping grouping) => grouping switch
    {
        ConversationGrouping.Client => conversation.Client.Address,
        ConversationGrouping.Server => conversation.Server.Address,
        ConversationGrouping.Port => conversation.Server.Port.ToString(CultureInfo.InvariantCulture),
        ConversationGrouping.Ended => conversation.Ended.ToString(),
        ConversationGrouping.Hour => HourOf(conversation.Start),
        ConversationGrouping.Host => conversation.Host,
        ConversationGrouping.File => conversation.File,
        _ => "",
    };

    private static string HourOf(Timestamp time) =>
        DateTimeOffset.UnixEpoch.AddTicks(time.Nanoseconds / 100).ToString("yyyy-MM-dd HH':00Z'", CultureInfo.InvariantCulture);

    private sealed class Sums
    {
        private readonly List<long> _rtts = [];
        private readonly Dictionary<ConversationEnding, long> _failures = [];
        private readonly Dictionary<string, (long Conversations, long Packets, long Bytes)> _talkers = [];
        private long _conversations;
        private long _packets;
        private long _bytes;
        private long _retransmissions;
        private Timestamp _start = Timestamp.MaxValue;
        private Timestamp _end = new(long.MinValue);

        public void Add(ConversationData conversation)
        {
            _conversations++;
            _packets += conversation.Packets;
            _bytes += conversation.Bytes;
            _retransmissions += conversation.Retransmissions;
            _start = conversation.Start < _start ? conversation.Start : _start;
            _end = conversation.End > _end ? conversation.End : _end;
            if (conversation.HandshakeRtt is { } rtt)
            {
                _rtts.Add(rtt.Ticks);
            }

            if (conversation.Ended is ConversationEnding.Unanswered or ConversationEnding.Refused or ConversationEnding.ResetByClient or ConversationEnding.ResetByServer)
            {
                _failures[conversation.Ended] = _failures.GetValueOrDefault(conversation.Ended) + 1;
            }

            AddTalker(conversation.Client, isOther: true);
            AddTalker(conversation.Server, isOther: conversation.Server.Address != conversation.Client.Address);
        }

        public ConversationSummary Summary(string group, int top)
        {
            _rtts.Sort();
            ReadOnlySpan<long> rtts = CollectionsMarshal.AsSpan(_rtts);
            return new ConversationSummary
            {
                Group = group,
                Conversations = _conversations,
                Packets = _packets,
                Bytes = _bytes,
                Start = _start,
                End = _end,
                Retransmissions = _retransmissions,
                RttCount = _rtts.Count,
                RttMedian = Rtt(rtts, 0.5),
                Rtt90 = Rtt(rtts, 0.9),
                Rtt95 = Rtt(rtts, 0.95),
                Rtt99 = Rtt(rtts, 0.99),
                Failed = _failures.Values.Sum(),

                // Arrays, for PowerShell finds no indexer on the lists that collection expressions make.
                Failures = _failures
                    .OrderByDescending(failure => failure.Value)
                    .ThenBy(failure => failure.Key)
                    .Select(failure => new FailureCount(failure.Key.ToString(), failure.Value))
                    .ToArray(),
                TopTalkers = _talkers
                    .OrderByDescending(talker => talker.Value.Bytes)
                    .ThenBy(talker => talker.Key, StringComparer.Ordinal)
                    .Take(top)
                    .Select(talker => new ConversationTalker(talker.Key, talker.Value.Conversations, talker.Value.Packets, talker.Value.Bytes))
                    .ToArray(),
            };
        }

        private static TimeSpan? Rtt(ReadOnlySpan<long> sorted, double part) => sorted.IsEmpty ? null : new TimeSpan(Percentile(sorted, part));

        // An address that talks to itself has one conversation, not two.
        private void AddTalker(ConversationSideData side, bool isOther)
        {
            ref (long Conversations, long Packets, long Bytes) sums = ref CollectionsMarshal.GetValueRefOrAddDefault(_talkers, side.Address, out _);
            sums = (sums.Conversations + (isOther ? 1 : 0), sums.Packets + side.Packets, sums.Bytes + side.Bytes);
        }
    }
}
