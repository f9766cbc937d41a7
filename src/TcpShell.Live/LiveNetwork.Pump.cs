using TcpShell.Hosting;

namespace TcpShell.Live;

// The thread that drives the network: what comes in, what is due, and what is to be sent then.
public sealed partial class LiveNetwork
{
    // What is taken in between two looks at the timers, and what one ACK may cover at most.
    private const int BatchSize = 64;

    private static readonly TimeSpan s_longestSleep = TimeSpan.FromHours(1);

    private readonly List<(byte[] Packet, Timestamp Read)> _batch = new(BatchSize);
    private bool _isTakingIn;
    private Timestamp _sleepsUntil;

    /// <inheritdoc/>
    protected override void Pump(TcpHost host)
    {
        if (_isTakingIn)
        {
            return; // once for all of the batch, so that one ACK answers all of it
        }

        base.Pump(host);
        if (Thread.CurrentThread != _pump && NextDeadline() is { } next && next < _sleepsUntil)
        {
            _sleepsUntil = next;
            _device.Wake();
        }
    }

    private void Run()
    {
        try
        {
            while (!_closed)
            {
                if (_batch.Count < BatchSize)
                {
                    _device.Wait(_sleepsUntil - Now);
                }

                Read();
                using (Hold())
                {
                    if (!_closed)
                    {
                        Work();
                    }
                }

                _gate.GiveWay();
            }
        }
        catch (LiveException gone)
        {
            Fail(gone);
        }
    }

    /// <summary>Takes packets off the device, which others need not wait for.</summary>
    private void Read()
    {
        _batch.Clear();
        while (_batch.Count < BatchSize && _device.TryRead(out byte[] packet))
        {
            _batch.Add((packet, Now));
        }
    }

    private void Work()
    {
        Timestamp now = Now;
        _lastPacket = _batch.Count > 0 ? now : _lastPacket;
        _isTakingIn = true;
        foreach ((byte[] packet, Timestamp read) in _batch)
        {
            ComesIn(packet, read);
        }

        while (DeliverNext(now))
        {
        }

        _isTakingIn = false;
        _host.HandleTimeout(Now);
        Pump(_host);
        _sleepsUntil = NextDeadline() ?? Now + s_longestSleep;
        _gate.Tell();
    }

    private Timestamp? NextDeadline()
    {
        Timestamp? timer = _host.PollTimeout();
        Timestamp? arrival = NextArrival;
        return timer is null || arrival < timer ? arrival : timer;
    }

    /// <summary>The interface is gone, and with it everything on it.</summary>
    private void Fail(LiveException gone)
    {
        using (Hold())
        {
            Failure = gone.Message;
            _closed = true;
            Crash(_host);
            _gate.Tell();
        }

        EndOfProcess.Forget(this);
        _device.Dispose();
    }
}
