using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Text;
using TcpShell.Wire;

namespace TcpShell.Hunt.Scenarios;

/// <summary>
/// Scenarios as text: one line for each thing, words first, then <c>name=value</c> for what is not as usual; # begins a comment.
/// <code>
/// seed 17
/// link latency=5ms mtu=576
/// host a linux ReceiveBufferSize=700 iss=4294967290
/// host b rfc
/// drop from=b data=true skip=2 count=1
/// connect 1 a b at=20ms
/// client send=3000 chunk=100
/// server read-after=2s close=EndOfStream
/// crash b at=5s
/// </code>
/// </summary>
internal static class ScenarioText
{
    /// <summary>Writes a scenario so that it can be read back.</summary>
    public static string Write(Scenario scenario)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"seed {scenario.Seed}{(scenario.IPv6 ? " ipv6" : "")}\n");
        text.Append("link").Append(Write(scenario.Link)).Append('\n');
        foreach (HostPlan host in scenario.Hosts)
        {
            text.Append($"host {host.Name} {host.Profile}")
                .Append(Pair("iss", host.Iss, null))
                .Append(Pair("backlog", host.Backlog, 128));
            foreach ((string name, object value) in host.Settings)
            {
                text.Append($" {name}={SettingsTable.Format(value)}");
            }

            text.Append('\n');
        }

        foreach (LinkPlan link in scenario.Links)
        {
            text.Append($"link {link.One} {link.Other}").Append(Write(link.Options)).Append('\n');
        }

        foreach (ImpairmentPlan impairment in scenario.Impairments)
        {
            text.Append(Write(impairment)).Append('\n');
        }

        foreach (ConnectionPlan connection in scenario.Connections)
        {
            text.Append(CultureInfo.InvariantCulture, $"connect {connection.Id} {connection.Client} {connection.Server}")
                .Append(Pair("kind", connection.Kind, ConnectionKind.Plain))
                .Append(Pair("at", connection.At, TimeSpan.Zero))
                .Append(Pair("skew", connection.Skew, TimeSpan.Zero))
                .Append(Pair("port-of", connection.PortOf, 0))
                .Append('\n');
            text.Append("client").Append(Write(connection.ClientEnd)).Append('\n');
            text.Append("server").Append(Write(connection.ServerEnd)).Append('\n');
        }

        foreach (HostEvent happens in scenario.Events)
        {
            text.Append($"{happens.Kind.ToString().ToLowerInvariant()} {happens.Host} at={DurationText.Format(happens.At)}\n");
        }

        return text.ToString();
    }

    /// <summary>Reads a scenario.</summary>
    /// <exception cref="FormatException">A line is none of a scenario; the message has it.</exception>
    public static Scenario Parse(string text)
    {
        var scenario = new Scenario { Seed = 0 };
        foreach (string raw in text.Split('\n'))
        {
            string trimmed = raw.Split('#')[0].Trim();
            if (trimmed.Length > 0)
            {
                try
                {
                    scenario = Read(scenario, new Line(trimmed));
                }
                catch (Exception wrong) when (wrong is FormatException or ArgumentException or OverflowException or IndexOutOfRangeException)
                {
                    throw new FormatException($"'{trimmed}': {wrong.Message}", wrong);
                }
            }
        }

        return scenario;
    }

    private static Scenario Read(Scenario scenario, Line line)
    {
        switch (line.Word(0))
        {
            case "seed":
                return scenario with
                {
                    Seed = long.Parse(line.Word(1), CultureInfo.InvariantCulture),
                    IPv6 = line.Words > 2 && line.Word(2) == "ipv6",
                };
            case "link" when line.Words == 1:
                return scenario with { Link = ReadLink(line) };
            case "link":
                return scenario with { Links = scenario.Links.Add(new(line.Word(1), line.Word(2), ReadLink(line))) };
            case "host":
                return scenario with { Hosts = scenario.Hosts.Add(ReadHost(line)) };
            case "connect":
                return scenario with { Connections = scenario.Connections.Add(ReadConnection(line)) };
            case "client":
                return WithLast(scenario, last => last with { ClientEnd = ReadEnd(line) });
            case "server":
                return WithLast(scenario, last => last with { ServerEnd = ReadEnd(line) });
            case "crash" or "stop" or "restart":
                var kind = Enum.Parse<HostEventKind>(line.Word(0), ignoreCase: true);
                return scenario with { Events = scenario.Events.Add(new(line.Word(1), kind, line.Duration("at") ?? default)) };
            default:
                return scenario with { Impairments = scenario.Impairments.Add(ReadImpairment(line)) };
        }
    }

    private static Scenario WithLast(Scenario scenario, Func<ConnectionPlan, ConnectionPlan> change) =>
        scenario with { Connections = scenario.Connections.SetItem(scenario.Connections.Length - 1, change(scenario.Connections[^1])) };

    private static string Write(LinkOptions link) =>
        Pair("latency", link.Latency, TimeSpan.FromMilliseconds(10))
        + Pair("jitter", link.Jitter, TimeSpan.Zero)
        + Pair("bandwidth", link.Bandwidth, null)
        + Pair("queue", link.QueueLength, 1000)
        + Pair("mark", link.MarkThreshold, null)
        + Pair("hops", link.Hops, 0)
        + Pair("mtu", link.Mtu, 1500);

    private static LinkOptions ReadLink(Line line) => new()
    {
        Latency = line.Duration("latency") ?? TimeSpan.FromMilliseconds(10),
        Jitter = line.Duration("jitter") ?? TimeSpan.Zero,
        Bandwidth = line.Number("bandwidth"),
        QueueLength = (int)(line.Number("queue") ?? 1000),
        MarkThreshold = (int?)line.Number("mark"),
        Hops = (int)(line.Number("hops") ?? 0),
        Mtu = (int)(line.Number("mtu") ?? 1500),
    };

    private static HostPlan ReadHost(Line line)
    {
        ImmutableSortedDictionary<string, object> settings = line.Pairs
            .Where(pair => char.IsUpper(pair.Key[0]))
            .ToImmutableSortedDictionary(pair => pair.Key, pair => SettingsTable.Parse(pair.Key, pair.Value), StringComparer.Ordinal);
        return new(line.Word(1), line.Word(2), settings, (uint?)line.Number("iss"), (int)(line.Number("backlog") ?? 128));
    }

    private static string Write(ImpairmentPlan impairment)
    {
        PacketSelector selector = impairment.Selector;
        return impairment.Kind.ToString().ToLowerInvariant()
            + Pair("from", selector.From, null)
            + Pair("to", selector.To, null)
            + Pair("flags", (int?)selector.Flags, null)
            + Pair("data", selector.DataOnly, false)
            + Pair("skip", selector.Skip, 0)
            + Pair("every", selector.Every, 1)
            + Pair("count", selector.Count, null)
            + Pair("probability", selector.Probability, 1.0)
            + Pair("delay", impairment.Delay, TimeSpan.Zero)
            + Pair("error", impairment.Error, default)
            + Pair("mtu", impairment.Mtu, 0)
            + Pair("start", impairment.Start, TimeSpan.Zero)
            + Pair("end", impairment.End, null);
    }

    private static ImpairmentPlan ReadImpairment(Line line)
    {
        var selector = new PacketSelector
        {
            From = line.Value("from"),
            To = line.Value("to"),
            Flags = (TcpFlags?)line.Number("flags"),
            DataOnly = line.Value("data") == "true",
            Skip = (int)(line.Number("skip") ?? 0),
            Every = (int)(line.Number("every") ?? 1),
            Count = (int?)line.Number("count"),
            Probability = line.Value("probability") is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : 1,
        };
        return new(Enum.Parse<ImpairmentKind>(line.Word(0), ignoreCase: true), selector)
        {
            Delay = line.Duration("delay") ?? default,
            Error = Enum.Parse<IcmpErrorKind>(line.Value("error") ?? nameof(IcmpErrorKind.NetworkUnreachable)),
            Mtu = (int)(line.Number("mtu") ?? 0),
            Start = line.Duration("start") ?? default,
            End = line.Duration("end"),
        };
    }

    private static ConnectionPlan ReadConnection(Line line) =>
        new(int.Parse(line.Word(1), CultureInfo.InvariantCulture), line.Word(2), line.Word(3), new EndPlan(), new EndPlan())
        {
            Kind = Enum.Parse<ConnectionKind>(line.Value("kind") ?? nameof(ConnectionKind.Plain)),
            At = line.Duration("at") ?? default,
            Skew = line.Duration("skew") ?? default,
            PortOf = (int)(line.Number("port-of") ?? 0),
        };

    private static string Write(EndPlan end) =>
        Pair("send", end.Send, 0)
        + Pair("chunk", end.SendChunk, int.MaxValue)
        + Pair("every", end.SendEvery, TimeSpan.Zero)
        + Pair("urgent", end.UrgentEvery, 0)
        + Pair("read-chunk", end.ReadChunk, int.MaxValue)
        + Pair("read-every", end.ReadEvery, TimeSpan.Zero)
        + Pair("read-after", end.ReadAfter, TimeSpan.Zero)
        + Pair("close", end.Close, CloseWhen.Sent)
        + Pair("abort", end.AbortAfter, null);

    private static EndPlan ReadEnd(Line line) => new()
    {
        Send = (int)(line.Number("send") ?? 0),
        SendChunk = (int)(line.Number("chunk") ?? int.MaxValue),
        SendEvery = line.Duration("every") ?? default,
        UrgentEvery = (int)(line.Number("urgent") ?? 0),
        ReadChunk = (int)(line.Number("read-chunk") ?? int.MaxValue),
        ReadEvery = line.Duration("read-every") ?? default,
        ReadAfter = line.Duration("read-after") ?? default,
        Close = Enum.Parse<CloseWhen>(line.Value("close") ?? nameof(CloseWhen.Sent)),
        AbortAfter = line.Duration("abort"),
    };

    /// <summary>Name and value, unless the value is the usual one.</summary>
    private static string Pair<T>(string name, T value, T usual) =>
        EqualityComparer<T>.Default.Equals(value, usual) ? "" : $" {name}={SettingsTable.Format(value!)}";

    /// <summary>One line: words, and pairs of name and value.</summary>
    private sealed class Line
    {
        private readonly string[] _words;

        public Line(string text)
        {
            string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            _words = [.. parts.Where(part => !part.Contains('='))];
            Pairs = parts.Where(part => part.Contains('=')).Select(part => part.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        }

        public Dictionary<string, string> Pairs { get; }

        public int Words => _words.Length;

        public string Word(int index) => _words[index];

        public string? Value(string name) => Pairs.GetValueOrDefault(name);

        public long? Number(string name) => Value(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

        public TimeSpan? Duration(string name)
        {
            if (Value(name) is not { } text)
            {
                return null;
            }

            return DurationText.TryParse(text, out TimeSpan duration) ? duration : throw new FormatException($"'{text}' is not a duration.");
        }
    }
}
