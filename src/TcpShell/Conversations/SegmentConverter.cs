using System.Collections;
using System.Management.Automation;
using TcpShell.Pcap.Tables;
using TcpShell.Tcp;
using TcpShell.Tracing;

namespace TcpShell.Conversations;

/// <summary>
/// Makes segments of what remoting and jobs made of them, so that they are drawn and written like those of this session. TcpShell.types.ps1xml
/// names it, and what goes along.
/// </summary>
public sealed class SegmentConverter : PlainConverter<SegmentRecord>
{
    private protected override bool HasAll(PSObject source) => source.Properties["Octets"] is not null;

    private protected override SegmentRecord Make(PSObject source)
    {
        object? Value(string path, Type type) => Property(source, path, type);
        IEnumerable<object> changes = (PSObject.AsPSObject(source.Properties["StateChanges"]?.Value ?? Array.Empty<object>()).BaseObject as IList ?? Array.Empty<object>()).Cast<object>();
        return SegmentCopy.Make(
            (byte[]?)Value("Octets", typeof(byte[])) ?? [],
            Value,
            [.. changes.Select(change => (StateChange)LanguagePrimitives.ConvertTo(change, typeof(StateChange)))])
            ?? throw new PSInvalidCastException("These are not the octets of a segment.");
    }
}
