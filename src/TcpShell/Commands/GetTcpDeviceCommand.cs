using System.Management.Automation;
using TcpShell.Abstractions;
using TcpShell.Completion;
using TcpShell.Errors;
using TcpShell.Live.Devices;

namespace TcpShell.Commands;

/// <summary>Lists the network devices of this machine on which segments can be watched and sent.</summary>
/// <remarks>
/// <para>It needs libpcap (Npcap on Windows) and a build with SharpPcap; without them there is one error, CaptureBackendMissing, that tells what to install. Listing needs no rights on most systems, watching does: see docs/permissions.md.</para>
/// </remarks>
/// <example>
/// <para>What there is</para>
/// <code>Get-TcpDevice</code>
/// <para>The names are what Watch-TcpSegment -Interface takes.</para>
/// </example>
/// <example>
/// <para>The devices that are up, with all their addresses</para>
/// <code>Get-TcpDevice | Where-Object Status -eq Up | Format-List</code>
/// <para>On Linux the device any stands for all of them.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "TcpDevice")]
[OutputType(typeof(NetworkDevice))]
public sealed class GetTcpDeviceCommand : TcpCmdlet
{
    /// <summary>Only the devices with these names; wildcards are understood.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(DeviceCompleter))]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<NetworkDevice> devices;
        try
        {
            devices = CaptureBackend.Devices();
        }
        catch (CaptureException failed)
        {
            ThrowTerminatingError(ErrorRecords.DeviceFailed(failed, Name));
            return;
        }

        foreach (string name in Name ?? ["*"])
        {
            var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
            NetworkDevice[] named = [.. devices.Where(device => pattern.IsMatch(device.Name) || pattern.IsMatch(device.FriendlyName))];
            WriteObject(named, enumerateCollection: true);
            if (named.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteError(ErrorRecords.DeviceFailed(new CaptureException(CaptureError.DeviceNotFound, $"There is no device '{name}'."), name));
            }
        }
    }
}
