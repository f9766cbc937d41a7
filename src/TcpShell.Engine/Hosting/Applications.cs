using TcpShell.Tcp;

namespace TcpShell.Hosting;

/// <summary>The applications that every host has.</summary>
public static class Applications
{
    private static readonly ITcpApplication[] s_all = [new EchoApplication(), new DiscardApplication(), new ManualApplication()];

    /// <summary>Sends everything back that it receives (RFC 862) and closes when the peer has closed.</summary>
    public static ITcpApplication Echo => s_all[0];

    /// <summary>Receives everything and answers nothing (RFC 863); closes when the peer has closed.</summary>
    public static ITcpApplication Discard => s_all[1];

    /// <summary>Does nothing by itself: whoever drives the host sends, receives and closes.</summary>
    public static ITcpApplication Manual => s_all[2];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ITcpApplication> All => s_all;

    /// <summary>The peer closed and everything is received. Whoever drives the host may have closed this end before, though.</summary>
    private static void CloseAfterPeer(TcpConnection tcp, ConnectionEventKind what, Timestamp now)
    {
        if (what == ConnectionEventKind.EndOfStream && tcp.State == TcpState.CloseWait)
        {
            tcp.Close(now);
        }
    }

    private sealed class ManualApplication : ITcpApplication
    {
        public string Name => "Manual";

        public override string ToString() => Name;

        public void Handle(HostedConnection connection, ConnectionEventKind what, Timestamp now)
        {
        }
    }

    private sealed class DiscardApplication : ITcpApplication
    {
        public string Name => "Discard";

        public override string ToString() => Name;

        public void Handle(HostedConnection connection, ConnectionEventKind what, Timestamp now)
        {
            TcpConnection tcp = connection.Tcp;
            Span<byte> buffer = stackalloc byte[2048];
            while (tcp.Available > 0)
            {
                tcp.Receive(buffer, now);
            }

            CloseAfterPeer(tcp, what, now);
        }
    }

    private sealed class EchoApplication : ITcpApplication
    {
        public string Name => "Echo";

        public override string ToString() => Name;

        public void Handle(HostedConnection connection, ConnectionEventKind what, Timestamp now)
        {
            TcpConnection tcp = connection.Tcp;
            // Only as much is taken as can be sent back: what does not fit stays in the receive buffer and closes the window.
            Span<byte> buffer = stackalloc byte[2048];
            while (tcp.State is TcpState.Established or TcpState.CloseWait && Math.Min(tcp.Available, tcp.SendSpace) is > 0 and int count)
            {
                int received = tcp.Receive(buffer[..Math.Min(count, buffer.Length)], now);
                tcp.Send(buffer[..received], now);
            }

            if (tcp.Available > 0)
            {
                tcp.AskForSpace();
            }

            CloseAfterPeer(tcp, what, now);
        }
    }
}
