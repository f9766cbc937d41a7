using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Hosting;

// The routers between the hosts. They are not seen but for the ICMP errors that they send.
public abstract partial class TcpNetwork
{
    /// <summary>The name that routers have in a trace.</summary>
    public const string RouterName = "router";

    // Addresses that stand in documents only (RFC 5737, RFC 3849), so that no host is in their way.
    private static readonly IpAddress s_router = IpAddress.Parse("192.0.2.1");
    private static readonly IpAddress s_routerIPv6 = IpAddress.Parse("2001:db8::1");

    /// <summary>Adds routers on the way that let some packets go no further and tell their senders by ICMP.</summary>
    /// <param name="error">What they tell.</param>
    /// <param name="selector">Of which packets.</param>
    /// <param name="mtu">For <see cref="IcmpErrorKind.PacketTooBig"/>: only larger packets than this are refused, 68 to 65535 octets; else 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The error is none that a router sends, or the MTU does not fit to it.</exception>
    public Impairment AddRefusal(IcmpErrorKind error, PacketSelector selector, int mtu = 0)
    {
        if (!Enum.IsDefined(error) || error == IcmpErrorKind.Other)
        {
            throw new ArgumentOutOfRangeException(nameof(error), error, "A router needs something to tell.");
        }

        bool isAboutSize = error == IcmpErrorKind.PacketTooBig;
        ArgumentOutOfRangeException.ThrowIfLessThan(mtu, isAboutSize ? 68 : 0, nameof(mtu));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mtu, isAboutSize ? ushort.MaxValue : 0, nameof(mtu));
        return Add(ImpairmentKind.Refuse, selector, TimeSpan.Zero, error, mtu);
    }

    private protected static IpAddress RouterOf(in DecodedPacket packet) => packet.Receiver.IsIPv6 ? s_routerIPv6 : s_router;

    /// <summary>A router tells the sender of a packet what became of it; but nobody tells of an ICMP error, or to an address that is nobody's.</summary>
    private protected void AnswerByRouter(TracedPacket lost, in DecodedPacket packet, IcmpErrorKind error, int mtu = 0)
    {
        bool exists = !packet.IsIPv6 || error is not (IcmpErrorKind.SourceQuench or IcmpErrorKind.ProtocolUnreachable or IcmpErrorKind.SourceRouteFailed);
        if (exists && packet.Status != PacketStatus.IcmpError && packet.Sender.IsUnicast)
        {
            byte[] bytes = IcmpWriter.Write(RouterOf(packet), lost.Bytes.Span, error, mtu);
            string about = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"about packet {lost.Number}");
            Transmit(bytes, TransmitReason.IcmpError, 1, about, 0);
        }
    }
}
