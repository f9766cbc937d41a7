using System.Globalization;
using System.Management.Automation;
using TcpShell.Hosting;
using TcpShell.Wire;

namespace TcpShell.Transformation;

/// <summary>Lets an end point be given as an object: a listener, a host that listens, an end point, a port number.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListenerEndpointAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData.Unwrap();
        return value switch
        {
            Listener listener => new Endpoint(
                listener.Local.Address.IsUnspecified ? listener.Owner.Addresses[0] : listener.Local.Address, listener.Local.Port).ToString(),
            TcpHost host => host.Name,
            Endpoint or int or long => Convert.ToString(value, CultureInfo.InvariantCulture)!,
            _ => value,
        };
    }
}
