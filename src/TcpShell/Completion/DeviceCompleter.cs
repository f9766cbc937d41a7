using System.Collections;
using TcpShell.Live.Devices;

namespace TcpShell.Completion;

/// <summary>Completes the names of the network devices on which can be captured.</summary>
public sealed class DeviceCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<(string Name, string ToolTip)> GetNames(IDictionary fakeBoundParameters)
    {
        try
        {
            return CaptureBackend.Devices().Select(device => (device.Name, $"{device.Name} {device.Status} {string.Join(' ', device.Addresses)} {device.Description}".TrimEnd()));
        }
        catch (CaptureException)
        {
            // Without a backend there is nothing to offer; the cmdlet tells why.
            return [];
        }
    }
}
