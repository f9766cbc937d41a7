namespace TcpShell.Scripting.Generation;

/// <summary>The system calls of the program under test, each before or after a packet of the trace.</summary>
internal sealed class CallPlan
{
    private readonly Dictionary<int, List<PlannedCall>> _before = [];
    private readonly Dictionary<int, List<PlannedCall>> _after = [];

    private readonly Dictionary<int, long> _answers = [];

    /// <summary>Whether settings changed on the way that no call can change.</summary>
    public bool HasOtherChanges { get; set; }

    public IReadOnlyList<PlannedCall> Before(int packet) => _before.GetValueOrDefault(packet) ?? [];

    public IReadOnlyList<PlannedCall> After(int packet) => _after.GetValueOrDefault(packet) ?? [];

    /// <summary>How much earlier than in the trace a packet may leave, as its call was made when what it answers had come; in microseconds.</summary>
    public long AnswerTime(int packet) => _answers.GetValueOrDefault(packet);

    public void NoteAnswer(int packet, long time) => _answers[packet] = time;

    /// <summary>Makes a call before a packet, at its time.</summary>
    public void AddBefore(int packet, SystemCallEvent call) => Add(_before, packet, new(call, null));

    /// <summary>Makes a call after a packet: at a time between it and the next one, or at its own.</summary>
    public void AddAfter(int packet, SystemCallEvent call, long? time = null) => Add(_after, packet, new(call, time));

    private static void Add(Dictionary<int, List<PlannedCall>> calls, int packet, PlannedCall call)
    {
        if (!calls.TryGetValue(packet, out List<PlannedCall>? list))
        {
            calls.Add(packet, list = []);
        }

        list.Add(call);
    }
}

/// <summary>A call with its time, in microseconds since the first packet; null for that of its packet.</summary>
internal readonly record struct PlannedCall(SystemCallEvent Call, long? Time);
