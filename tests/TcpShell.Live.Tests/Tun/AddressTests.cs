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
    public void Host_WithAnAddressThatCannotWork_IsRefused(string own, string? kernel, LiveProblem problem) =>
        Assert.Equal(problem, Assert.Throws<LiveException>(() => TunDevice.CheckHost([AddressPrefix.Parse(own)], Prefixes(kernel))).Problem);

    [Theory]
    [InlineData("10.77.0.2/24", "10.77.0.1/24")]
    [InlineData("10.77.0.0/31", "10.77.0.1/31")] // RFC 3021
    [InlineData("10.77.0.2/32", "10.77.0.1/24")]
    [InlineData("fd00:77::2/64", "fd00:77::1/64")]
    public void Host_InANetworkOfTheKernels_IsTaken(string own, string kernel) =>
        TunDevice.CheckHost([AddressPrefix.Parse(own)], Prefixes(kernel));

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
