using System.Globalization;
using System.Management.Automation;
using TcpShell.Hosting;

namespace TcpShell.Transformation;

/// <summary>Lets a connection be given by its number in the current network, and a listener where its own connection is meant.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HostedConnectionAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        inputData is object[] several ? several.Select(One).ToArray() : One(inputData);

    private static object One(object input)
    {
        object value = input.Unwrap();
        switch (value)
        {
            case Listener listener:
                return listener.Control;
            case int or long or string when int.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), NumberStyles.None, CultureInfo.InvariantCulture, out int id):
                return Lab.Current.Hosts.SelectMany(host => host.Connections.Concat(host.ClosedConnections)).FirstOrDefault(connection => connection.Id == id)
                    ?? throw new ArgumentTransformationMetadataException($"There is no connection {id} in the current network; Get-TcpConnection lists what there is.");
            default:
                return value;
        }
    }
}
