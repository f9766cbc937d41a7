using System.Globalization;
using System.Net;
using TcpShell.Wire;

namespace TcpShell.Transformation;

/// <summary>Makes an <see cref="Endpoint"/> of <c>10.0.0.2:80</c>, <c>[fd00::2]:80</c>, or a bare port, which stands for any address.</summary>
public sealed class EndpointAttribute : TextTransformationAttribute<Endpoint>
{
    /// <inheritdoc/>
    public override string Accepted => "an address with a port such as 10.0.0.2:80 or [fd00::2]:80, or a port from 0 to 65535";

    /// <inheritdoc/>
    protected override bool TryConvert(object? value, string text, out Endpoint result)
    {
        if (value is IPEndPoint socket)
        {
            result = new(socket.Address, (ushort)socket.Port);
            return true;
        }

        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            result = new(default, port);
            return true;
        }

        return Endpoint.TryParse(text, out result);
    }
}
