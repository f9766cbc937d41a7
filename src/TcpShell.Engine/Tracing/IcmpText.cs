using TcpShell.Wire;
using static System.FormattableString;

namespace TcpShell.Tracing;

/// <summary>Writes ICMP errors as tcpdump does.</summary>
internal static class IcmpText
{
    /// <summary>What the error says: <c>10.0.0.2 unreachable - need to frag (mtu 1300)</c>.</summary>
    /// <param name="error">The error.</param>
    /// <param name="about">The end that the segment was for.</param>
    public static string ToTcpdump(IcmpError error, Endpoint about) => about.Address.IsIPv6 ? Version6(error, about) : Version4(error, about);

    private static string Version4(IcmpError error, Endpoint about) => error.Kind switch
    {
        IcmpErrorKind.NetworkUnreachable => Invariant($"net {about.Address} unreachable"),
        IcmpErrorKind.HostUnreachable => Invariant($"host {about.Address} unreachable"),
        IcmpErrorKind.ProtocolUnreachable => Invariant($"{about.Address} protocol 6 unreachable"),
        IcmpErrorKind.PortUnreachable => Invariant($"{about.Address} tcp port {about.Port} unreachable"),
        IcmpErrorKind.PacketTooBig when error.Mtu == 0 => Invariant($"{about.Address} unreachable - need to frag"),
        IcmpErrorKind.PacketTooBig => Invariant($"{about.Address} unreachable - need to frag (mtu {error.Mtu})"),
        IcmpErrorKind.SourceRouteFailed => Invariant($"{about.Address} unreachable - source route failed"),
        IcmpErrorKind.AdministrativelyProhibited => Invariant($"host {about.Address} unreachable - admin prohibited filter"),
        IcmpErrorKind.TimeExceeded => "time exceeded in-transit",
        IcmpErrorKind.ParameterProblem => "parameter problem - octet 0",
        IcmpErrorKind.SourceQuench => "source quench",
        _ => "other",
    };

    private static string Version6(IcmpError error, Endpoint about) => error.Kind switch
    {
        IcmpErrorKind.NetworkUnreachable => Invariant($"destination unreachable, unreachable route {about.Address}"),
        IcmpErrorKind.HostUnreachable => Invariant($"destination unreachable, unreachable address {about.Address}"),
        IcmpErrorKind.PortUnreachable => Invariant($"destination unreachable, unreachable port, {about.Address} tcp port {about.Port}"),
        IcmpErrorKind.PacketTooBig => Invariant($"packet too big, mtu {error.Mtu}"),
        IcmpErrorKind.AdministrativelyProhibited => Invariant($"destination unreachable,  unreachable prohibited {about.Address}"),
        IcmpErrorKind.TimeExceeded => Invariant($"time exceeded in-transit for {about.Address}"),
        IcmpErrorKind.ParameterProblem => "parameter problem, erroneous - octet 0",
        _ => "destination unreachable",
    };
}
