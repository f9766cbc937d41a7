using TcpShell.Live.Tun;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Tun;

/// <summary>Which addresses a host behind a TUN device can have, and the kernel on it: what cannot work is refused.</summary>
public class AddressTests
{
    [Theory]
    [InlineData("10.77.0.2/32", null, LiveProblem.NotPossible)] // no kernel's address, so no route
    [InlineData("fd00:77::2/128", null, LiveProblem.NotPossible)]
    [InlineData("10.77.0.2/24", "10.78.0.1/24", LiveProblem.NotPossible)]
    [InlineData("10.77.0.2/24", "10.77.0.2/24", LiveProblem.AddressInUse)]
    [InlineData("10.77.0.0/24", "10.77.0.1/24", LiveProblem.NotPossible)]
    [InlineData("10.77.0.255/24", "10.77.0.1/24", LiveProblem.NotPossible)]
    [InlineData("fd00:77::/64", "fd00:77::1/64", LiveProblem.NotPossible)]
    [InlineData("127.0.0.5/8", "127.0.0.6/8", LiveProblem.NotPossible)]
    [InlineData("224.0.0.1/24", "224.0.0.2/24", LiveProblem.NotPossible)]
    [InlineData("::ffff:10.5.0.9/120", "fd00:77::1/64", LiveProblem.NotPossible)]
    [InlineData("10.77.0.2/0", "10.77.0.1/24", LiveProblem.NotPossible)]
    [InlineData("fd00:77::2/0", "fd00:77::1/64", LiveProblem.NotPossible)]
    public void Host_WithAnAddressThatCannotWork_IsRefused(string own, string? kernel, LiveProblem problem) =>
        Assert.Equal(problem, Assert.Throws<LiveException>(() => TunDevice.CheckHost([AddressPrefix.Parse(own)], Prefixes(kernel))).Problem);

    [Theory]
    [InlineData("10.77.0.2/24", "10.77.0.1/24")]
    [InlineData("10.77.0.0/31", "10.77.0.1/31")] // RFC 3021
    [InlineData("10.77.0.2/32", "10.77.0.1/24")]
    [InlineData("fd00:77::2/64", "fd00:77::1/64")]
    public void Host_InANetworkOfTheKernels_IsTaken(string own, string kernel) =>
        TunDevice.CheckHost([AddressPrefix.Parse(own)], Prefixes(kernel));

    [Theory]
    [InlineData("10.71.0.2/24 10.71.0.3/24", "10.71.0.1/24")] // one for both
    [InlineData("10.71.0.1/24 10.71.0.2/24", "10.71.0.3/24")] // none of the host's own
    [InlineData("10.71.0.2/24 10.72.0.1/24", "10.71.0.1/24 10.72.0.2/24")]
    [InlineData("10.71.0.8/31", "10.71.0.9/31")]
    [InlineData("fd00:77::3/127", "fd00:77::2/127")]
    [InlineData("10.71.0.1/30 10.71.0.2/30", "")]
    [InlineData("10.71.0.1/32", "")]
    public void KernelAddresses_ByDefault_AreOneInEachNetwork(string own, string kernel) =>
        Assert.Equal(kernel, string.Join(' ', TunDevice.KernelAddressesFor([.. own.Split(' ').Select(AddressPrefix.Parse)])));

    [Theory]
    [InlineData("10.5.0.2/24", "10.5.0.2", "own address")]
    [InlineData("10.5.0.2/24", "10.5.0.1 10.5.0.9", "10.5.0.1 and 10.5.0.9")]
    [InlineData("10.5.0.2/24", "10.6.0.1", "none of the networks")]
    public void Gateways_ThatCannotBeUsed_AreRefused(string own, string gateways, string words) =>
        Assert.Contains(
            words,
            Assert.Throws<LiveException>(() => HostAddresses.CheckGateways([.. gateways.Split(' ').Select(IpAddress.Parse)], [AddressPrefix.Parse(own)])).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.9.9.9", false)]
    [InlineData("10.5.0.255", false)]
    [InlineData("10.6.0.255", true)]
    [InlineData("10.5.0.1", true)]
    [InlineData("::1", false)]
    public void Target_OfProbes_IsAHostsAddress(string target, bool isTaken) =>
        Assert.Equal(isTaken, HostAddresses.WhyUnreachable(IpAddress.Parse(target), [AddressPrefix.Parse("10.5.0.2/24")]) is null);

    [Fact]
    public void KernelAddress_OfAnotherInterface_IsRefused() => NetworkNamespace.Run(() =>
    {
        using TunDevice first = TunDevice.Open("tcpsh0", Prefixes("10.77.0.1/24"));
        LiveException refused = Assert.Throws<LiveException>(() => TunDevice.Open("tcpsh1", Prefixes("10.77.0.1/24")));
        Assert.Equal(LiveProblem.AddressInUse, refused.Problem);
        Assert.Contains("tcpsh0", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("tcpsh1", NetworkNamespace.Shell("ip", "-o link"), StringComparison.Ordinal);
    });

    [Fact]
    public void Name_OfAnInterfaceOfAnotherKind_IsRefusedAsTaken() => NetworkNamespace.Run(() =>
        Assert.Equal(LiveProblem.InUse, Assert.Throws<LiveException>(() => TunDevice.Open("lo", Prefixes("10.77.0.1/24"))).Problem));

    [Fact]
    public void KernelAddress_ThatNoHostCanHave_IsRefused() => NetworkNamespace.Run(() =>
        Assert.Equal(LiveProblem.NotPossible, Assert.Throws<LiveException>(() => TunDevice.Open("tcpsh0", Prefixes("10.77.0.255/24"))).Problem));

    private static AddressPrefix[] Prefixes(string? text) => text is null ? [] : [AddressPrefix.Parse(text)];
}
