using System.Security.Cryptography;
using TcpShell.Hosting;
using TcpShell.Live.Tests.Tun;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Tests.Interop;

/// <summary>Other TCPs, and programs with the kernel's, as echo servers and as clients: the rows of docs/interop.md.</summary>
public sealed class StreamPeerTests : IDisposable
{
    private const int OnGoodLink = 5_000_000;
    private const int OnBadLink = 500_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("tcpshell-interop-").FullName;

    public static TheoryData<string, bool> Cases()
    {
        var cases = new TheoryData<string, bool>();
        foreach (StreamPeer peer in StreamPeer.All)
        {
            cases.Add(peer.Name, false);
            cases.Add(peer.Name, true);
        }

        return cases;
    }

    // We connect; all goes there and back at the same time; we close first.
    [Theory]
    [MemberData(nameof(Cases))]
    public void We_CallThePeer_EverythingComesBackAndBothEndsClose(string name, bool isLossy) => Run(name, isLossy, (peer, link, message) =>
    {
        using IDisposable server = peer.Serve();
        HostedConnection ours = link.ConnectOnceListening(peer.EchoServer, peer.Settings);
        peer.Check(ours);
        Delivery.Check(message, Exchange(link, ours, message, peer.Ahead), link.Network);

        // TIME-WAIT may be over again: of two ACKs of late duplicates the first lets the peer forget the connection, and it answers the second with a RST.
        link.WaitFor(ours, TcpState.TimeWait, TcpState.Closed);
        Assert.Contains(ours.StateChanges, change => change.To == TcpState.TimeWait);
        Assert.Equal(ConnectionError.None, ours.Error);
    });

    // The peer connects, and closes first.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Peer_CallsUs_EverythingComesBackAndBothEndsClose(string name, bool isLossy) => Run(name, isLossy, (peer, link, message) =>
    {
        string sent = Path.Combine(_folder, "sent");
        string received = Path.Combine(_folder, "received");
        File.WriteAllBytes(sent, message);
        Listener listener = link.Network.Listen(link.Host, new Endpoint(default, StreamPeer.OurPort), Applications.Echo, settings: peer.Settings);
        peer.Call(sent, received);
        Delivery.Check(message, File.ReadAllBytes(received), link.Network);
        Assert.Equal(1, listener.Accepted);
        HostedConnection ours = link.OnlyConnection;
        peer.Check(ours);
        link.WaitFor(ours, TcpState.Closed);
        Assert.Equal(ConnectionError.None, ours.Error);
    });

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Sends all, no further ahead of what has come back than the peer can bear, and closes; gives what has come back, as far as anything comes.</summary>
    private static byte[] Exchange(KernelLink link, HostedConnection ours, byte[] message, int ahead)
    {
        var answer = new MemoryStream();
        var buffer = new byte[65536];
        int sent = 0;
        bool isClosed = false;
        bool MaySend() => ours.State == TcpState.Established && sent < message.Length && sent - answer.Length < ahead && ours.Tcp.SendSpace > 0;

        // A connection that is closed may hold octets still: a RST can end TIME-WAIT before all is read.
        while (!ours.Tcp.ReceivingIsOver)
        {
            // What is seen stays so until it is acted on.
            using NetworkHold hold = link.Network.Hold();
            if (!link.Network.RunUntil(() => ours.ReceiveQueue > 0 || ours.Tcp.ReceivingIsOver || MaySend(), KernelLink.Patience))
            {
                break;
            }

            if (ours.ReceiveQueue > 0)
            {
                answer.Write(buffer.AsSpan(0, link.Network.Receive(ours, buffer)));
            }

            if (MaySend())
            {
                sent += link.Network.Send(ours, message.AsSpan(sent, Math.Min(message.Length - sent, ahead - (sent - (int)answer.Length))));
            }

            if (!isClosed && ours.State == TcpState.Established && sent == message.Length && (ahead == StreamPeer.AnyDistance || answer.Length == sent))
            {
                isClosed = true;
                link.Network.Close(ours);
            }
        }

        return answer.ToArray();
    }

    private void Run(string name, bool isLossy, Action<StreamPeer, KernelLink, byte[]> test)
    {
        StreamPeer peer = StreamPeer.All.Single(candidate => candidate.Name == name);
        NetworkNamespace.Require();
        peer.Require();
        NetworkNamespace.Run(() =>
        {
            using var link = new KernelLink();
            peer.Prepare(_folder);
            if (isLossy)
            {
                link.Network.AddImpairment(ImpairmentKind.Drop, new() { Probability = 0.01 });
            }

            test(peer, link, RandomNumberGenerator.GetBytes(isLossy ? OnBadLink : OnGoodLink));
            Assert.All(link.Network.Impairments, impairment => Assert.True(impairment.Hits > 0, "nothing was lost"));
        });
    }
}
