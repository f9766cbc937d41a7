using System.Management.Automation.Host;

namespace TcpShell;

/// <summary>The screen of a session.</summary>
internal static class Terminal
{
    /// <summary>Its width in columns.</summary>
    /// <param name="host">The session's host.</param>
    /// <param name="otherwise">The width where there is no screen.</param>
    public static int WidthOf(PSHost host, int otherwise)
    {
        try
        {
            return host.UI?.RawUI?.BufferSize.Width ?? otherwise;
        }
        catch (Exception none) when (none is NotImplementedException or HostException or InvalidOperationException)
        {
            return otherwise; // a session without a screen
        }
    }
}
