using TcpShell.Wire;

namespace TcpShell.Scripting;

// Programs that answer at once. A packet and the calls behind it can have the same time; whether the host acknowledges before they are made is
// then a matter of which came first, and the script tells: if the next packet that it expects carries data or a FIN, they came first, and the
// acknowledgment goes with it. On a machine whose programs act first they always did.
internal sealed partial class ScriptRun
{
    private int _lastAnswer = -1;

    /// <summary>Lets the host wait with its answer to a packet until the program has made its calls, where the script has it so.</summary>
    private void HoldBackFor(int index)
    {
        if (_script.Events[index] is not TcpPacketEvent { IsInbound: true } inbound)
        {
            return;
        }

        uint end = unchecked(inbound.Sequence + (uint)inbound.PayloadLength + (inbound.Flags.Has(TcpFlags.FIN) ? 1u : 0));
        int next = index + 1;
        while (next < _script.Events.Count && _script.Events[next] is SystemCallEvent { End: null } call && IsAtTheTimeOf(inbound, call))
        {
            next++;
        }

        bool isAnswered = end != inbound.Sequence
            && next < _script.Events.Count
            && _script.Events[next] is TcpPacketEvent { IsInbound: false } answer
            && (answer.PayloadLength > 0 || answer.Flags.Has(TcpFlags.FIN))
            && unchecked((int)((answer.Acknowledgment ?? 0) - end)) >= 0; // beyond it, where the packet fills a gap
        if (next > index + 1 && (isAnswered || Host.Machine.Sockets.ProgramsActFirst))
        {
            _lastAnswer = next - 1;
            Host.HoldsBack = true;
        }
    }

    private void ReleaseAfter(int index)
    {
        if (index == _lastAnswer)
        {
            Host.HoldsBack = false;
            Host.Drain();
        }
    }

    private static bool IsAtTheTimeOf(ScriptEvent packet, ScriptEvent call) => call.Time.Kind switch
    {
        ScriptTimeKind.Relative => call.Time.Start == TimeSpan.Zero,
        ScriptTimeKind.Absolute => packet.Time.Kind == ScriptTimeKind.Absolute && call.Time.Start == packet.Time.Start,
        _ => false,
    };
}
