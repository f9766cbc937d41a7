using TcpShell.Diagrams;
using TcpShell.Hosting;
using TcpShell.Pcap.Files;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

// The main job of TcpShell without PowerShell: a connection opens, carries data and closes, and every step is explained.
string capture = args.Length > 0 ? args[0] : "handshake.pcapng";
TimeSpan limit = TimeSpan.FromMinutes(5);

// Two hosts, 10 ms apart. The server is driven by hand, so that its ACK and its FIN are two segments: the close takes four.
var network = new SimulatedNetwork(seed: 1);
TcpHost client = network.AddHost("client");
TcpHost server = network.AddHost("server");
Listener listener = network.Listen(server, Endpoint.Parse("*:80"), Applications.Manual);

// Open.
HostedConnection here = network.Connect(client, Endpoint.Parse("10.0.0.2:80"));
network.RunUntil(() => listener.TryAccept(out _), limit);
HostedConnection there = server.Connections[0];

// Data, both ways.
var buffer = new byte[100];
network.Send(here, "hello"u8);
network.RunUntil(() => there.ReceiveQueue == 5, limit);
network.Receive(there, buffer);
network.Send(there, "hello, too"u8);
network.RunUntil(() => here.ReceiveQueue == 10, limit);
network.Receive(here, buffer);

// Close: first the client's direction, then the server's.
network.Close(here);
network.RunUntil(() => here.State == TcpState.FinWait2, limit);
network.Close(there);
network.RunUntilIdle(limit);

SegmentRecord[] segments = [.. SegmentRecorder.Record(network.Trace)];
Console.WriteLine("Segments, as Wireshark shows them:");
foreach (SegmentRecord segment in segments)
{
    Console.WriteLine($"  {segment.Number,2}  {segment.Time}  {segment.From,-6} → {segment.To,-6}  {segment.Info}");
}

Console.WriteLine();
Console.WriteLine("States, with causes, rules and reasons:");
foreach (StateChange change in network.StateChanges)
{
    Console.WriteLine($"  {change.Time,9}  {change.Host,-6}  {change.From,-11} → {change.To,-11}  {change.Cause} (RFC {change.Rfc})");
    Console.WriteLine($"                     {change.Explanation}");
}

Console.WriteLine();
Console.WriteLine("The same as a ladder:");
Console.WriteLine();
Console.WriteLine(new LadderDiagram(segments, network.StateChanges).ToText());

using (var file = new CaptureFile(capture, network.Name))
{
    foreach (TraceExport.Frame frame in TraceExport.Frames(network.Trace, host: null))
    {
        file.Write(frame.Time, frame.Bytes.Span, frame.Comment);
    }
}

Console.WriteLine();
Console.WriteLine($"Written to {Path.GetFullPath(capture)}: open it in Wireshark; the packet comments tell the changes of state.");
