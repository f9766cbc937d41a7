using TcpShell.Wire;

namespace TcpShell.CaptureSpeed;

/// <summary>A packet of a conversation that is made up.</summary>
internal readonly record struct Packet(double Time, bool IsFromClient, TcpFlags Flags, uint SequenceNumber, uint AcknowledgmentNumber, int Length, ushort Window = 512);

/// <summary>
/// One client that fetches something: handshake, requests and bursts of answers, with now and then a loss and what follows from it, a full
/// window, a keep-alive; closed or reset at the end.
/// </summary>
internal sealed class Conversation
{
    private const int SegmentSize = 1448;

    private readonly Random _random;
    private readonly int _packets;
    private readonly Queue<Packet> _next = new();
    private double _time;
    private uint _client;
    private uint _server;
    private int _made;
    private bool _isOpen;
    private bool _isClosed;

    public Conversation(int number, double start, int packets, Random random)
    {
        _random = random;
        _packets = packets / 2 + random.Next(packets);
        _time = start;
        _client = (uint)random.NextInt64(uint.MaxValue);
        _server = (uint)random.NextInt64(uint.MaxValue);
        Client = 0x0a000000u + (uint)(number % 5000) + 256;
        ClientPort = (ushort)(1024 + (number / 5000 * 7919 % 60000) + random.Next(100));
        Rtt = 0.005 + (0.1 * random.NextDouble() * random.NextDouble());
    }

    public uint Client { get; }

    public uint Server => 0xc0000201;

    public ushort ClientPort { get; }

    public double Rtt { get; }

    public double NextTime => _next.TryPeek(out Packet packet) ? packet.Time : _time;

    public bool TryNext(out Packet packet)
    {
        if (_next.Count == 0 && !_isClosed)
        {
            MakeMore();
        }

        return _next.TryDequeue(out packet);
    }

    private void MakeMore()
    {
        if (!_isOpen)
        {
            Open();
        }
        else if (_made >= _packets)
        {
            Close();
        }
        else
        {
            switch (_random.Next(100))
            {
                case 0:
                    KeepAlive();
                    break;
                case 1:
                    ClosedWindow();
                    break;
                default:
                    Exchange(2 + _random.Next(20));
                    break;
            }
        }
    }

    private void Open()
    {
        C(TcpFlags.SYN);
        _client++;
        Wait(Rtt * 0.9);
        S(TcpFlags.SYN | TcpFlags.ACK);
        _server++;
        Wait(Rtt * 0.1);
        C(TcpFlags.ACK);
        _isOpen = true;
    }

    private void Close()
    {
        _isClosed = true;
        if (_random.Next(10) == 0)
        {
            C(TcpFlags.RST | TcpFlags.ACK);
            return;
        }

        C(TcpFlags.FIN | TcpFlags.ACK);
        _client++;
        Wait(Rtt * 0.9);
        S(TcpFlags.FIN | TcpFlags.ACK);
        _server++;
        Wait(Rtt * 0.1);
        C(TcpFlags.ACK);
    }

    // A request, and an answer of some segments of which one in 300 is lost before or behind the capturing point.
    private void Exchange(int segments)
    {
        Wait(_random.NextDouble() * 0.05);
        int request = 100 + _random.Next(400);
        C(TcpFlags.ACK | TcpFlags.PSH, request);
        _client += (uint)request;
        Wait(Rtt * 0.9);
        uint acked = _server;
        int lost = _random.Next(300) < segments ? _random.Next(segments) : -1;
        bool isCaptured = _random.Next(2) == 0;
        uint lostNumber = 0;
        for (int i = 0; i < segments; i++)
        {
            if (i == lost)
            {
                lostNumber = _server;
            }

            if (i != lost || isCaptured)
            {
                S(TcpFlags.ACK, SegmentSize);
            }

            _server += SegmentSize;
            Wait(0.00012);
            acked = lost >= 0 && i >= lost ? acked : _server;
            if (i % 2 == 1 || (lost >= 0 && i > lost))
            {
                C(TcpFlags.ACK, ack: acked);
            }
        }

        if (lost >= 0)
        {
            // After three duplicate ACKs at once, otherwise when the timer fires.
            Wait(segments - lost > 3 ? Rtt * 0.1 : 0.2 + Rtt);
            _next.Enqueue(new(_time, false, TcpFlags.ACK, lostNumber, _client, SegmentSize));
            Wait(Rtt * 0.1);
        }

        C(TcpFlags.ACK);
    }

    private void KeepAlive()
    {
        Wait(0.5);
        _next.Enqueue(new(_time, false, TcpFlags.ACK, _server - 1, _client, 0));
        Wait(Rtt * 0.1);
        C(TcpFlags.ACK);
        _made += 2;
    }

    private void ClosedWindow()
    {
        S(TcpFlags.ACK, SegmentSize);
        _server += SegmentSize;
        Wait(0.001);
        _next.Enqueue(new(_time, true, TcpFlags.ACK, _client, _server, 0, 0));
        Wait(0.3);
        _next.Enqueue(new(_time, true, TcpFlags.ACK, _client, _server, 0, 512));
        _made += 3;
    }

    private void C(TcpFlags flags, int length = 0, uint? ack = null) =>
        Add(new(_time, true, flags, _client, (flags & TcpFlags.ACK) != 0 ? ack ?? _server : 0, length));

    private void S(TcpFlags flags, int length = 0) => Add(new(_time, false, flags, _server, _client, length));

    private void Add(Packet packet)
    {
        _next.Enqueue(packet);
        _made++;
    }

    private void Wait(double seconds) => _time += seconds;
}
