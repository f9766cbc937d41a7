using System.Globalization;
using System.Text;
using TcpShell.Sockets;
using TcpShell.Tcp;

namespace TcpShell.Scripting;

/// <summary>
/// What command lines of scripts mean here. They are never run: settings of the kernel become settings of the TCP under test, what only
/// prepares or cleans up a real machine means nothing, and everything else is not supported.
/// </summary>
internal static class ScriptCommands
{
    // Null is for a value that Linux refuses, or that means what is not there.
    private static readonly Dictionary<string, Func<TcpSettings, string, TcpSettings?>> s_settings = new(StringComparer.Ordinal)
    {
        ["tcp_timestamps"] = (settings, value) => Choice(value, "0", "1", "2") is { } choice ? settings with { Timestamps = choice != 0 } : null,
        ["tcp_sack"] = (settings, value) => Switch(value) is { } on ? settings with { SelectiveAcknowledgment = on } : null,
        ["tcp_window_scaling"] = (settings, value) => Switch(value) is { } on ? settings with { WindowScaling = on } : null,
        ["tcp_syn_retries"] = (settings, value) => settings with { SynRetries = Number(value, 127) },
        ["tcp_synack_retries"] = (settings, value) => settings with { SynAckRetries = Number(value, 255) },
        ["tcp_retries2"] = (settings, value) => settings with { R2 = Number(value, 255) },
        ["tcp_keepalive_time"] = (settings, value) => settings with { KeepAliveIdle = TimeSpan.FromSeconds(Number(value)) },
        ["tcp_keepalive_intvl"] = (settings, value) => settings with { KeepAliveInterval = TimeSpan.FromSeconds(Number(value)) },
        ["tcp_keepalive_probes"] = (settings, value) => settings with { KeepAliveProbes = Number(value, 255) },
        ["tcp_slow_start_after_idle"] = (settings, value) => Switch(value) is { } on ? settings with { RestartAfterIdle = on } : null,
        ["tcp_frto"] = (settings, value) => Choice(value, "0", "1", "2") is { } choice ? settings with { ForwardRto = choice != 0 } : null,
        ["tcp_early_retrans"] = (settings, value) => Choice(value, "0", "1", "2", "3", "4") is { } choice ? settings with { TailLossProbe = choice >= 3 } : null,
        ["tcp_recovery"] = (settings, value) => Switch(value) is { } on ? settings with { LossRecovery = on ? LossRecovery.Rack : LossRecovery.Rfc6675 } : null,
        ["tcp_rfc1337"] = (settings, value) => Switch(value) is { } on ? settings with { TimeWaitIgnoresReset = on } : null,
        ["tcp_congestion_control"] = CongestionControl,
        ["tcp_ecn"] = (settings, value) => Choice(value, "0", "1", "2") is { } choice
            ? settings with { Ecn = choice switch { 0 => EcnMode.Off, 1 => EcnMode.Request, _ => EcnMode.Accept } }
            : null,
        ["tcp_syncookies"] = (settings, value) => Choice(value, "0", "1", "2") is { } choice
            ? settings with { SynCookies = choice switch { 0 => SynCookieMode.Off, 1 => SynCookieMode.WhenFull, _ => SynCookieMode.Always } }
            : null,

        // The last of three numbers is what the window scale is made for.
        ["tcp_rmem"] = (settings, value) => Sizes(value) is { } sizes ? settings with { ReceiveBufferSize = sizes.Most } : null,
        ["tcp_wmem"] = (settings, value) => Sizes(value) is { } sizes ? settings with { SendBufferSize = sizes.Most } : null,

        // These change nothing that a segment shows here: how the kernel joins segments before it sends them, and how it paces them.
        ["tcp_tso_win_divisor"] = (settings, value) => IfNumber(settings, value),
        ["tcp_pacing_ss_ratio"] = (settings, value) => IfNumber(settings, value),
        ["tcp_pacing_ca_ratio"] = (settings, value) => IfNumber(settings, value),
        ["tcp_no_metrics_save"] = (settings, value) => Switch(value) is null ? null : settings,
        ["tcp_moderate_rcvbuf"] = (settings, value) => Switch(value) is null ? null : settings,
        ["tcp_fack"] = (settings, value) => value == "0" ? settings : null,
        ["tcp_dsack"] = (settings, value) => value == "1" ? settings : null,
        ["tcp_reordering"] = (settings, value) => value == "3" ? settings : null,
        ["tcp_mtu_probing"] = (settings, value) => value == "0" ? settings : null,
    };

    private static readonly Dictionary<string, Func<SocketSettings, string, SocketSettings?>> s_socketSettings = new(StringComparer.Ordinal)
    {
        ["tcp_wmem"] = (settings, value) => Sizes(value) is { } sizes ? settings with { InitialSendBuffer = sizes.Usual } : null,
        ["tcp_min_tso_segs"] = (settings, value) => settings with { MinimumOffloadSegments = Number(value) },
        ["tcp_notsent_lowat"] = (settings, value) => settings with
        {
            NotSentLowWater = uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out uint octets) ? octets : throw NoNumber(value),
        },
    };

    /// <summary>The machine after a command line.</summary>
    /// <exception cref="ScriptUnsupported">It asks for what is not supported here; the message names it.</exception>
    public static ScriptMachine Apply(ScriptMachine machine, string command)
    {
        machine = machine with { ExpectedListener = null };
        foreach (List<string> words in Split(command))
        {
            machine = ApplyOne(machine, words);
        }

        try
        {
            machine.Tcp.Validate();
            machine.Sockets.Validate();
            return machine;
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new ScriptUnsupported($"the values of `{Shown(command)}`");
        }
    }

    private static ScriptMachine ApplyOne(ScriptMachine machine, List<string> words)
    {
        string program = words[0][(words[0].LastIndexOf('/') + 1)..];
        switch (program)
        {
            case "defaults.sh" or "true" or ":":
            case "ip" when words is [_, "tcp_metrics", "flush", ..]:
            case "ethtool" when words.SkipWhile(word => word != "-K").Skip(2).All(word => word is "tso" or "gso" or "gro" or "off"):
            case var _ when program.StartsWith("sysctl_restore_", StringComparison.Ordinal):
                return machine;
            case "tc" when words is [_, "qdisc", "add" or "replace" or "change", "dev", _, "root", "pfifo", ..]:
                return words[7..] switch
                {
                    [] => machine with { TransmitFails = false },
                    ["limit", var packets] => machine with { TransmitFails = Number(packets) == 0 },
                    _ => throw Unknown(words),
                };
            case "tc" when words is [_, "qdisc", "delete" or "del", "dev", _, "root"]:
                return machine with { TransmitFails = false };
            case "ip" when words.SkipWhile(word => word.StartsWith('-') || word == "ip").ToList() is ["route", "change" or "replace" or "add", _, "via", _, "dev", _, .. var metrics]:
                return ApplyRoute(machine, metrics, words);
            case "echo" when words is [_, "0", ">", var target] && target.EndsWith("/hystart_detect", StringComparison.Ordinal):
                return machine with { Tcp = machine.Tcp with { HyStart = HyStartMode.Off } };
            case "echo" when words is [_, "3", ">", var target] && target.EndsWith("/hystart_detect", StringComparison.Ordinal):
                return machine; // both of its signs, as it is anyway
            case "grep" when words is [_, var state, .. var files] && state.Trim() == "0A" && files is ["/proc/net/tcp", "/proc/net/tcp6", "|", "grep", [':', .. var port]]:
                return machine with
                {
                    ExpectedListener = ushort.TryParse(port, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort number) ? number : throw Unknown(words),
                };
            case "sysctl" or "set_sysctls.py":
                return words.Skip(1).Where(word => !word.StartsWith('-')).Aggregate(machine, ApplySetting);
            default:
                throw Unknown(words);
        }
    }

    /// <summary>What a route says of the path to the other end: its MTU, the MSS to announce, the initial window.</summary>
    private static ScriptMachine ApplyRoute(ScriptMachine machine, List<string> metrics, List<string> command)
    {
        machine = machine with { RouteMtu = null };
        for (int i = 0; i < metrics.Count; i += 2)
        {
            int locked = i + 1 < metrics.Count && metrics[i + 1] == "lock" ? 1 : 0;
            int value = i + 1 + locked < metrics.Count ? Number(metrics[i + 1 + locked]) : throw Unknown(command);
            machine = metrics[i] switch
            {
                "mtu" => ApplyRouteMtu(machine, value, isLocked: locked == 1, command),
                "advmss" => machine with { Tcp = machine.Tcp with { MaximumSegmentSize = value } },
                "initcwnd" => machine with { Tcp = machine.Tcp with { InitialWindowSegments = value } },
                _ => throw Unknown(command),
            };
            i += locked;
        }

        return machine;
    }

    /// <summary>A locked MTU is not discovered: packets may be fragmented, and errors that tell a smaller one are not believed.</summary>
    private static ScriptMachine ApplyRouteMtu(ScriptMachine machine, int mtu, bool isLocked, List<string> command)
    {
        // A path is never taken for narrower than this, whoever says so.
        int least = command.Exists(word => word.Contains(':')) ? TcpConnection.LeastMtuOfIPv6 : machine.Tcp.MinimumPathMtu;
        if (mtu < least)
        {
            throw new ScriptUnsupported($"a route with an MTU of {mtu}, less than {least}");
        }

        return machine with
        {
            RouteMtu = mtu,
            Tcp = isLocked ? machine.Tcp with { PathMtuDiscovery = false } : machine.Tcp,
        };
    }

    private static ScriptMachine ApplySetting(ScriptMachine machine, string assignment)
    {
        int equals = assignment.IndexOf('=');
        string path = equals < 0 ? assignment : assignment[..equals];
        string name = path.Split('/', '.')[^1];
        bool ofTcp = s_settings.TryGetValue(name, out Func<TcpSettings, string, TcpSettings?>? apply);
        bool ofSockets = s_socketSettings.TryGetValue(name, out Func<SocketSettings, string, SocketSettings?>? applyToSockets);
        if (equals < 0 || (!ofTcp && !ofSockets))
        {
            throw new ScriptUnsupported($"the kernel setting {Shown(path)}");
        }

        string value = assignment[(equals + 1)..].Trim();
        return machine with
        {
            Tcp = apply is null ? machine.Tcp : apply(machine.Tcp, value) ?? throw Refused(),
            Sockets = applyToSockets is null ? machine.Sockets : applyToSockets(machine.Sockets, value) ?? throw Refused(),
        };
        ScriptUnsupported Refused() => new($"the kernel setting {Shown(assignment)}");
    }

    /// <summary>The words of each simple command, quotes taken off; comments and what makes a command quiet are left out.</summary>
    private static IEnumerable<List<string>> Split(string command)
    {
        var words = new List<string>();
        foreach (string line in command.Replace("\\\n", " ", StringComparison.Ordinal).Replace("&>", ">", StringComparison.Ordinal).Split('\n', ';'))
        {
            bool isQuiet = line.Contains("/dev/null", StringComparison.Ordinal);
            foreach (string word in Words(line))
            {
                if (word.StartsWith('#') || (isQuiet && word.Contains('>')))
                {
                    break;
                }

                words.Add(word);
            }

            if (words.Count > 0)
            {
                yield return words;
                words = [];
            }
        }
    }

    private static IEnumerable<string> Words(string line)
    {
        var word = new StringBuilder();
        char quote = '\0';
        foreach (char character in line)
        {
            if (character == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && character is '"' or '\'')
            {
                quote = character;
            }
            else if (quote == '\0' && char.IsWhiteSpace(character))
            {
                if (word.Length > 0)
                {
                    yield return word.ToString();
                }

                word.Clear();
            }
            else
            {
                word.Append(character);
            }
        }

        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }

    private static TcpSettings? CongestionControl(TcpSettings settings, string name) => name switch
    {
        "reno" => settings with { Congestion = CongestionAlgorithm.Reno },
        "cubic" => settings with { Congestion = CongestionAlgorithm.Cubic },
        _ => null,
    };

    private static int Number(string text, int most = int.MaxValue) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= most
            ? number
            : throw NoNumber(text);

    private static TcpSettings IfNumber(TcpSettings settings, string value)
    {
        _ = Number(value);
        return settings;
    }

    /// <summary>Which of the values it is; null for none of them.</summary>
    private static int? Choice(string value, params string[] values) => Array.IndexOf(values, value) is >= 0 and int index ? index : null;

    private static bool? Switch(string value) => Choice(value, "0", "1") is { } choice ? choice == 1 : null;

    /// <summary>The least, usual and greatest size of a buffer; null where these are not three numbers.</summary>
    private static (int Usual, int Most)? Sizes(string value) =>
        Words(value).Select(word => Number(word)).ToList() is [_, var usual, var most] ? (usual, most) : null;

    private static ScriptUnsupported NoNumber(string text) => new($"the number {Shown(text)} in a command");

    private static ScriptUnsupported Unknown(List<string> words) => new($"the command `{Shown(string.Join(' ', words))}`");

    private static string Shown(string text) => text.Length <= 60 ? text : text[..60] + "...";
}
