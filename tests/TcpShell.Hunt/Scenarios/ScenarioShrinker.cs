using System.Collections.Immutable;
using TcpShell.Hunt.Running;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;

namespace TcpShell.Hunt.Scenarios;

/// <summary>
/// Makes a scenario that breaks an invariant smaller, as long as it still breaks the same one: parts are left out, numbers get smaller,
/// settings go back to their profile, chance becomes certainty.
/// </summary>
internal sealed class ScenarioShrinker
{
    // Enough for what is worth reading afterwards; a large scenario that resists must not hold up the hunt.
    private const long MostPackets = 2_000_000;
    private const int MostRuns = 3000;

    // More packets than these nobody wants to see named one by one.
    private const int MostHits = 30;

    private readonly Func<RunResult, bool> _fails;
    private long _packets;
    private int _runs;

    private ScenarioShrinker(Func<RunResult, bool> fails) => _fails = fails;

    private bool IsTired => _runs >= MostRuns || _packets >= MostPackets;

    /// <summary>Makes a scenario smaller.</summary>
    /// <param name="scenario">One that fails.</param>
    /// <param name="fails">Whether a run fails in the same way.</param>
    /// <returns>The smallest one found that fails so too.</returns>
    public static Scenario Shrink(Scenario scenario, Func<RunResult, bool> fails)
    {
        var shrinker = new ScenarioShrinker(fails);
        Scenario before;
        do
        {
            before = scenario;
            scenario = shrinker.Try(scenario, LeaveOut);
            scenario = shrinker.Try(scenario, ChanceToCertainty);
            scenario = shrinker.Try(scenario, Plainer);
            scenario = shrinker.Try(scenario, Smaller);
            scenario = shrinker.Try(scenario, Earlier);
        }
        while (!ReferenceEquals(scenario, before) && !shrinker.IsTired);

        return scenario;
    }

    private Scenario Try(Scenario scenario, Func<Scenario, IEnumerable<Scenario>> candidates)
    {
        while (candidates(scenario).FirstOrDefault(StillFails) is { } smaller)
        {
            scenario = smaller;
        }

        return scenario;
    }

    private bool StillFails(Scenario candidate)
    {
        if (IsTired)
        {
            return false;
        }

        RunResult result = ScenarioRun.Execute(candidate);
        _runs++;
        _packets += result.Packets;
        return _fails(result);
    }

    /// <summary>The scenario without one of its parts.</summary>
    private static IEnumerable<Scenario> LeaveOut(Scenario scenario) =>
        Without(scenario.Connections).Select(fewer => scenario with { Connections = fewer })
            .Concat(Without(scenario.Impairments).Select(fewer => scenario with { Impairments = fewer }))
            .Concat(Without(scenario.Events).Select(fewer => scenario with { Events = fewer }))
            .Concat(Without(scenario.Links).Select(fewer => scenario with { Links = fewer }))
            .Concat(Without(scenario.Hosts).Where(fewer => IsWhole(scenario, fewer)).Select(fewer => scenario with { Hosts = fewer }));

    private static IEnumerable<ImmutableArray<T>> Without<T>(ImmutableArray<T> items) => items.Select((_, index) => items.RemoveAt(index));

    private static bool IsWhole(Scenario scenario, ImmutableArray<HostPlan> hosts)
    {
        bool IsThere(string name) => hosts.Any(host => host.Name == name);
        return scenario.Connections.All(connection => IsThere(connection.Client) && IsThere(connection.Server))
            && scenario.Links.All(link => IsThere(link.One) && IsThere(link.Other))
            && scenario.Events.All(happens => IsThere(happens.Host));
    }

    /// <summary>An impairment by chance becomes one that hits the very packets that chance chose.</summary>
    private static IEnumerable<Scenario> ChanceToCertainty(Scenario scenario)
    {
        for (int i = 0; i < scenario.Impairments.Length; i++)
        {
            ImpairmentPlan plan = scenario.Impairments[i];
            if (plan.Selector.Probability < 1 && HitsOf(scenario, i) is { Count: <= MostHits } hits)
            {
                IEnumerable<ImpairmentPlan> certain = hits
                    .Select(hit => plan with { Start = default, End = null, Selector = new PacketSelector { From = hit.From, To = hit.To, Skip = hit.Before, Count = 1 } });
                yield return scenario with { Impairments = scenario.Impairments.RemoveAt(i).AddRange(certain) };
            }
        }
    }

    /// <summary>Which packets an impairment hits: between which hosts, and how many went there before.</summary>
    private static List<(string From, string To, int Before)> HitsOf(Scenario scenario, int index)
    {
        RunResult result = ScenarioRun.Execute(scenario, keepTrace: true);
        ImpairmentPlan plan = scenario.Impairments[index];
        var hits = new List<(string, string, int)>();
        var sent = new Dictionary<(string, string), int>();
        foreach (TracedPacket packet in result.Network.Trace.Where(packet => packet.CopyOf == 0))
        {
            int before = sent.GetValueOrDefault((packet.From, packet.To));
            sent[(packet.From, packet.To)] = before + 1;

            // "dropped by impairment 3 (drop packets, 5 %)": the words between the brackets are the plan's own.
            if (packet.FateText.Contains($"({plan.Kind.ToString().ToLowerInvariant()} {plan.Selector})", StringComparison.Ordinal))
            {
                hits.Add((packet.From, packet.To, before));
            }
        }

        return hits;
    }

    /// <summary>The scenario with one thing as it usually is.</summary>
    private static IEnumerable<Scenario> Plainer(Scenario scenario)
    {
        for (int i = 0; i < scenario.Hosts.Length; i++)
        {
            HostPlan host = scenario.Hosts[i];
            foreach (HostPlan plainer in PlainerHosts(host))
            {
                yield return scenario with { Hosts = scenario.Hosts.SetItem(i, plainer) };
            }
        }

        if (scenario.IPv6)
        {
            yield return scenario with { IPv6 = false };
        }

        foreach (LinkOptions link in PlainerLinks(scenario.Link))
        {
            yield return scenario with { Link = link };
        }

        for (int i = 0; i < scenario.Connections.Length; i++)
        {
            foreach (ConnectionPlan plainer in PlainerConnections(scenario.Connections[i]))
            {
                yield return scenario with { Connections = scenario.Connections.SetItem(i, plainer) };
            }
        }

        for (int i = 0; i < scenario.Impairments.Length; i++)
        {
            foreach (ImpairmentPlan plainer in PlainerImpairments(scenario.Impairments[i]))
            {
                yield return scenario with { Impairments = scenario.Impairments.SetItem(i, plainer) };
            }
        }
    }

    private static IEnumerable<HostPlan> PlainerHosts(HostPlan host)
    {
        if (host.Settings.Count > 1)
        {
            yield return host with { Settings = host.Settings.Clear() };
        }

        foreach (string name in host.Settings.Keys)
        {
            yield return host with { Settings = host.Settings.Remove(name) };
        }

        if (host.Profile != TcpSettings.Linux.Profile)
        {
            yield return host with { Profile = TcpSettings.Linux.Profile };
        }

        if (host.Iss is not null)
        {
            yield return host with { Iss = null };
        }

        if (host.Backlog != 128)
        {
            yield return host with { Backlog = 128 };
        }
    }

    private static IEnumerable<LinkOptions> PlainerLinks(LinkOptions link)
    {
        var plain = new LinkOptions();
        LinkOptions[] plainer =
        [
            plain,
            link with { Latency = plain.Latency },
            link with { Jitter = plain.Jitter },
            link with { Bandwidth = plain.Bandwidth },
            link with { MarkThreshold = plain.MarkThreshold },
            link with { Hops = plain.Hops },
            link with { QueueLength = plain.QueueLength },
            link with { Mtu = plain.Mtu },
        ];
        return plainer.Where(candidate => candidate != link);
    }

    private static IEnumerable<ConnectionPlan> PlainerConnections(ConnectionPlan connection)
    {
        ConnectionPlan[] plainer =
        [
            connection with { Kind = ConnectionKind.Plain },
            connection with { At = TimeSpan.Zero },
            connection with { Skew = TimeSpan.Zero },
            connection with { PortOf = 0 },
            .. PlainerEnds(connection.ClientEnd).Select(end => connection with { ClientEnd = end }),
            .. PlainerEnds(connection.ServerEnd).Select(end => connection with { ServerEnd = end }),
        ];

        // Two users who wait for each other to close would wait for ever.
        return plainer.Where(candidate => candidate != connection
            && (candidate.ClientEnd.Close == CloseWhen.Sent || candidate.ServerEnd.Close == CloseWhen.Sent));
    }

    private static IEnumerable<EndPlan> PlainerEnds(EndPlan end)
    {
        var plain = new EndPlan();
        return
        [
            plain,
            end with { Send = 0 },
            end with { SendChunk = plain.SendChunk },
            end with { SendEvery = plain.SendEvery },
            end with { UrgentEvery = plain.UrgentEvery },
            end with { ReadChunk = plain.ReadChunk },
            end with { ReadEvery = plain.ReadEvery },
            end with { ReadAfter = plain.ReadAfter },
            end with { AbortAfter = plain.AbortAfter },
            end with { Close = plain.Close },
        ];
    }

    private static IEnumerable<ImpairmentPlan> PlainerImpairments(ImpairmentPlan impairment)
    {
        PacketSelector selector = impairment.Selector;
        ImpairmentPlan[] plainer =
        [
            impairment with { Start = TimeSpan.Zero },
            impairment with { End = null },
            impairment with { Selector = selector with { Every = 1 } },
            impairment with { Selector = selector with { Count = 1 } },
            impairment with { Selector = selector with { Flags = null } },
        ];
        return plainer.Where(candidate => candidate != impairment);
    }

    /// <summary>The scenario with one number halved.</summary>
    private static IEnumerable<Scenario> Smaller(Scenario scenario)
    {
        for (int i = 0; i < scenario.Connections.Length; i++)
        {
            ConnectionPlan connection = scenario.Connections[i];
            foreach (EndPlan end in SmallerEnds(connection.ClientEnd))
            {
                yield return scenario with { Connections = scenario.Connections.SetItem(i, connection with { ClientEnd = end }) };
            }

            foreach (EndPlan end in SmallerEnds(connection.ServerEnd))
            {
                yield return scenario with { Connections = scenario.Connections.SetItem(i, connection with { ServerEnd = end }) };
            }
        }
    }

    /// <summary>
    /// The scenario with fewer octets, and an impairment that hits one packet hits an earlier one: with less to send, it is that one which is
    /// the FIN, or whatever mattered.
    /// </summary>
    private static IEnumerable<Scenario> Earlier(Scenario scenario)
    {
        for (int i = 0; i < scenario.Impairments.Length; i++)
        {
            ImpairmentPlan impairment = scenario.Impairments[i];
            PacketSelector selector = impairment.Selector;
            for (int skip = 0; selector is { Count: 1, From: not null } && skip < Math.Min(selector.Skip, MostHits); skip++)
            {
                ImpairmentPlan earlier = impairment with { Selector = selector with { Skip = skip } };
                foreach (Scenario smaller in Smaller(scenario with { Impairments = scenario.Impairments.SetItem(i, earlier) }))
                {
                    yield return smaller;
                }
            }
        }
    }

    private static IEnumerable<EndPlan> SmallerEnds(EndPlan end)
    {
        int[] sizes = [end.Send / 2, end.Send - (end.Send / 10), end.Send - 1];
        return sizes.Where(size => size > 0 && size < end.Send).Distinct().Select(size => end with { Send = size });
    }
}
