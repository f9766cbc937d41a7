using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TcpShell.Hosting;
using TcpShell.Live.Tests.Tun;
using TcpShell.Simulation.Impairments;
using TcpShell.Wire;
using static TcpShell.Live.Tests.Tun.NetworkNamespace;

namespace TcpShell.Live.Tests.Interop;

/// <summary>
/// OpenSSH's scp and sshd with our TCP between them, the row OpenSSH of docs/interop.md. Both are programs of the kernel's, so at one end what comes on our
/// connection is handed on over loopback: sshd is behind our listener, or scp behind our call.
/// </summary>
public sealed class SshTests : IDisposable
{
    public const string OpenSsh = "OpenSSH";

    private const int Port = 22;
    private readonly string _folder = Directory.CreateTempSubdirectory("tcpshell-ssh-").FullName;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Scp_ThroughOurCallToSshd_CopiesBothWays(bool isLossy) => Run(isLossy, KernelLink.Kernel(false), (link, size) =>
    {
        using var door = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        door.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        door.Listen();
        Start(() =>
        {
            for (int calls = 0; calls < 2; calls++)
            {
                Socket scp = door.Accept();
                Join(link, scp, link.ConnectOnceListening(new IPEndPoint(KernelLink.Kernel(false), Port)));
            }
        });
        CopyBothWays(IPAddress.Loopback, size);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Scp_ToSshdBehindOurListener_CopiesBothWays(bool isLossy) => Run(isLossy, IPAddress.Loopback, (link, size) =>
    {
        Listener listener = link.Network.Listen(link.Host, new Endpoint(default, Port), Applications.Manual);
        Start(() =>
        {
            for (int calls = 0; calls < 2; calls++)
            {
                HostedConnection? ours = null;
                link.WaitUntil(() => listener.TryAccept(out ours), "scp does not call");
                var sshd = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sshd.Connect(IPAddress.Loopback, Port);
                Join(link, sshd, ours!);
            }
        });
        CopyBothWays(KernelLink.Own(false), size);
    });

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Run(bool isLossy, IPAddress server, Action<KernelLink, int> test)
    {
        Require();
        RequireProgram("sshd", "openssh-server");
        RequireProgram("scp", "openssh-client");
        NetworkNamespace.Run(() =>
        {
            using var link = new KernelLink();
            using RunningProgram sshd = StartSshd(server);
            if (isLossy)
            {
                link.Network.AddImpairment(ImpairmentKind.Drop, new() { Probability = 0.01 });
            }

            test(link, isLossy ? 500_000 : 5_000_000);
            link.WaitUntil(
                () => link.Host.Connections.All(connection => connection.State is Tcp.TcpState.TimeWait or Tcp.TcpState.Listen),
                $"left: {string.Join("; ", link.Host.Connections)}");
            Assert.All(link.Network.Impairments, impairment => Assert.True(impairment.Hits > 0, "nothing was lost"));
        });
    }

    private void CopyBothWays(IPAddress address, int size)
    {
        byte[] file = RandomNumberGenerator.GetBytes(size);
        string[] names = [.. new[] { "here", "there", "back" }.Select(name => Path.Combine(_folder, name))];
        File.WriteAllBytes(names[0], file);
        string options = $"-q -F /dev/null -P {Port} -i {_folder}/user -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile={_folder}/known -o LogLevel=ERROR";
        string remote = $"{Environment.UserName}@{address}:{names[1]}";
        Shell("timeout", $"100 scp {options} {names[0]} {remote}");
        Shell("timeout", $"100 scp {options} {remote} {names[2]}");
        Assert.True(file.AsSpan().SequenceEqual(File.ReadAllBytes(names[1])));
        Assert.True(file.AsSpan().SequenceEqual(File.ReadAllBytes(names[2])));
    }

    private RunningProgram StartSshd(IPAddress address)
    {
        foreach (string key in new[] { "host", "user" })
        {
            Shell("ssh-keygen", $"-q -t ed25519 -N \"\" -f {_folder}/{key}");
        }

        File.WriteAllText($"{_folder}/sshd_config", $"""
            Port {Port}
            ListenAddress {address}
            HostKey {_folder}/host
            PidFile {_folder}/sshd.pid
            AuthorizedKeysFile {_folder}/user.pub
            StrictModes no
            PermitRootLogin prohibit-password
            Subsystem sftp internal-sftp
            """);
        Directory.CreateDirectory("/run/sshd"); // sshd's unprivileged half wants it
        string program = new[] { "/usr/sbin/sshd", "/sbin/sshd", "/usr/local/sbin/sshd" }.First(File.Exists); // it insists on an absolute path
        var sshd = new RunningProgram(program, $"-D -f {_folder}/sshd_config -E {_folder}/sshd.log");
        Assert.True(SpinWait.SpinUntil(() => File.Exists($"{_folder}/sshd.pid"), KernelLink.Patience), "sshd does not start");
        return sshd;
    }

    /// <summary>Hands on what comes from either to the other, the end included.</summary>
    private static void Join(KernelLink link, Socket socket, HostedConnection ours)
    {
        Start(() =>
        {
            KernelLink.ReadToEnd(socket, data => link.Send(ours, data.Span));
            link.Network.Close(ours);
        });
        Start(() =>
        {
            link.ReceiveToEnd(ours, data => socket.Send(data.Span));
            socket.Shutdown(SocketShutdown.Send);
        });
    }
}
