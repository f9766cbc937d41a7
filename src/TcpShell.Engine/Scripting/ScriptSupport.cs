using TcpShell.Wire;

namespace TcpShell.Scripting;

/// <summary>Looks through a script before it is run, so that one that cannot be run is called that, and not a failure of the TCP under test.</summary>
internal sealed class ScriptSupport(TcpScript script, ScriptMachine machine)
{
    // An IP packet has at most 65535 octets, of which IPv6 and TCP headers take up to 100.
    private const int LargestPayload = 65435;

    private readonly ScriptCode _code = new();
    private readonly ScriptCallSupport _calls = new();
    private ScriptMachine _machine = machine;

    /// <summary>Finds what is not supported: the first thing, unless something later tells better what the script is about.</summary>
    /// <returns>The event, and what in it is not supported; null if there is nothing.</returns>
    public (ScriptEvent Event, ScriptUnsupported What)? Find()
    {
        (ScriptEvent Event, ScriptUnsupported What)? first = null;
        foreach (ScriptEvent scriptEvent in script.Events)
        {
            if (FindIn(scriptEvent) is { } unsupported)
            {
                if (ScriptSubjects.Of(unsupported.Construct) is not null)
                {
                    return (scriptEvent, unsupported);
                }

                first ??= (scriptEvent, unsupported);
            }
        }

        return first;
    }

    private ScriptUnsupported? FindIn(ScriptEvent scriptEvent)
    {
        try
        {
            Require(scriptEvent);
            return null;
        }
        catch (ScriptUnsupported unsupported)
        {
            return unsupported;
        }
    }

    private void Require(ScriptEvent scriptEvent)
    {
        switch (scriptEvent)
        {
            case SystemCallEvent call:
                _calls.Require(call, _machine.Tcp);
                break;
            case PacketEvent packet:
                Require(packet);
                break;
            case CodeEvent code:
                _code.Check(code.Code, TcpInfo.IsKnown);
                break;
            case CommandEvent command:
                _machine = ScriptCommands.Apply(_machine, command.Command);
                break;
        }
    }

    private void Require(PacketEvent packet)
    {
        if (packet.Tunnels.Count > 0)
        {
            throw new ScriptUnsupported($"a packet in a tunnel ({packet.Tunnels[0].Protocol})");
        }

        switch (packet)
        {
            case TcpPacketEvent { PspIndex: not null }:
                throw new ScriptUnsupported("PSP encryption");
            case TcpPacketEvent { PayloadLength: > LargestPayload } or IcmpPacketEvent { QuotedLength: > LargestPayload }:
                throw new ScriptUnsupported("a packet of more than 65535 octets");
            case TcpPacketEvent segment:
                Require(segment.Options);
                break;
            case UdpPacketEvent:
                throw new ScriptUnsupported("UDP");
            case IcmpPacketEvent icmp when !icmp.IsInbound || icmp.Quote is IcmpQuote.Udp or IcmpQuote.Raw || icmp.Identifier is not null:
                throw new ScriptUnsupported("ICMP other than errors about TCP segments");
            case IcmpPacketEvent icmp:
                IcmpWords.NumbersOf(icmp, script.FindOption("ip_version") == "ipv6" || script.FindOption("local_ip")?.Contains(':') == true);
                break;
        }
    }

    private static void Require(IReadOnlyList<TcpOption>? options)
    {
        foreach (TcpOption option in options ?? [])
        {
            if (option.Kind is TcpOptionKind.FastOpenCookie or ScriptNotation.Experiment)
            {
                throw new ScriptUnsupported("TCP Fast Open");
            }

            if (option.Kind is ScriptNotation.AccurateEcn0 or ScriptNotation.AccurateEcn1)
            {
                throw new ScriptUnsupported("Accurate ECN");
            }
        }
    }
}
