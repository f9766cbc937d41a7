using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Simulation;

/// <summary>What a window that is told as closed takes: nothing, though the scale may have rounded some octets of it away.</summary>
public class ClosedWindowTests
{
    [Theory]
    [Trait("Proves", "P34")]
    [Trait("Proves", "MUST-36")]
    [InlineData(300_000)]
    [InlineData(20_000)]
    public void P34_ScaledWindowRoundedToZero_ProbesAreRefusedUntilTheUserReads(int bufferSize)
    {
        var network = new SimulatedNetwork();
        TcpHost client = network.AddHost("client");
        TcpHost server = network.AddHost("server");
        network.Listen(
            server, Endpoint.Parse("*:9"), Applications.Manual, settings: server.Settings with { ReceiveBufferSize = bufferSize });
        HostedConnection sender = network.Connect(client, Endpoint.Parse("10.0.0.2:9"));
        network.RunUntil(() => sender.State == TcpShell.Tcp.TcpState.Established, TimeSpan.FromSeconds(1));
        network.Send(sender, new byte[2 * bufferSize]);
        network.RunFor(TimeSpan.FromMinutes(2));

        SegmentRecord[] segments = [.. SegmentRecorder.Record(network.Trace)];
        SegmentRecord closed = segments.First(segment => segment.From == "server" && segment.Window == 0);
        SegmentRecord[] answers = [.. segments.Where(segment => segment.From == "server" && segment.Number > closed.Number)];
        Assert.True(answers.Length >= 5);
        Assert.All(answers, answer => Assert.Equal(closed.RelativeAcknowledgmentNumber, answer.RelativeAcknowledgmentNumber));

        HostedConnection receiver = server.Connections[0];
        var buffer = new byte[4096];
        int received = 0;
        network.RunUntil(
            () =>
            {
                while (network.Receive(receiver, buffer) is int count and > 0)
                {
                    received += count;
                }

                return received == 2 * bufferSize;
            },
            TimeSpan.FromMinutes(5));
        Assert.Equal(2 * bufferSize, received);
    }
}
