namespace TcpShell.Scripting.Generation;

/// <summary>The system calls of the program under test, each before or after a packet of the trace, at that packet's time.</summary>
internal sealed class CallPlan
{
    private readonly Dictionary<int, List<SystemCallEvent>> _before = [];
    private readonly Dictionary<int, List<SystemCallEvent>> _after = [];

    private readonly Dictionary<int, long> _answers = [];

    public IReadOnlyList<SystemCallEvent> Before(int packet) => _before.GetValueOrDefault(packet) ?? [];

    public IReadOnlyList<SystemCallEvent> After(int packet) => _after.GetValueOrDefault(packet) ?? [];

    /// <summary>How much earlier than in the trace a packet may leave, as its call was made when what it answers had come; in microseconds.</summary>
    public long AnswerTime(int packet) => _answers.GetValueOrDefault(packet);

    public void NoteAnswer(int packet, long time) => _answers[packet] = time;

    public void AddBefore(int packet, SystemCallEvent call) => Add(_before, packet, call);

    public void AddAfter(int packet, SystemCallEvent call) => Add(_after, packet, call);

    private static void Add(Dictionary<int, List<SystemCallEvent>> calls, int packet, SystemCallEvent call)
    {
        if (!calls.TryGetValue(packet, out List<SystemCallEvent>? list))
        {
            calls.Add(packet, list = []);
        }

        list.Add(call);
    }
}
