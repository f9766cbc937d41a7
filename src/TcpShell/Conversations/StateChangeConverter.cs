using System.Management.Automation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Conversations;

/// <summary>Makes changes of state of what remoting and jobs made of them, so that they are drawn like those of this session.</summary>
public sealed class StateChangeConverter : PlainConverter<StateChange>
{
    private protected override bool HasAll(PSObject source) =>
        source.Properties["Time"] is not null && source.Properties["From"] is not null && source.Properties["To"] is not null && source.Properties["Cause"] is not null;

    private protected override StateChange Make(PSObject source)
    {
        T? Value<T>(string path) => Property(source, path, typeof(T)) is T value ? value : default;
        string Text(string name) => Value<string>(name) ?? "";
        return new StateChange
        {
            Time = new(Value<long>("Time.Nanoseconds")),
            Host = Text("Host"),
            ConnectionId = Value<int>("ConnectionId"),
            Local = End("Local"),
            Remote = End("Remote"),
            From = Value<TcpState>("From"),
            To = Value<TcpState>("To"),
            Event = Value<TransitionEvent>("Event"),
            Cause = Text("Cause"),
            Rfc = Text("Rfc"),
            Explanation = Text("Explanation"),
        };

        Endpoint End(string name) => new(IpAddress.TryParse(Text($"{name}.Address"), out IpAddress address) ? address : default, Value<ushort>($"{name}.Port"));
    }
}
