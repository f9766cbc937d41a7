using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Wire;

public class AddressTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("2001:db8:1:2:3:4:5:6")]
    public void Address_ReadAndWritten_IsTheSame(string text)
    {
        IpAddress address = IpAddress.Parse(text);
        byte[] octets = new byte[address.Size];
        address.WriteTo(octets);
        Assert.Equal(text, address.ToString());
        Assert.Equal(address, IpAddress.FromBytes(octets));
        Assert.Equal(address, (IpAddress)address.ToIPAddress());
        Assert.Equal(text.Contains(':'), address.IsIPv6);
    }

    [Theory]
    [InlineData("10.1")]
    [InlineData("1")]
    [InlineData("10.0.0.256")]
    [InlineData("host")]
    [InlineData("[fd00::1]:80")] // the framework takes it, and drops the port
    [InlineData("")]
    [InlineData(null)]
    public void Address_ThatIsNone_IsRefused(string? text) => Assert.False(IpAddress.TryParse(text, out _));

    [Fact]
    public void SameBits_OfBothVersions_AreDifferentAddresses() => Assert.NotEqual(IpAddress.Parse("0.0.0.1"), IpAddress.Parse("::1"));

    [Theory]
    [InlineData("224.0.0.1", false)]
    [InlineData("239.255.255.255", false)]
    [InlineData("240.0.0.1", true)]
    [InlineData("255.255.255.255", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.0.0.1", true)]
    [InlineData("ff02::1", false)]
    [InlineData("fe80::1", true)]
    [InlineData("::", false)]
    public void Unicast_IsToldFromGroups(string text, bool expected) => Assert.Equal(expected, IpAddress.Parse(text).IsUnicast);

    [Theory]
    [InlineData("10.0.0.2:80", "10.0.0.2:80")]
    [InlineData("[fd00::2]:80", "[fd00::2]:80")]
    [InlineData("*:80", "*:80")]
    [InlineData(":80", "*:80")]
    [InlineData("10.0.0.2:0", "10.0.0.2:*")]
    public void Endpoint_Read_IsWrittenInItsUsualForm(string text, string expected) => Assert.Equal(expected, Endpoint.Parse(text).ToString());

    [Theory]
    [InlineData("10.0.0.2")]
    [InlineData("10.0.0.2:65536")]
    [InlineData("10.0.0.2:-1")]
    [InlineData("fd00::2:80")]
    [InlineData("[10.0.0.2]:80")]
    [InlineData("[fd00::2]")]
    [InlineData("")]
    [InlineData(null)]
    public void Endpoint_ThatIsNone_IsRefused(string? text) => Assert.False(Endpoint.TryParse(text, out _));
}
