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

    [Fact]
    public void Contains_OtherNetworkOrVersion_IsFalse()
    {
        AddressPrefix prefix = AddressPrefix.Parse("10.77.0.2/24");
        Assert.False(prefix.Contains(IpAddress.Parse("10.77.1.2")));
        Assert.False(prefix.Contains(IpAddress.Parse("fd00::1")));
    }
}
