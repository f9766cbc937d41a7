using TcpShell.Wire;

namespace TcpShell.Tcp.Recovery;

/// <summary>
/// Remembers of a recovery or a timeout what shows later that nothing was lost: that an ACK echoes a timestamp from before the first
/// retransmission (the idea of RFC 3522), or that the peer got everything that was sent again twice (RFC 2883, RFC 3708).
/// </summary>
internal sealed class SpuriousRecovery
{
    private bool _armed;
    private SeqNumber _start;
    private SeqNumber _end;
    private uint? _stamp;
    private bool _acknowledged;
    private int _unproven;

    /// <summary>Whether a retransmission was sent since the start.</summary>
    public bool Retransmitted => _unproven > 0;

    /// <summary>A recovery or a timeout begins.</summary>
    /// <param name="una">SND.UNA.</param>
    /// <param name="next">The number after the highest one sent.</param>
    public void Start(SeqNumber una, SeqNumber next)
    {
        _armed = true;
        _start = una;
        _end = next;
        _stamp = null;
        _acknowledged = false;
        _unproven = 0;
    }

    /// <summary>It cannot be undone any more.</summary>
    public void Stop() => _armed = false;

    /// <summary>A segment was sent again.</summary>
    /// <param name="stamp">Our timestamp clock.</param>
    public void SentAgain(uint stamp)
    {
        _stamp ??= stamp;
        _unproven++;
    }

    /// <summary>Whether the first ACK of new data after the start shows that what was sent again had arrived: its echo is older.</summary>
    /// <param name="echo">TSecr; null without timestamps.</param>
    public bool ShownByEcho(uint? echo)
    {
        bool first = _armed && !_acknowledged && _stamp is not null;
        _acknowledged |= first;
        return first && echo is { } older && unchecked((int)(older - _stamp!.Value)) < 0;
    }

    /// <summary>Whether with this D-SACK all that was sent again is known to have arrived twice.</summary>
    /// <param name="duplicate">The block.</param>
    public bool ShownByDuplicate(SackBlock duplicate)
    {
        if (!_armed || _unproven == 0 || duplicate.Left < _start || duplicate.Right > _end)
        {
            return false;
        }

        _unproven--;
        return _unproven == 0;
    }
}
