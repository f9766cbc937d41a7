using System.Reflection;
using TcpShell.Engine.Tests.Simulation;
using TcpShell.Exploration;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Exploration;

/// <summary>That states are told apart by all that decides how they go on, and by nothing else; and that copies go on as their originals do.</summary>
public class StateFingerprintTests
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    [Fact]
    public void EveryField_OfAConnection_Counts()
    {
        Lab lab = LabWithDataUnderway();
        TcpConnection connection = lab.Client.Connections[0].Tcp;
        UInt128 before = Fingerprint(lab);
        var fields = new ObjectFields();
        var tried = new List<string>();

        foreach (object part in Parts(connection, fields))
        {
            foreach (FieldInfo field in fields.Of(part.GetType()).Where(field => !StateFingerprint.Ignores(field)))
            {
                object? old = field.GetValue(part);
                if (Changed(old, lab.Network.Now) is not { } changed)
                {
                    continue;
                }

                field.SetValue(part, changed);
                Assert.True(before != Fingerprint(lab), $"{part.GetType().Name}.{field.Name} does not count.");
                field.SetValue(part, old);
                tried.Add(field.Name);
            }
        }

        Assert.Equal(before, Fingerprint(lab));
        Assert.Contains("_finQueued", tried);
        Assert.InRange(tried.Count, 60, 1000);
    }

    [Fact]
    public void Timers_Count()
    {
        Lab lab = LabWithDataUnderway();
        UInt128 before = Fingerprint(lab);

        lab.Client.Connections[0].Tcp.Timers.Set(TimerKind.KeepAlive, lab.Network.Now + s_hour);

        Assert.NotEqual(before, Fingerprint(lab));
    }

    [Fact]
    public void PacketsUnderway_Count()
    {
        Lab lab = LabWithDataUnderway();
        UInt128 before = Fingerprint(lab);

        lab.Network.Lose(lab.Network.Underway[0]);

        Assert.NotEqual(before, Fingerprint(lab));
    }

    [Fact]
    public void SameLabAtAnotherTime_IsTheSame()
    {
        Lab early = new();
        Lab late = new();
        early.RunTo(1);
        late.RunTo(3600);
        early.Client.IssChooser = late.Client.IssChooser = (_, _) => new SeqNumber(1000);
        early.Connect();
        late.Connect();

        Assert.Equal(Fingerprint(early), Fingerprint(late));
    }

    [Fact]
    public void Copy_GoesOnAsTheOriginal_AndLeavesItAlone()
    {
        Lab lab = LabWithDataUnderway();
        SimulatedNetwork copy = NetworkCopy.Of(lab.Network);
        int before = lab.Network.Trace.Count;

        copy.RunUntilIdle(s_hour);

        Assert.Equal(before, lab.Network.Trace.Count);
        Assert.Equal(0, lab.Accepted.ReceiveQueue);
        lab.Network.RunUntilIdle(s_hour);
        Assert.Equal(
            lab.Network.Trace.Select(packet => Convert.ToHexString(packet.Bytes.Span)),
            copy.Trace.Select(packet => Convert.ToHexString(packet.Bytes.Span)));
        Assert.Equal(lab.Network.Now, copy.Now);
    }

    [Fact]
    public void Copy_MakesConnectionsOfItsOwn()
    {
        var lab = new Lab(Applications.Echo);
        SimulatedNetwork copy = NetworkCopy.Of(lab.Network);

        HostedConnection made = copy.Connect(copy.FindHost("client")!, Lab.ServerEnd);
        copy.RunUntilIdle(s_hour);

        Assert.Equal((TcpState.Established, 1), (made.State, made.Id));
        Assert.Empty(lab.Network.Connections);
        Assert.Equal(1, lab.Connect().Id);
    }

    private static Lab LabWithDataUnderway()
    {
        var lab = new Lab();
        (HostedConnection client, _) = lab.Establish();
        lab.Network.Send(client, "some data"u8);
        return lab;
    }

    private static UInt128 Fingerprint(Lab lab) => new StateFingerprint().Of(new ScenarioRun(new Scenario { Name = "test", Build = () => lab.Network }));

    /// <summary>The connection and the objects of our own that it is made of.</summary>
    private static HashSet<object> Parts(TcpConnection connection, ObjectFields fields)
    {
        HashSet<object> parts = new(ReferenceEqualityComparer.Instance) { connection };
        foreach (FieldInfo field in fields.Of(typeof(TcpConnection)).Where(field => !StateFingerprint.Ignores(field)))
        {
            bool isOurs = field.GetValue(connection) is { } value && !value.GetType().IsValueType && value is not (TcpSettings or Delegate or Array)
                && value.GetType().Namespace!.StartsWith("TcpShell", StringComparison.Ordinal);
            if (isOurs)
            {
                parts.Add(field.GetValue(connection)!);
            }
        }

        return parts;
    }

    private static object? Changed(object? value, Timestamp now) => value switch
    {
        bool flag => !flag,
        int number => number ^ 1,
        uint number => number ^ 0x100,
        long number => number ^ 1,
        double number => number + 1,
        SeqNumber number => number + 1,
        TimeSpan duration => duration + s_hour,
        Timestamp => now + s_hour,
        _ => null,
    };
}
