using System.Numerics;
using TcpShell.Hosting;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Sockets;

/// <summary>What the data of a connection counts against its socket's send buffer, and what a write may add to it.</summary>
/// <remarks>
/// With <see cref="SendBufferAccounting.Buffers"/> it follows Linux: tcp_sendmsg fills buffers up to a size goal, tcp_write_xmit cuts them where
/// it stops to send, an ACK frees what it covers.
/// </remarks>
internal sealed class SendBufferAccount(SocketSettings settings, TcpSocket socket, HostedConnection connection)
{
    // What Linux has an interface segment at once: 64 KiB less the room for headers.
    private const int LargestOffload = 65215;

    // Linux's tcp_sndbuf_expand: room for so many times cwnd, each segment with the head and the bookkeeping of a buffer of its own.
    private const int WindowsHeld = 2;
    private const int SegmentHead = 640;
    private const int SegmentBookkeeping = 256;

    private readonly List<Piece> _pieces = [];
    private int _limit = settings.InitialSendBuffer ?? connection.Settings.SendBufferSize;
    private SeqNumber _cutUpTo = connection.SndNxt;
    private bool _tailIsClosed;

    private readonly record struct Piece(SeqNumber Start, SeqNumber End);

    /// <summary>Octets of the send buffer.</summary>
    public int Limit => Math.Min(socket.FixedSendBuffer ?? _limit, connection.Settings.SendBufferSize);

    /// <summary>Octets that count against it.</summary>
    public int Used
    {
        get
        {
            Follow();
            return connection.SendQueue + (_pieces.Count * settings.BufferOverhead);
        }
    }

    /// <summary>Octets that a write may give in one piece now; 0 where it has to wait.</summary>
    public int Room
    {
        get
        {
            int used = Used;
            bool isFree = used < Limit && NotSent < LowWater;
            if (settings.Accounting == SendBufferAccounting.Octets)
            {
                return isFree ? Limit - used : 0;
            }

            return TailRoom > 0 ? TailRoom : isFree ? SizeGoal : 0;
        }
    }

    /// <summary>Whether enough is free that it is worth to wake a program: a third of what would then be used, and few octets not sent.</summary>
    public bool IsWritable
    {
        get
        {
            int used = Used;
            return Limit - used >= used / 2 && used < Limit && 2 * NotSent < LowWater;
        }
    }

    private long LowWater => socket.NotSentLowWater > 0 ? socket.NotSentLowWater : settings.NotSentLowWater;

    private long NotSent => Math.Max(0, connection.SendQueue - Math.Max(0, connection.SndNxt - connection.SndUna));

    /// <summary>How much data one buffer holds: whole segments, at most half of the largest window that the peer has offered.</summary>
    private int SizeGoal
    {
        get
        {
            int mss = connection.SendMss;
            long largest = Math.Min(LargestOffload, connection.Tcp.Snd.MaxWnd / 2);
            return Math.Max(1, (int)(largest / mss)) * mss;
        }
    }

    /// <summary>Segments that are sent as one: what goes out in about a millisecond at twice the present rate.</summary>
    private int OffloadSegments
    {
        get
        {
            double rate = connection.Srtt is { Ticks: > 0 } rtt ? 2.0 * connection.Cwnd / rtt.TotalSeconds : double.MaxValue;
            return (int)Math.Clamp(rate / 1024 / connection.SendMss, settings.MinimumOffloadSegments, Math.Max(settings.MinimumOffloadSegments, LargestOffload));
        }
    }

    /// <summary>What the last buffer can still take: nothing if it is full, was sent, or ends a record.</summary>
    private int TailRoom =>
        _pieces.Count > 0 && !_tailIsClosed && _pieces[^1].End > connection.SndNxt ? Math.Max(0, SizeGoal - (_pieces[^1].End - _pieces[^1].Start)) : 0;

    /// <summary>Notes that a write has given so many octets, no more than there was room for.</summary>
    public void Add(int count, bool endOfRecord)
    {
        if (settings.Accounting == SendBufferAccounting.Octets || count == 0)
        {
            return;
        }

        SeqNumber end = connection.SndUna + connection.SendQueue;
        if (TailRoom > 0)
        {
            _pieces[^1] = _pieces[^1] with { End = end };
        }
        else
        {
            _pieces.Add(new(end - count, end));
        }

        _tailIsClosed = endOfRecord;
    }

    /// <summary>Lets a buffer that grows by itself grow with cwnd.</summary>
    public void Grow()
    {
        if (socket.FixedSendBuffer is null && settings.InitialSendBuffer is not null && connection.InFlight < connection.Cwnd)
        {
            long segment = (long)BitOperations.RoundUpToPowerOf2((uint)(connection.SendMss + SegmentHead)) + SegmentBookkeeping;
            long wanted = WindowsHeld * segment * Math.Max(connection.Settings.InitialWindowSegments, connection.Cwnd / connection.SendMss);
            _limit = (int)Math.Max(_limit, Math.Min(wanted, connection.Settings.SendBufferSize));
        }
    }

    /// <summary>Frees what was acknowledged, and cuts what was sent.</summary>
    private void Follow()
    {
        SeqNumber una = connection.SndUna;
        _pieces.RemoveRange(0, _pieces.FindIndex(piece => piece.End > una) is var kept and >= 0 ? kept : _pieces.Count);
        SeqNumber next = connection.SndNxt;
        int burst = OffloadSegments * connection.SendMss;
        for (int i = _pieces.FindIndex(piece => piece.End > _cutUpTo); i >= 0 && i < _pieces.Count && _pieces[i].Start < next; i++)
        {
            SeqNumber sent = _pieces[i].End < next ? _pieces[i].End : next;
            SeqNumber cut = sent - _pieces[i].Start > burst ? _pieces[i].Start + burst : sent;
            if (cut < _pieces[i].End)
            {
                _pieces.Insert(i + 1, _pieces[i] with { Start = cut });
                _pieces[i] = _pieces[i] with { End = cut };
            }
        }

        _cutUpTo = next;
    }
}
