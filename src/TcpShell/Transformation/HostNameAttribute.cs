using System.Management.Automation;
using TcpShell.Hosting;

namespace TcpShell.Transformation;

/// <summary>Lets a host be given as an object where its name is meant.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HostNameAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        inputData is object[] several ? several.Select(One).ToArray() : One(inputData);

    private static object One(object input)
    {
        object value = input.Unwrap();
        return value switch
        {
            TcpHost host => host.Name,
            HostedConnection connection => connection.Host,
            Listener listener => listener.Host,

            // A network from the pipeline is meant for -Network; here it says nothing.
            TcpNetwork => "",
            _ => value,
        };
    }
}
