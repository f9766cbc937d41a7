using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using TcpShell.Live.Linux;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Live.Kernel;

/// <summary>Asks the Linux kernel for its TCP sockets over netlink, as <c>ss</c> does (sock_diag(7)). It takes no rights.</summary>
internal sealed class SockDiag : IDisposable
{
    private const int NetlinkSockDiag = 4;
    private const int HeaderSize = 16;
    private const int RequestSize = HeaderSize + 56;
    private const int MessageSize = 72;
    private const ushort DiagByFamily = 20;
    private const ushort RequestAndDump = 0x301;
    private const ushort MessageError = 2;
    private const ushort MessageDone = 3;
    private const byte IpProtocolTcp = 6;
    private const int InfoAttribute = 2;
    private const int CongestionAttribute = 4;

    // As numbered by the kernel, from 1: SYN_RECV comes twice, once for requests that have no socket yet.
    private static readonly TcpState[] s_states =
    [
        TcpState.Closed, TcpState.Established, TcpState.SynSent, TcpState.SynReceived, TcpState.FinWait1, TcpState.FinWait2, TcpState.TimeWait,
        TcpState.Closed, TcpState.CloseWait, TcpState.LastAck, TcpState.Listen, TcpState.Closing, TcpState.SynReceived,
    ];

    private readonly byte[] _buffer = new byte[128 * 1024];
    private readonly int _socket;

    /// <summary>Opens the way to the kernel.</summary>
    /// <exception cref="LiveException">The kernel has no sock_diag.</exception>
    public SockDiag()
    {
        _socket = Libc.Socket(Libc.AfNetlink, Libc.SockRaw | Libc.CloseOnExec, NetlinkSockDiag);
        if (_socket < 0)
        {
            throw Failed();
        }
    }

    /// <summary>All sockets, IPv4's first.</summary>
    public List<SystemConnection> List()
    {
        var found = new List<SystemConnection>();
        foreach (int family in (int[])[Libc.AfInet, Libc.AfInet6])
        {
            Ask((byte)family);
            while (!ReadAnswer(found))
            {
            }
        }

        return found;
    }

    public void Dispose() => Libc.Close(_socket);

    private void Ask(byte family)
    {
        var request = new byte[RequestSize];
        BinaryPrimitives.WriteInt32LittleEndian(request, RequestSize);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(4), DiagByFamily);
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(6), RequestAndDump);
        Span<byte> question = request.AsSpan(HeaderSize);
        question[0] = family;
        question[1] = IpProtocolTcp;
        question[2] = (1 << (InfoAttribute - 1)) | (1 << (CongestionAttribute - 1));
        question.Slice(4, 4).Fill(0xff); // in any state
        if (Libc.Write(_socket, request[0], request.Length) != request.Length)
        {
            throw Failed();
        }
    }

    /// <returns>Whether the answer has come to its end.</returns>
    private bool ReadAnswer(List<SystemConnection> found)
    {
        nint count = Libc.Read(_socket, ref _buffer[0], _buffer.Length);
        if (count < 0)
        {
            return Marshal.GetLastPInvokeError() is Libc.Eintr ? false : throw Failed();
        }

        ReadOnlySpan<byte> left = _buffer.AsSpan(0, (int)count);
        while (left.Length >= HeaderSize)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(left);
            ushort type = BinaryPrimitives.ReadUInt16LittleEndian(left[4..]);
            if (type is MessageDone or MessageError || length < HeaderSize || length > left.Length)
            {
                return true;
            }

            if (type == DiagByFamily && length >= HeaderSize + MessageSize)
            {
                found.Add(ReadSocket(left[HeaderSize..length]));
            }

            left = left[Math.Min(left.Length, Align(length))..];
        }

        return count == 0;
    }

    private static SystemConnection ReadSocket(ReadOnlySpan<byte> message)
    {
        bool isIPv6 = message[0] == Libc.AfInet6;
        TcpState state = message[1] < s_states.Length ? s_states[message[1]] : TcpState.Closed;
        ReadOnlySpan<byte> id = message[4..];
        ReadOnlySpan<byte> rest = message[52..];
        uint expires = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        uint inode = BinaryPrimitives.ReadUInt32LittleEndian(rest[16..]);
        TimerKind? timer = message[2] switch
        {
            1 => TimerKind.Retransmission,
            2 => TimerKind.KeepAlive,
            3 => TimerKind.TimeWait,
            4 => TimerKind.Persist,
            _ => null,
        };
        var connection = new SystemConnection
        {
            Local = ReadEndpoint(id, id[4..], isIPv6),
            Remote = state == TcpState.Listen ? default : ReadEndpoint(id[2..], id[20..], isIPv6),
            State = state,
            Timer = timer,
            TimerExpires = timer is null ? null : TimeSpan.FromMilliseconds(expires),
            ReceiveQueue = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]),
            SendQueue = BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]),
            UserId = (int)BinaryPrimitives.ReadUInt32LittleEndian(rest[12..]),
            Inode = inode,
        };
        ReadOnlySpan<byte> attributes = message[MessageSize..];
        while (attributes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length)
            {
                break;
            }

            ReadOnlySpan<byte> value = attributes[4..length];
            connection = BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) switch
            {
                InfoAttribute when state != TcpState.Listen => TcpInfo.AddTo(connection, value),
                CongestionAttribute => connection with { Congestion = Encoding.ASCII.GetString(value).TrimEnd('\0') },
                _ => connection,
            };
            attributes = attributes[Math.Min(attributes.Length, Align(length))..];
        }

        return connection;
    }

    private static Endpoint ReadEndpoint(ReadOnlySpan<byte> port, ReadOnlySpan<byte> address, bool isIPv6)
    {
        // A socket for both versions has its IPv4 peers as ::ffff:10.0.0.1; whoever looks for 10.0.0.1 means that as well.
        bool isMapped = isIPv6 && address[..10].IndexOfAnyExcept((byte)0) < 0 && address[10] == 0xff && address[11] == 0xff;
        ReadOnlySpan<byte> octets = isMapped ? address.Slice(12, 4) : address[..(isIPv6 ? 16 : 4)];
        return new Endpoint(IpAddress.FromBytes(octets), BinaryPrimitives.ReadUInt16BigEndian(port));
    }

    private static int Align(int length) => (length + 3) & ~3;

    private static LiveException Failed() =>
        new(LiveProblem.NotSupported, $"The kernel does not tell its TCP sockets over netlink: {Libc.LastErrorText}.");
}
