using System.Collections.Immutable;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Hunt.Scenarios;

/// <summary>
/// Makes a scenario out of a seed. Most are tiny, since what goes wrong mostly goes wrong in the small, and a million of them are worth more
/// than a thousand big ones.
/// </summary>
internal static class ScenarioGenerator
{
    // Routers that refuse packets end attempts to open with good reason, which would only hide what is looked for.
    private static readonly ImpairmentKind[] s_impairments = [.. Enum.GetValues<ImpairmentKind>().Where(kind => kind != ImpairmentKind.Refuse)];

    // With buffers of some octets each octet takes an exchange of its own.
    private const int SmallBuffer = 100;
    private const int MostForSmallBuffers = 60;

    // Refusals by routers are drawn by themselves.
    private static readonly ImpairmentKind[] s_kinds =
    [
        ImpairmentKind.Drop, ImpairmentKind.Corrupt, ImpairmentKind.Duplicate, ImpairmentKind.Delay, ImpairmentKind.Reorder, ImpairmentKind.Mark,
    ];

    private static readonly IcmpErrorKind[] s_errors = [.. Enum.GetValues<IcmpErrorKind>().Where(kind => kind != IcmpErrorKind.Other)];

    public static Scenario Make(long seed)
    {
        var random = new SeededRandom(seed, "scenario");
        int size = random.Next(100) switch
        {
            < 93 => 0,
            < 99 => 1,
            _ => 2,
        };
        int hostCount = size == 0 ? 2 : 2 + random.Next(size == 1 ? 2 : 4);
        ImmutableArray<HostPlan> hosts = Hosts(random, hostCount);
        int connectionCount = size switch
        {
            0 => 2,
            1 => 2 + random.Next(4),
            _ => 2 + random.Next(19),
        };
        bool rough = random.Next(3) > 0;
        bool ipv6 = random.Next(4) == 0;
        return new Scenario
        {
            Seed = seed,
            IPv6 = ipv6,
            Link = Link(random, size, ipv6),
            Hosts = hosts,
            Links = random.Next(4) == 0 ? [new LinkPlan(hosts[0].Name, hosts[1].Name, Link(random, size, ipv6))] : [],
            Impairments = rough ? Impairments(random, hosts) : [],
            Connections = Connections(random, hosts, connectionCount, MostOctets(random, size)),
            Events = random.Next(8) == 0 ? HostEvents(random, hosts) : [],
        };
    }

    private static int MostOctets(SeededRandom random, int size) => size switch
    {
        0 => 1 + random.Next(random.Next(8) == 0 ? 4000 : 400),
        1 => 1 + random.Next(10_000),
        _ => 1 + random.Next(100_000),
    };

    private static ImmutableArray<HostPlan> Hosts(SeededRandom random, int count)
    {
        bool alike = random.Next(3) == 0;
        var hosts = ImmutableArray.CreateBuilder<HostPlan>(count);
        for (int i = 0; i < count; i++)
        {
            string name = ((char)('a' + i)).ToString();
            if (alike && i > 0)
            {
                hosts.Add(hosts[0] with { Name = name });
                continue;
            }

            string profile = random.Next(3) == 0 ? TcpSettings.Rfc.Profile : TcpSettings.Linux.Profile;
            ImmutableSortedDictionary<string, object> settings =
                random.Next(6) == 0 ? ImmutableSortedDictionary.Create<string, object>(StringComparer.Ordinal) : SettingsTable.Draw(random);
            hosts.Add(new(name, profile, settings, Iss(random), random.Next(8) == 0 ? 1 + random.Next(3) : 128));
        }

        return hosts.MoveToImmutable();
    }

    /// <summary>Numbers just before 2^32, where they wrap around, or 2^31, where signs change.</summary>
    private static uint? Iss(SeededRandom random) => random.Next(6) switch
    {
        0 => uint.MaxValue - (uint)random.Next(4),
        1 => uint.MaxValue - (uint)random.Next(3000),
        2 => (uint)int.MaxValue - (uint)random.Next(3000),
        _ => null,
    };

    private static LinkOptions Link(SeededRandom random, int size, bool ipv6)
    {
        int microseconds = random.Next(4) switch
        {
            0 => random.Next(1000),
            1 => 200_000 + random.Next(300_000),
            _ => 1000 + random.Next(50_000),
        };
        return new LinkOptions
        {
            Latency = TimeSpan.FromMicroseconds(microseconds),
            Jitter = random.Next(3) == 0 ? TimeSpan.FromMicroseconds(random.Next(30_000)) : TimeSpan.Zero,
            Bandwidth = random.Next(3) == 0 ? (size + 1) * (20_000L + random.Next(5_000_000)) : null,
            MarkThreshold = random.Next(4) == 0 ? random.Next(8) : null,
            Hops = random.Next(8) == 0 ? random.Next(30) : 0,
            QueueLength = 2 + random.Next(50),
            Mtu = Math.Max(LeastMtu(ipv6), Mtu(random)),
        };
    }

    /// <summary>RFC 791 3.2, RFC 8200 5.</summary>
    private static int LeastMtu(bool ipv6) => ipv6 ? 1280 : 68;

    private static int Mtu(SeededRandom random) => random.Next(8) switch
    {
        0 => 68 + random.Next(1000),
        1 => 576,
        2 => 9000,
        _ => 1500,
    };

    private static ImmutableArray<ImpairmentPlan> Impairments(SeededRandom random, ImmutableArray<HostPlan> hosts)
    {
        var impairments = ImmutableArray.CreateBuilder<ImpairmentPlan>();
        int count = 1 + random.Next(4);
        for (int i = 0; i < count; i++)
        {
            if (random.Next(4) == 0)
            {
                impairments.Add(random.Next(3) == 0 ? Refusal(random, hosts) : Blackout(random, hosts));
                continue;
            }

            impairments.Add(new(s_kinds[random.Next(s_kinds.Length)], Selector(random, hosts))
            {
                // An old duplicate can come long after its time, though within the lifetime of segments.
                Delay = TimeSpan.FromMilliseconds(random.Next(4) == 0 ? random.Next(4000) : random.Next(100)),
                Start = random.Next(4) == 0 ? TimeSpan.FromMilliseconds(random.Next(2000)) : TimeSpan.Zero,
                End = random.Next(4) == 0 ? TimeSpan.FromMilliseconds(2000 + random.Next(20_000)) : null,
            });
        }

        return impairments.ToImmutable();
    }

    private static ImpairmentPlan Blackout(SeededRandom random, ImmutableArray<HostPlan> hosts)
    {
        var start = TimeSpan.FromMilliseconds(random.Next(1000));
        var selector = new PacketSelector { From = random.Next(2) == 0 ? AnyOf(random, hosts) : null };
        return new(ImpairmentKind.Drop, selector) { Start = start, End = start + TimeSpan.FromMilliseconds(random.Next(10_000)) };
    }

    private static ImpairmentPlan Refusal(SeededRandom random, ImmutableArray<HostPlan> hosts)
    {
        IcmpErrorKind error = random.Next(2) == 0 ? IcmpErrorKind.PacketTooBig : s_errors[random.Next(s_errors.Length)];
        return new(ImpairmentKind.Refuse, Selector(random, hosts))
        {
            Error = error,
            Mtu = error == IcmpErrorKind.PacketTooBig ? 68 + random.Next(1500) : 0,
        };
    }

    private static PacketSelector Selector(SeededRandom random, ImmutableArray<HostPlan> hosts)
    {
        var selector = new PacketSelector
        {
            From = random.Next(3) == 0 ? AnyOf(random, hosts) : null,
            DataOnly = random.Next(4) == 0,
            Flags = random.Next(6) switch
            {
                0 => TcpFlags.SYN,
                1 => TcpFlags.SYN | TcpFlags.ACK,
                2 => TcpFlags.FIN,
                3 => TcpFlags.ACK,
                _ => null,
            },
        };
        return random.Next(3) == 0
            ? selector with { Skip = random.Next(10), Every = 1 + random.Next(3), Count = 1 + random.Next(4) }
            : selector with { Flags = null, Probability = Math.Round(random.NextDouble() * (random.Next(3) == 0 ? 0.3 : 0.1), 3) };
    }

    private static ImmutableArray<ConnectionPlan> Connections(SeededRandom random, ImmutableArray<HostPlan> hosts, int count, int most)
    {
        var connections = ImmutableArray.CreateBuilder<ConnectionPlan>(count);
        for (int id = 1; id <= count; id++)
        {
            int client = random.Next(hosts.Length);
            int server = (client + 1 + random.Next(hosts.Length - 1)) % hosts.Length;
            bool small = BufferOf(hosts[client]) < SmallBuffer || BufferOf(hosts[server]) < SmallBuffer;
            int octets = small ? Math.Min(most, MostForSmallBuffers) : most;
            EndPlan clientEnd = End(random, octets);
            EndPlan serverEnd = End(random, octets);
            if (clientEnd.Close == CloseWhen.EndOfStream && serverEnd.Close == CloseWhen.EndOfStream)
            {
                clientEnd = clientEnd with { Close = CloseWhen.Sent };
            }

            var connection = new ConnectionPlan(id, hosts[client].Name, hosts[server].Name, clientEnd, serverEnd)
            {
                Kind = random.Next(20) switch
                {
                    0 => ConnectionKind.Refused,
                    1 => ConnectionKind.SendWhileListening,
                    2 or 3 => ConnectionKind.Simultaneous,
                    _ => ConnectionKind.Plain,
                },
                At = random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(random.Next(300)),
                Skew = random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(random.Next(30)),
            };
            ConnectionPlan? earlier = connections.FirstOrDefault(other => other.Client == connection.Client && other.Server == connection.Server && other.PortOf == 0);
            if (earlier is not null && random.Next(3) == 0 && connection.Kind == ConnectionKind.Plain && earlier.Kind == ConnectionKind.Plain)
            {
                connection = connection with { PortOf = earlier.Id, At = earlier.At + TimeSpan.FromMilliseconds(random.Next(3000)) };
            }

            connections.Add(connection);
        }

        return connections.ToImmutable();
    }

    private static EndPlan End(SeededRandom random, int most)
    {
        int send = random.Next(5) switch
        {
            0 => 0,
            1 => Math.Min(most, 1 + random.Next(5)),
            _ => random.Next(most + 1),
        };
        bool inBursts = random.Next(3) == 0;
        bool slowReader = random.Next(5) == 0;
        return new EndPlan
        {
            Send = send,
            SendChunk = inBursts || random.Next(4) == 0 ? 1 + (send / 10) + random.Next(1 + (send / 2)) : int.MaxValue,
            SendEvery = inBursts ? TimeSpan.FromMilliseconds(random.Next(3) == 0 ? random.Next(3000) : random.Next(100)) : TimeSpan.Zero,
            UrgentEvery = random.Next(8) == 0 ? 1 + random.Next(3) : 0,
            ReadChunk = slowReader ? 1 + (most / 20) + random.Next(1 + (most / 2)) : int.MaxValue,
            ReadEvery = slowReader ? TimeSpan.FromMilliseconds(random.Next(500)) : TimeSpan.Zero,
            ReadAfter = random.Next(8) == 0 ? TimeSpan.FromMilliseconds(random.Next(20_000)) : TimeSpan.Zero,
            Close = random.Next(2) == 0 ? CloseWhen.Sent : CloseWhen.EndOfStream,
            AbortAfter = random.Next(12) == 0 ? TimeSpan.FromMilliseconds(random.Next(2000)) : null,
        };
    }

    private static ImmutableArray<HostEvent> HostEvents(SeededRandom random, ImmutableArray<HostPlan> hosts)
    {
        string host = AnyOf(random, hosts);
        var at = TimeSpan.FromMilliseconds(random.Next(1500));
        var goes = new HostEvent(host, random.Next(3) == 0 ? HostEventKind.Stop : HostEventKind.Crash, at);
        return random.Next(3) == 0
            ? [goes]
            : [goes, new HostEvent(host, HostEventKind.Restart, at + TimeSpan.FromMilliseconds(random.Next(5000)))];
    }

    private static string AnyOf(SeededRandom random, ImmutableArray<HostPlan> hosts) => hosts[random.Next(hosts.Length)].Name;

    private static int BufferOf(HostPlan host)
    {
        TcpSettings settings = SettingsTable.Make(host);
        return Math.Min(settings.ReceiveBufferSize, settings.SendBufferSize);
    }
}
