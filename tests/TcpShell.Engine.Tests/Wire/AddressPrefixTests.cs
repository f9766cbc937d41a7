using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

/// <summary>Addresses with prefix lengths as people write them, and who else is in their network.</summary>
public class AddressPrefixTests
{
    [Theory]
    [InlineData("10.77.0.2/24", "10.77.0.1")]
    [InlineData("10.77.0.1/24", "10.77.0.2")]
    [InlineData("10.77.1.2/16", "10.77.0.1")]
    [InlineData("192.168.1.6/30", "192.168.1.5")]
    [InlineData("fd00:77::2/64", "fd00:77::1")]
    [InlineData("fd00:77::1:2/64", "fd00:77::1")]
    [InlineData("10.0.0.1/32", null)]
    [InlineData("10.0.0.1/31", "10.0.0.0")] // RFC 3021
    [InlineData("fd00:77::2/127", "fd00:77::3")] // RFC 6164
    public void Neighbour_IsTheFirstOtherAddress(string text, string? neighbour)
    {
        AddressPrefix prefix = AddressPrefix.Parse(text);
        Assert.Equal(text, prefix.ToString());
        Assert.Equal(neighbour, prefix.Neighbour()?.ToString());
        Assert.True(neighbour is null || prefix.Contains(IpAddress.Parse(neighbour)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.77.0.2")]
    [InlineData("10.77.0.2/33")]
    [InlineData("10.77.0.2/-1")]
    [InlineData("10.77.0.2/24/1")]
    [InlineData("fd00::1/129")]
    [InlineData("host/24")]
    public void Parse_NoPrefix_SaysWhatOneIs(string text)
    {
        Assert.False(AddressPrefix.TryParse(text, out _));
        Assert.Contains("10.77.0.2/24", Assert.Throws<FormatException>(() => AddressPrefix.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3", "10.1.2.4")]
    [InlineData("10.0.0.0/8", "10.255.0.1", "11.0.0.0")]
    [InlineData("10.1.2.3/8", "10.255.0.1", "11.0.0.0")] // bits behind the prefix say nothing
    [InlineData("10.0.0.4/31", "10.0.0.5", "10.0.0.6")]
    [InlineData("0.0.0.0/0", "255.255.255.255", "::1")]
    [InlineData("::/0", "ffff::1", "0.0.0.0")]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1")]
    [InlineData("2001:db8::1", "2001:DB8:0::1", "2001:db8::2")]
    [InlineData("2001:db8::/65", "2001:db8::7fff:0:0:1", "2001:db8::8000:0:0:1")]
    public void AddressOrPrefix_HoldsWhatBeginsWithIt(string text, string inside, string outside)
    {
        Assert.True(AddressPrefix.TryParseAddressOrPrefix(text, out AddressPrefix prefix));

        Assert.True(prefix.Contains(IpAddress.Parse(inside)));
        Assert.False(prefix.Contains(IpAddress.Parse(outside)));
        Assert.Equal(!text.Contains('/', StringComparison.Ordinal), prefix.IsOneAddress);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.1")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/255.0.0.0")]
    [InlineData("[fd00::1]:80")]
    [InlineData("fd00::/129")]
    public void AddressOrPrefix_Neither_IsRefused(string text) => Assert.False(AddressPrefix.TryParseAddressOrPrefix(text, out _));

    [Fact]
    public void Contains_OtherNetworkOrVersion_IsFalse()
    {
        AddressPrefix prefix = AddressPrefix.Parse("10.77.0.2/24");
        Assert.False(prefix.Contains(IpAddress.Parse("10.77.1.2")));
        Assert.False(prefix.Contains(IpAddress.Parse("fd00::1")));
    }
}
