using TcpShell.Wire;

namespace TcpShell.Tcp;

// RFC 9293 3.10.1 to 3.10.6: the user's calls.
public sealed partial class TcpConnection
{
    private SeqNumber _requestedIss;
    // A window of thousands of segments shall not end in thousands of RSTs.
    private const int MaximumPlaces = 16;

    private readonly Queue<SeqNumber> _abortPlaces = new(0);
    private bool _abortPending;
    private bool _receivesNoMore;

    /// <summary>Told of each call that was carried out; null where nobody keeps a record.</summary>
    internal Action<RecordedCall>? Called { get; set; }

    /// <summary>OPEN, passive (RFC 9293 3.10.1): waits for a request from anybody.</summary>
    /// <param name="now">The time.</param>
    /// <exception cref="TcpCallException">The connection is not in CLOSED.</exception>
    public void OpenPassive(Timestamp now)
    {
        if (State != TcpState.Closed || _ended)
        {
            throw Exists();
        }

        _passive = true;
        SetState(TcpState.Listen, TransitionEvent.PassiveOpen, "passive open", now);
    }

    /// <summary>OPEN, active (RFC 9293 3.10.1), from CLOSED or LISTEN: asks for a connection.</summary>
    /// <param name="remote">The other end.</param>
    /// <param name="iss">Our initial sequence number, from <see cref="InitialSequence"/>.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="TcpCallException">There is a connection already, or no connection is possible with that address.</exception>
    public void OpenActive(Endpoint remote, SeqNumber iss, Timestamp now) =>
        StartActive(remote, iss, TransitionEvent.ActiveOpen, "active open", now);

    /// <summary>
    /// SEND (RFC 9293 3.10.2): takes octets to be sent. Before the connection is open they wait.
    /// </summary>
    /// <param name="data">The octets.</param>
    /// <param name="now">The time.</param>
    /// <param name="urgent">Whether the last of them is urgent (3.8.5 [MUST-30]).</param>
    /// <param name="push">Whether they are pushed [MAY-15]. If not, more will follow soon: a segment that is not full waits for it, or for the next
    /// ACK, or for one RTO [MUST-60].</param>
    /// <param name="endOfRecord">Whether what is given later must not go into one segment with the last of them.</param>
    /// <returns>Octets taken; fewer than given where the send buffer is full.</returns>
    /// <exception cref="TcpCallException">There is no connection, it is closing, or it listens: then use <see cref="SendWhileListening"/>.</exception>
    public int Send(ReadOnlySpan<byte> data, Timestamp now, bool urgent = false, bool push = true, bool endOfRecord = false)
    {
        switch (State)
        {
            case TcpState.Closed:
                throw DoesNotExist();
            case TcpState.Listen:
                throw new TcpCallException(TcpCallError.RemoteUnspecified, "The connection listens and has no peer to send to: remote socket unspecified.");
            case TcpState.SynSent or TcpState.SynReceived or TcpState.Established or TcpState.CloseWait when !_finQueued:
                int taken = _sendBuffer.Append(data);
                _spaceWanted |= taken < data.Length;
                NotePush(push, endOfRecord && taken == data.Length);
                if (urgent && taken > 0)
                {
                    Snd.Up = _sendBuffer.End; // [MUST-62] the octet after the urgent data
                    _urgentQueued = true;
                }

                ArmUserTimeout(now);
                Called?.Invoke(new(RecordedCallKind.Send) { Octets = taken, Urgent = urgent, Push = push, EndOfRecord = endOfRecord });
                return taken;
            default:
                throw Closing();
        }
    }

    /// <summary>SEND on a listening connection (RFC 9293 3.10.2): it becomes the active side and the data waits for the handshake.</summary>
    /// <param name="data">The octets.</param>
    /// <param name="remote">The other end.</param>
    /// <param name="iss">Our initial sequence number.</param>
    /// <param name="now">The time.</param>
    /// <returns>Octets taken.</returns>
    /// <exception cref="TcpCallException">The connection does not listen, or no connection is possible with that address.</exception>
    public int SendWhileListening(ReadOnlySpan<byte> data, Endpoint remote, SeqNumber iss, Timestamp now)
    {
        if (State != TcpState.Listen)
        {
            throw Exists();
        }

        StartActive(remote, iss, TransitionEvent.SendWhileListening, "the user sends", now);
        return Send(data, now);
    }

    /// <summary>RECEIVE (RFC 9293 3.10.3): hands over octets in order.</summary>
    /// <param name="destination">Where to put them.</param>
    /// <param name="now">The time.</param>
    /// <returns>Octets copied; 0 where none are there yet, or at the end of the stream (<see cref="EndOfStream"/>).</returns>
    /// <exception cref="TcpCallException">There is no connection, or it was reset.</exception>
    public int Receive(Span<byte> destination, Timestamp now)
    {
        if (State == TcpState.Closed && (Error != ConnectionError.None || !_finReceived))
        {
            throw DoesNotExist();
        }

        int count = _reassembler.Read(destination);
        Rcv.Up = SeqNumber.Max(Rcv.Up, UserNext);
        if (count > 0 && State is TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2)
        {
            // [MUST-39] The peer hears of it when the window opens by enough to be worth a segment.
            _windowUpdatePending |= WindowWouldOpenMuch();
        }

        TellEndOfStream(now);
        Called?.Invoke(new(RecordedCallKind.Receive) { Octets = count });
        return count;
    }

    /// <summary>CLOSE (RFC 9293 3.10.4 [U-15]): this end has no more data. What is queued goes out first; receiving goes on (half-close).</summary>
    /// <param name="now">The time.</param>
    /// <exception cref="TcpCallException">There is no connection, or it is closing already.</exception>
    public void Close(Timestamp now)
    {
        switch (State)
        {
            case TcpState.Closed:
                throw DoesNotExist();
            case TcpState.Listen or TcpState.SynSent:
                Error = State == TcpState.SynSent ? ConnectionError.Aborted : ConnectionError.None;
                SetState(TcpState.Closed, TransitionEvent.Close, "the user closes", now);
                break;
            case TcpState.SynReceived when _sendBuffer.Count > 0 && !_finQueued:
                // Data waits for the handshake, so the close waits too and is carried out in ESTABLISHED.
                _finQueued = true;
                break;
            case TcpState.SynReceived or TcpState.Established when !_finQueued:
                _finQueued = true;
                SetState(TcpState.FinWait1, TransitionEvent.Close, "the user closes", now);
                break;
            case TcpState.CloseWait:
                _finQueued = true;
                SetState(TcpState.LastAck, TransitionEvent.Close, "the user closes", now);
                break;
            default:
                throw Closing();
        }

        ArmUserTimeout(now);
        Called?.Invoke(new(RecordedCallKind.Close));
    }

    /// <summary>
    /// The user receives no more, ever: new data that arrives once this end is closed is answered with a RST, so that the peer hears that it is
    /// lost (half-duplex close, RFC 9293 3.6.1 [MAY-1, SHLD-3]).
    /// </summary>
    public void EndReceiving()
    {
        _receivesNoMore = true;
        Called?.Invoke(new(RecordedCallKind.EndReceiving));
    }

    /// <summary>ABORT (RFC 9293 3.10.5 [U-16]): ends the connection at once; the peer gets a RST where it may count the connection as open.</summary>
    /// <param name="now">The time.</param>
    /// <exception cref="TcpCallException">There is no connection.</exception>
    public void Abort(Timestamp now)
    {
        if (State == TcpState.Closed)
        {
            throw DoesNotExist();
        }

        _abortPending = State is TcpState.SynReceived or TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2 or TcpState.CloseWait;
        Fail(ConnectionError.Aborted, TransitionEvent.Abort, "the user aborts", now);
        Called?.Invoke(new(RecordedCallKind.Abort));
    }

    /// <summary>
    /// ABORT after which nobody will be here any more. A peer that misses a part of what was sent would answer the RST at SND.NXT with a challenge only
    /// (RFC 5961 3.2), and stay half-open when nobody answers that. So one more RST goes to each of the places where the peer may be, as far as they are few;
    /// and one also where the peer has closed, which may not have heard all yet.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <exception cref="TcpCallException">There is no connection.</exception>
    public void AbortForGood(Timestamp now)
    {
        bool hasClosed = State is TcpState.Closing or TcpState.LastAck;
        bool hears = IsSynchronized(State) && State != TcpState.TimeWait;
        SeqNumber[] places = hears ? [.. Unacknowledged.Segments.Where(segment => !segment.Sacked).Take(MaximumPlaces).Select(segment => segment.SequenceNumber)] : [];
        Abort(now);
        _abortPending |= hasClosed;
        foreach (SeqNumber place in places.Where(place => place != Snd.Nxt))
        {
            _abortPlaces.Enqueue(place);
        }
    }

    /// <summary>Makes the connection that answers a request which reached a listening one; it starts in LISTEN with the same settings.</summary>
    /// <param name="local">This end, with the address that the request was sent to.</param>
    /// <param name="mtu">The largest IP packet that the interface carries, in octets.</param>
    /// <param name="timestampOffset">Where its timestamp clock starts.</param>
    internal TcpConnection Fork(Endpoint local, int mtu, uint timestampOffset) =>
        new(Settings, local, mtu, timestampOffset) { State = TcpState.Listen, _passive = true };

    /// <summary>Refuses a remote end with which no connection is possible [MUST-46].</summary>
    /// <exception cref="TcpCallException">It names no one host, or no port.</exception>
    internal static void RequireRemote(Endpoint remote)
    {
        if (remote.Port == 0 || !remote.Address.IsUnicast)
        {
            throw new TcpCallException(TcpCallError.InvalidAddress, $"No connection is possible with {remote}: TCP needs one host's address and a port.");
        }
    }

    /// <summary>Fixes the local end of a listening connection that is about to become active.</summary>
    internal void BindLocal(Endpoint local) => Local = local;

    /// <summary>Asks to be told by <see cref="ConnectionEventKind.SpaceAvailable"/> when the send buffer has room again.</summary>
    public void AskForSpace() => _spaceWanted = true;

    /// <summary>Gives a listening connection the sequence number that it will answer the next SYN with.</summary>
    /// <param name="iss">Our initial sequence number.</param>
    public void PrepareIss(SeqNumber iss) => _requestedIss = iss;

    private void StartActive(Endpoint remote, SeqNumber iss, TransitionEvent what, string cause, Timestamp now)
    {
        if (State is not (TcpState.Closed or TcpState.Listen) || _ended)
        {
            throw Exists();
        }

        RequireRemote(remote);
        Remote = remote;
        _passive = false;
        SetIss(iss);
        _synPending = true;
        SetState(TcpState.SynSent, what, $"{cause}, SYN seq=0", now);
    }

    private void SetIss(SeqNumber iss)
    {
        Snd.Iss = iss;
        Snd.Una = Snd.Nxt = Snd.Max = Snd.Up = iss;
        _sendBuffer.StartAt(iss + 1);
        _pushedUpTo = _releasedUpTo = iss + 1;
        _recover = _windowFullUpTo = _mostInFlightUpTo = iss; // [6582-1]
        _rack.Start(iss);
    }

    private static TcpCallException Exists() => new(TcpCallError.ConnectionExists, "The connection was opened already: connection already exists.");

    private TcpCallException DoesNotExist() => Error switch
    {
        ConnectionError.None => new(TcpCallError.ConnectionDoesNotExist, "The connection is closed: connection does not exist."),
        ConnectionError.Reset => new(TcpCallError.ConnectionReset, "The connection was reset by the peer: connection reset."),
        _ => new(TcpCallError.ConnectionDoesNotExist, $"The connection is closed ({Error}): connection does not exist."),
    };

    private static TcpCallException Closing() => new(TcpCallError.ConnectionClosing, "This end has closed the connection already: connection closing.");
}
