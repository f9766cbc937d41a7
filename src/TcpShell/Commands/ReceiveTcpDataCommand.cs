using System.Management.Automation;
using System.Text;
using TcpShell.Abstractions;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Transformation;

namespace TcpShell.Commands;

/// <summary>Receives data from connections: the RECEIVE call.</summary>
/// <remarks>
/// <para>If nothing is there yet, the cmdlet lets virtual time pass until data arrives, the peer closes, or the time limit is reached. It gives what is there, as one array of octets, or as text with -AsText. At the end of the stream it gives nothing.</para>
/// </remarks>
/// <example>
/// <para>As text</para>
/// <code>New-TcpConnection | Send-TcpData 'hello' -PassThru | Receive-TcpData -AsText</code>
/// <para>hello</para>
/// </example>
/// <example>
/// <para>Everything until the peer closes</para>
/// <code>$c = New-TcpConnection | Send-TcpData ([byte[]]::new(5000)) -PassThru | Close-TcpConnection -HalfClose -PassThru
/// $octets = $c | Receive-TcpData -ToEnd
/// $octets.Length</code>
/// <para>This end has closed its direction, and still receives what is left of the echo.</para>
/// </example>
[Cmdlet(VerbsCommunications.Receive, "TcpData")]
[OutputType(typeof(byte[]), typeof(string))]
public sealed class ReceiveTcpDataCommand : NetworkCmdlet
{
    /// <summary>The connections: objects of New-TcpConnection and Get-TcpConnection, or their numbers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [HostedConnection]
    [ArgumentCompleter(typeof(Completion.ConnectionCompleter))]
    public HostedConnection[] Connection { get; set; } = null!;

    /// <summary>Waits for exactly so many octets and takes no more. What is there by default.</summary>
    [Parameter]
    [ValidateRange(1, 1 << 30)]
    public int? Count { get; set; }

    /// <summary>Waits until the peer has closed, and gives everything up to there. If it does not close in time, it is an error, and what has come is given all the same.</summary>
    [Parameter]
    public SwitchParameter ToEnd { get; set; }

    /// <summary>Gives the data as text, read as UTF-8.</summary>
    [Parameter]
    public SwitchParameter AsText { get; set; }

    /// <summary>How much virtual time to wait at most; 60 s by default, 0 to take only what is there.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (HostedConnection connection in Connection)
        {
            TcpNetwork network = NetworkOf(connection);
            Try(() => Receive(network, connection), connection);
        }
    }

    private void Receive(TcpNetwork network, HostedConnection connection)
    {
        using var received = new MemoryStream();
        var buffer = new byte[64 * 1024];
        long wanted = Count ?? long.MaxValue;
        Timestamp end = network.Now + Timeout;
        while (received.Length < wanted)
        {
            bool enough = received.Length > 0 && Count is null && !ToEnd;
            if (connection.ReceiveQueue == 0 && (enough || connection.Tcp.ReceivingIsOver || !RunUntil(network, () => connection.ReceiveQueue > 0 || connection.Tcp.ReceivingIsOver, end - network.Now)))
            {
                break;
            }

            int count = network.Receive(connection, buffer.AsSpan(0, (int)Math.Min(buffer.Length, wanted - received.Length)));
            received.Write(buffer, 0, count);
        }

        if (received.Length > 0)
        {
            // One object, not one for each octet.
            WriteObject(AsText ? Encoding.UTF8.GetString(received.GetBuffer(), 0, (int)received.Length) : received.ToArray(), enumerateCollection: false);
        }

        if (connection.Error != ConnectionError.None)
        {
            WriteError(ErrorRecords.ConnectionFailed(connection));
        }
        else if (Count is { } count ? received.Length < count : (ToEnd || received.Length == 0) && !connection.Tcp.EndOfStream)
        {
            WriteError(ErrorRecords.NothingReceived(connection, (int)received.Length, Count));
        }
    }
}
