using System.Management.Automation;
using TcpShell.Hosting;

namespace TcpShell.Transformation;

/// <summary>Lets an interface be given as an object where its name is meant.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class InterfaceNameAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        inputData is object[] several ? several.Select(One).ToArray() : One(inputData);

    private static object One(object input) => input.Unwrap() is TcpNetwork network ? network.Name : input;
}
