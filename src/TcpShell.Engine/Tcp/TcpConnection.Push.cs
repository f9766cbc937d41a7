using TcpShell.Wire;

namespace TcpShell.Tcp;

// PUSH, and what holds short segments back (RFC 9293 3.9.1.2 [MAY-15], 3.7.4 [SHLD-7]); ends of records.
public sealed partial class TcpConnection
{
    private SeqNumber _pushedUpTo;
    private SeqNumber _releasedUpTo;
    private bool _awaitsPush;

    /// <summary>Lets go at once what Nagle's algorithm, a cork or a SEND without PUSH holds back, as far as the windows allow.</summary>
    public void Push()
    {
        _awaitsPush = false;
        _releasedUpTo = _pushedUpTo = _sendBuffer.End;
        Called?.Invoke(new(RecordedCallKind.Push));
    }

    /// <summary>Notes how the user has given the last octets of the send buffer.</summary>
    private void NotePush(bool push, bool endOfRecord)
    {
        _awaitsPush = !push;
        if (push)
        {
            _pushedUpTo = _sendBuffer.End;
        }

        if (endOfRecord)
        {
            _sendBuffer.EndRecord();
        }
    }

    /// <summary>Nagle [SHLD-7] and the sender's part against silly windows [MUST-38]: whether so little may go now.</summary>
    private bool IsWorthASegment(int length, int room, int unsent, bool withFin)
    {
        bool everything = length == unsent;
        bool nothingOutstanding = Snd.Nxt == Snd.Una;
        bool isHeld = Settings.Cork || _awaitsPush || (Settings.Nagle && !nothingOutstanding);
        bool mayBeShort = withFin || _finQueued || _urgentQueued || Snd.Nxt < _releasedUpTo || !isHeld;
        return length == room // [SHLD-28]
            || (everything ? mayBeShort : length >= Snd.MaxWnd / 2 || _sendBuffer.IsEndOfRecord(Snd.Nxt + length))
            || _sendSilly;
    }

    /// <summary>Whether a segment carries the last octet that was pushed, or ends a record [MUST-61].</summary>
    private bool IsPushed(SeqNumber start, int count) =>
        count > 0 && ((start < _pushedUpTo && _pushedUpTo <= start + count) || _sendBuffer.IsEndOfRecord(start + count));
}
