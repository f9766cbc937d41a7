using System.Reflection;
using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Tcp;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>Which values settings can have.</summary>
public class TcpSettingsTests
{
    private static readonly TimeSpan s_century = TimeSpan.FromDays(36_500);

    public static TheoryData<string> Durations =>
        [.. typeof(TcpSettings).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) == typeof(TimeSpan))
            .Select(property => property.Name)];

    [Theory]
    [MemberData(nameof(Durations))]
    public void Duration_LongerThanACentury_IsRefusedByName(string name)
    {
        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => With(name, TimeSpan.MaxValue).Validate());
        Assert.Equal(name, refused.ParamName);
    }

    [Theory]
    [MemberData(nameof(Durations))]
    public void Duration_OfACentury_WholeLifeGoesWell(string name)
    {
        TcpSettings settings = name == nameof(TcpSettings.DelayedAckTimeout) ? TcpSettings.Linux : With(name, s_century);
        var lab = new Lab(settings: settings);
        (HostedConnection client, HostedConnection server) = lab.Establish();
        lab.Network.Send(client, Lab.Pattern(50_000));
        lab.RunTo(10);
        lab.Network.Close(client);
        lab.RunTo(20);
        Assert.Equal(50_000, lab.ReceiveAll(server).Length);
        lab.Network.Close(server);
        lab.RunTo(1000);
        Assert.True(client.State is TcpState.TimeWait or TcpState.Closed, $"{client} {client.Error}");
        Assert.Equal((TcpState.Closed, ConnectionError.None), (server.State, server.Error));
    }

    private static TcpSettings With(string name, TimeSpan value)
    {
        TcpSettings settings = TcpSettings.Linux with { KeepAlive = true, UserTimeoutOption = true };
        settings = name switch
        {
            nameof(TcpSettings.MinimumRto) or nameof(TcpSettings.InitialRto) => settings with { MaximumRto = s_century },
            nameof(TcpSettings.UserTimeoutLowerLimit) => settings with { UserTimeoutUpperLimit = s_century },
            _ => settings with { },
        };
        typeof(TcpSettings).GetProperty(name)!.SetValue(settings, value);
        return settings;
    }
}
