namespace TcpShell.Scripting;

/// <summary>The words that the language itself has.</summary>
internal static class ScriptWords
{
    private static readonly HashSet<string> s_reserved = new(StringComparer.Ordinal)
    {
        // TCP header and options
        "ack", "win", "urg", "nop", "eol", "mss", "wscale", "sackOK", "sack", "TS", "val", "ecr", "md5", "FO", "FOEXP", "ECN", "e0b", "e1b", "ceb",

        // IP header, tunnels, ICMP and UDP
        "noecn", "ect0", "ect1", "ect01", "ce", "tos", "flowlabel", "ttl", "icmp", "mtu", "id", "udp", "raw", "ipv4", "ipv6", "gre", "mpls", "label",
        "tc", "encap", "psp", "spi", "flags", "Flags", "sum", "off", "key", "seq", "none", "checksum", "present",

        // arguments of system calls
        "sa_family", "sin_port", "sin_addr", "htons", "inet_addr", "inet6_addr", "msg_name", "msg_iov", "msg_flags", "msg_control", "cmsg_level",
        "cmsg_type", "cmsg_data", "ee_errno", "ee_origin", "ee_type", "ee_code", "ee_info", "ee_data", "scm_sec", "scm_nsec", "fd", "events",
        "revents", "ptr", "u32", "u64", "onoff", "linger",
    };

    private static readonly Dictionary<string, bool> s_options = new(StringComparer.Ordinal)
    {
        ["ip_version"] = true, ["local_ip"] = true, ["remote_ip"] = true, ["gateway_ip"] = true, ["netmask_ip"] = true, ["bind_port"] = true,
        ["connect_port"] = true, ["tolerance_usecs"] = true, ["tolerance_percent"] = true, ["tcp_ts_tick_usecs"] = true,
        ["tcp_ts_ecr_scaled"] = false, ["strict_segments"] = false, ["mtu"] = true, ["mss"] = true, ["speed"] = true, ["non_fatal"] = true,
        ["define"] = true, ["init_scripts"] = true, ["code_command"] = true, ["code_format"] = true, ["code_sockopt"] = true, ["is_anyip"] = false,
        ["send_omit_free"] = false, ["psp_udp_port"] = true, ["verbose"] = false, ["debug"] = false, ["dry_run"] = false, ["so_filename"] = true,
        ["so_flags"] = true, ["wire_client"] = false, ["wire_server"] = false, ["wire_server_ip"] = true, ["wire_server_at"] = true,
        ["wire_server_port"] = true, ["wire_client_dev"] = true, ["wire_server_dev"] = true,
    };

    /// <summary>Whether a word belongs to the language, so that no definition replaces it.</summary>
    public static bool IsReserved(string word) => s_reserved.Contains(word);

    /// <summary>Looks up an option of the head of a script.</summary>
    /// <param name="name">Its name without the dashes.</param>
    /// <param name="hasValue">Whether it takes a value.</param>
    /// <returns>Whether there is such an option.</returns>
    public static bool TryGetOption(string name, out bool hasValue) => s_options.TryGetValue(name, out hasValue);
}
