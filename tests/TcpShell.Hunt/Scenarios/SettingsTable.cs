using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Text;

namespace TcpShell.Hunt.Scenarios;

/// <summary>The settings of a host: how they are drawn, made out of names and values, and written.</summary>
internal static class SettingsTable
{
    private static readonly Dictionary<string, PropertyInfo> s_properties = typeof(TcpSettings)
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.CanWrite)
        .ToDictionary(property => property.Name);

    // Which value a setting gets, and of how many hosts one gets it. Values stand here that sit on an edge, or that ask for trouble.
    private static readonly (string Name, int OneOf, Func<SeededRandom, object> Draw)[] s_draws =
    [
        (nameof(TcpSettings.ReceiveBufferSize), 2, random => Pick(random, 1, 2, 3, 28, 100, 536, 1000, 1459, 1461, 2920, 5000, 20_000, 65_535, 65_536, 200_000)),
        (nameof(TcpSettings.SendBufferSize), 3, random => Pick(random, 1, 2, 5, 100, 536, 1460, 3000, 10_000, 100_000)),
        (nameof(TcpSettings.MaximumSegmentSize), 4, random => Pick(random, 1, 28, 50, 100, 536, 1000, 1460, 9000)),
        (nameof(TcpSettings.WindowScaling), 4, Off),
        (nameof(TcpSettings.WindowScale), 8, random => random.Next(15)),
        (nameof(TcpSettings.SynOptionLayout), 6, random => random.Next(2) == 0 ? "mss,nop,wscale,sackOK,TS" : "TS,wscale,mss,nop,nop,sackOK,nop"),
        (nameof(TcpSettings.Timestamps), 3, Off),
        (nameof(TcpSettings.SelectiveAcknowledgment), 3, Off),
        (nameof(TcpSettings.Nagle), 3, Off),
        (nameof(TcpSettings.Cork), 8, _ => true),
        (nameof(TcpSettings.RequireTimestamps), 4, Off),
        (nameof(TcpSettings.UserTimeoutFromProbe), 4, _ => true),
        (nameof(TcpSettings.LocalCongestionInterval), 8, random => Milliseconds(random, 10, 2000)),
        (nameof(TcpSettings.InitialRto), 6, random => Milliseconds(random, 200, 3000)),
        (nameof(TcpSettings.MinimumRto), 6, random => Milliseconds(random, 1, 500)),
        (nameof(TcpSettings.MaximumRto), 6, random => Milliseconds(random, 2000, 60_000)),
        (nameof(TcpSettings.RtoGranularity), 8, random => TimeSpan.FromMilliseconds(random.Next(100))),
        (nameof(TcpSettings.SynRetries), 10, random => random.Next(8)),
        (nameof(TcpSettings.SynAckRetries), 10, random => random.Next(8)),
        (nameof(TcpSettings.R1), 10, random => 1 + random.Next(5)),
        (nameof(TcpSettings.R2), 10, random => 3 + random.Next(15)),
        (nameof(TcpSettings.UserTimeout), 12, random => Milliseconds(random, 500, 30_000)),
        (nameof(TcpSettings.MaximumSegmentLifetime), 2, random => Milliseconds(random, 5000, 60_000)),
        (nameof(TcpSettings.KeepAlive), 6, _ => true),
        (nameof(TcpSettings.KeepAliveIdle), 4, random => Milliseconds(random, 500, 20_000)),
        (nameof(TcpSettings.KeepAliveInterval), 4, random => Milliseconds(random, 200, 5000)),
        (nameof(TcpSettings.KeepAliveProbes), 6, random => 1 + random.Next(10)),
        (nameof(TcpSettings.KeepAliveGarbage), 6, _ => true),
        (nameof(TcpSettings.ChallengeAckLimit), 10, random => random.Next(11)),
        (nameof(TcpSettings.ChallengeAckPeriod), 10, random => Milliseconds(random, 100, 5000)),
        (nameof(TcpSettings.Congestion), 3, random => Pick(random, CongestionAlgorithm.Reno, CongestionAlgorithm.Cubic, CongestionAlgorithm.None)),
        (nameof(TcpSettings.HyStart), 3, random => Pick(random, HyStartMode.Off, HyStartMode.PlusPlus, HyStartMode.Classic)),
        (nameof(TcpSettings.SlowStartStep), 6, random => Pick(random, 1, 2, 8, 1000)),
        (nameof(TcpSettings.GrowHalfUsedWindow), 4, _ => true),
        (nameof(TcpSettings.GrowByDelivered), 4, _ => true),
        (nameof(TcpSettings.ReduceFromWindow), 4, _ => true),
        (nameof(TcpSettings.ReduceOncePerRecovery), 4, _ => true),
        (nameof(TcpSettings.RateReduction), 3, random => Pick(random, RateReduction.Rfc6937, RateReduction.Rfc9937)),
        (nameof(TcpSettings.SlowButSteady), 4, _ => true),
        (nameof(TcpSettings.RackBySequence), 4, _ => true),
        (nameof(TcpSettings.LossTimerTick), 4, random => TimeSpan.FromMilliseconds(Pick(random, 1, 4, 10) is int tick ? tick : 0)),
        (nameof(TcpSettings.ZeroWindowProbeData), 3, Off),
        (nameof(TcpSettings.LossRecovery), 3, random => Pick(random, LossRecovery.Rack, LossRecovery.Rfc6675)),
        (nameof(TcpSettings.TailLossProbe), 4, Off),
        (nameof(TcpSettings.LimitedTransmit), 4, Off),
        (nameof(TcpSettings.ForwardRto), 4, Off),
        (nameof(TcpSettings.RestartAfterIdle), 4, Off),
        (nameof(TcpSettings.Ecn), 3, random => Pick(random, EcnMode.Off, EcnMode.Accept, EcnMode.Request)),
        (nameof(TcpSettings.DelayedAckTimeout), 3, random => Pick(random, 0, 1, 40, 200, 499) is int value ? TimeSpan.FromMilliseconds(value) : default),
        (nameof(TcpSettings.QuickAcks), 3, random => Pick(random, 0, 1, 2, 16)),
        (nameof(TcpSettings.Dscp), 12, random => random.Next(64)),
        (nameof(TcpSettings.TimeToLive), 12, random => 1 + random.Next(255)),
        (nameof(TcpSettings.PathMtuDiscovery), 8, Off),
        (nameof(TcpSettings.MinimumPathMtu), 8, random => Pick(random, 68, 296, 576, 1280)),
        (nameof(TcpSettings.ReportSoftErrors), 8, Off),
        (nameof(TcpSettings.UserTimeoutOption), 10, _ => true),
        (nameof(TcpSettings.UserTimeoutLowerLimit), 10, random => Milliseconds(random, 500, 10_000)),
        (nameof(TcpSettings.UserTimeoutUpperLimit), 10, random => Milliseconds(random, 100_000, 200_000)),
        (nameof(TcpSettings.SynCookies), 6, random => Pick(random, SynCookieMode.Off, SynCookieMode.WhenFull, SynCookieMode.Always)),
        (nameof(TcpSettings.TimeWaitReuse), 4, Off),
        (nameof(TcpSettings.TimeWaitIgnoresReset), 4, _ => true),
        (nameof(TcpSettings.InitialWindowSegments), 3, random => Pick(random, 1, 2, 3, 4, 10, 30)),
    ];

    /// <summary>The settings that are drawn now and then.</summary>
    public static IEnumerable<string> Drawn => s_draws.Select(draw => draw.Name);

    /// <summary>What a random host differs in from its profile.</summary>
    public static ImmutableSortedDictionary<string, object> Draw(SeededRandom random)
    {
        ImmutableSortedDictionary<string, object>.Builder drawn = ImmutableSortedDictionary.CreateBuilder<string, object>(StringComparer.Ordinal);
        foreach ((string name, int oneOf, Func<SeededRandom, object> draw) in s_draws)
        {
            if (random.Next(oneOf) == 0)
            {
                drawn[name] = draw(random);
            }
        }

        return drawn.ToImmutable();
    }

    /// <summary>The settings themselves.</summary>
    public static TcpSettings Make(HostPlan host)
    {
        TcpSettings settings = (host.Profile == TcpSettings.Rfc.Profile ? TcpSettings.Rfc : TcpSettings.Linux) with { };
        foreach ((string name, object value) in host.Settings)
        {
            s_properties[name].SetValue(settings, value);
        }

        return settings;
    }

    public static string Format(object value) => value switch
    {
        TimeSpan duration => DurationText.Format(duration),
        bool truth => truth ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    /// <exception cref="FormatException">There is no such setting, or it has no such value.</exception>
    public static object Parse(string name, string text)
    {
        if (!s_properties.TryGetValue(name, out PropertyInfo? property))
        {
            throw new FormatException($"There is no setting '{name}'.");
        }

        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(TimeSpan))
        {
            return DurationText.TryParse(text, out TimeSpan duration) ? duration : throw new FormatException($"'{text}' is not a duration.");
        }

        return type.IsEnum ? Enum.Parse(type, text) : Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
    }

    private static object Off(SeededRandom random) => false;

    private static object Pick<T>(SeededRandom random, params ReadOnlySpan<T> values)
        where T : notnull => values[random.Next(values.Length)];

    private static object Milliseconds(SeededRandom random, int from, int to) => TimeSpan.FromMilliseconds(from + random.Next(to - from));
}
