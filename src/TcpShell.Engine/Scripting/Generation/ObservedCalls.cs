using TcpShell.Simulation;
using TcpShell.Tcp;

namespace TcpShell.Scripting.Generation;

/// <summary>The calls of a program whose host kept a record of them: known, and not inferred. Each stands where it was made, at its time.</summary>
internal sealed class ObservedCalls
{
    private readonly SeatTrace _trace;
    private readonly IReadOnlyList<NotedCall> _calls;
    private readonly CallPlan _plan = new();
    private readonly List<(int Packet, long Time, SystemCallEvent Call)> _untilOpen = [];
    private readonly int _listener;
    private readonly int _descriptor;
    private readonly int _opened;
    private TcpSettings _settings;
    private (int Packet, long Time, int Octets)? _unpushed;
    private int _read;
    private bool _isClosed;

    private ObservedCalls(SeatTrace trace, int listener, int descriptor)
    {
        _trace = trace;
        _calls = trace.Calls!;
        _settings = trace.Settings!;
        _listener = listener;
        _descriptor = descriptor;
        _opened = trace.Packets.ToList().FindIndex(packet => packet.IsInbound && packet.Segment.StateChanges.Any(trace.IsOpening));
        _opened = _opened < 0 ? int.MaxValue : _opened;
    }

    private bool IsAccepted => _trace.IsActive || _opened < int.MaxValue;

    /// <summary>Lays out the calls that a trace has noted.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="listener">The descriptor that listens, or that connects.</param>
    /// <param name="descriptor">The descriptor of the connection.</param>
    /// <exception cref="ScriptGenerationException">One of the calls is none that a script can make.</exception>
    public static CallPlan Plan(SeatTrace trace, int listener, int descriptor)
    {
        var calls = new ObservedCalls(trace, listener, descriptor);
        calls.Lay();
        return calls._plan;
    }

    private void Lay()
    {
        if (!_trace.IsActive && IsAccepted)
        {
            _plan.AddAfter(_opened, Calls.Accept(_listener, _descriptor));
        }

        int packet = 0;
        for (int i = 0; i < _calls.Count; i++)
        {
            NotedCall noted = _calls[i];
            while (packet + 1 < _trace.Packets.Count && _trace.Packets[packet + 1].Order < noted.Order)
            {
                packet++;
            }

            long latest = packet + 1 < _trace.Packets.Count ? _trace.Packets[packet + 1].Time : long.MaxValue;
            long time = Math.Clamp(_trace.TimeOf(noted.Time), _trace.Packets[packet].Time, latest);
            if (packet >= _opened)
            {
                EndWaiting();
            }

            Lay(i, packet, time);
        }

        EndPiece();
        EndWaiting();
    }

    private void Lay(int index, int packet, long time)
    {
        RecordedCall call = _calls[index].Call;
        bool goesOn = call is { Kind: RecordedCallKind.Send, Urgent: false } && _unpushed?.Time == time;
        if (!goesOn)
        {
            EndPiece(isPushed: call.Kind == RecordedCallKind.Push);
        }

        switch (call.Kind)
        {
            case RecordedCallKind.Send when call.Urgent:
                Add(packet, time, Calls.Send(_descriptor, call.Octets, "MSG_OOB"));
                break;
            case RecordedCallKind.Send:
                AddPiece(packet, time, call);
                break;
            case RecordedCallKind.Receive when call.Octets > 0:
                _read += call.Octets;
                Add(packet, time, Calls.Read(_descriptor, call.Octets));
                break;
            case RecordedCallKind.ChangeSettings:
                Change(packet, time, call.Settings!);
                break;
            case RecordedCallKind.EndReceiving when !_isClosed:
                RequireAccepted("closed");
                Add(packet, time, Calls.Close(_descriptor));
                _isClosed = true;
                break;
            case RecordedCallKind.Close when !_isClosed:
                RequireAccepted("closed");
                _isClosed = IsTheLast(index, packet);
                Add(packet, time, _isClosed ? Calls.Close(_descriptor) : Calls.Shutdown(_descriptor));
                break;
            case RecordedCallKind.Abort when !_isClosed:
                RequireAccepted("aborted");
                Add(packet, time, Calls.LingerForNoTime(_descriptor));
                Add(packet, time, Calls.Close(_descriptor));
                _isClosed = true;
                break;
        }
    }

    /// <summary>Whether a program that closes here has nothing more to do with its connection, and has read all: it can give its descriptor back.</summary>
    private bool IsTheLast(int index, int packet)
    {
        bool callsMore = _calls.Skip(index + 1).Any(later => later.Call is { Kind: RecordedCallKind.ChangeSettings or RecordedCallKind.Abort or RecordedCallKind.EndReceiving } or { Octets: > 0 });
        int arrived = _trace.Packets.Take(packet + 1).Where(before => before is { IsInbound: true, HasData: true }).Select(before => before.End).DefaultIfEmpty(1).Max();
        bool isMoreToCome = _trace.Packets.Skip(packet + 1).Any(later => later is { IsInbound: true, HasData: true } && later.End > arrived);
        return !callsMore && !isMoreToCome && arrived == 1 + _read;
    }

    /// <summary>A long write is given to the TCP piece by piece; all but the last piece say that more follows.</summary>
    private void AddPiece(int packet, long time, RecordedCall call)
    {
        (int first, long at, int octets) = _unpushed ?? (packet, time, 0);
        _unpushed = (first, at, octets + call.Octets);
        if (call.Push)
        {
            EndPiece(isPushed: true, call.EndOfRecord);
        }
    }

    private void EndPiece(bool isPushed = false, bool endsRecord = false)
    {
        if (_unpushed is not { } piece)
        {
            return;
        }

        _unpushed = null;
        if (piece.Octets > 0)
        {
            string? flag = !isPushed ? "MSG_MORE" : endsRecord ? "MSG_EOR" : null;
            Add(piece.Packet, piece.Time, flag is null ? Calls.Write(_descriptor, piece.Octets) : Calls.Send(_descriptor, piece.Octets, flag));
        }
    }

    private void Change(int packet, long time, TcpSettings settings)
    {
        // Before a connection is accepted its listener's options are those that it will have.
        int target = packet < _opened && !_trace.IsActive ? _listener : _descriptor;
        foreach (SystemCallEvent call in SocketOptions.Between(_settings, settings, target))
        {
            _plan.AddAfter(packet, call, time);
        }

        _plan.HasOtherChanges |= SocketOptions.DifferOtherwise(_settings, settings);
        _settings = settings;
    }

    /// <summary>A call on data, or that ends the connection: what is asked for before it is open waits until then.</summary>
    private void Add(int packet, long time, SystemCallEvent call)
    {
        bool waits = packet < _opened && (call.Name is "write" or "send" || _untilOpen.Count > 0);
        if (waits)
        {
            _untilOpen.Add((packet, time, call));
            return;
        }

        _plan.AddAfter(packet, call, time);
    }

    private void EndWaiting()
    {
        if (_opened < int.MaxValue)
        {
            _untilOpen.ForEach(waiting => _plan.AddAfter(_opened, waiting.Call));
        }

        _untilOpen.Clear();
    }

    private void RequireAccepted(string what)
    {
        if (!IsAccepted)
        {
            throw new ScriptGenerationException($"Its program {what} it before it was open, which no program can that has to accept it first.");
        }
    }
}
