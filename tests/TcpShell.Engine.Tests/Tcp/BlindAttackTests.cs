using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Tcp;

/// <summary>
/// An attacker who knows both ends of a connection but sees none of its segments guesses numbers (RFC 5961): 10,000 times, against each
/// state and both profiles. The guesses are random, but the same in every run.
/// </summary>
[Trait("Proves", "P16")]
public class BlindAttackTests
{
    private const int Guesses = 10_000;

    private static readonly TcpFlags[] s_kinds =
    [
        TcpFlags.RST, TcpFlags.RST | TcpFlags.ACK, TcpFlags.SYN, TcpFlags.SYN | TcpFlags.ACK,
        TcpFlags.ACK, TcpFlags.ACK | TcpFlags.PSH, TcpFlags.FIN | TcpFlags.ACK, TcpFlags.ACK | TcpFlags.URG,
    ];

    public static TheoryData<TcpState, string> StatesAndProfiles
    {
        get
        {
            var data = new TheoryData<TcpState, string>();
            foreach (TcpState state in Enum.GetValues<TcpState>().Where(state => state >= TcpState.SynSent))
            {
                data.Add(state, "linux");
                data.Add(state, "rfc");
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(StatesAndProfiles))]
    [Trait("Proves", "5961-1"), Trait("Proves", "5961-2"), Trait("Proves", "5961-3"), Trait("Proves", "5961-4"), Trait("Proves", "5961-5")]
    public void TenThousandGuesses_ChangeNoState_AndChallengesStayUnderTheirLimit(TcpState state, string profile)
    {
        TcpSettings settings = Plain(profile);
        InState.Of(state, settings).Do((connection, start) =>
        {
            var random = new SeededRandom((long)state, profile);
            Timestamp now = start;
            int challenges = 0;
            int available = connection.Available;
            for (int i = 0; i < Guesses; i++)
            {
                now = start + TimeSpan.FromMilliseconds(i);
                connection.HandleTimeout(now);
                TcpFlags kind = s_kinds[random.Next(s_kinds.Length)];
                if (state == TcpState.SynSent && kind == TcpFlags.SYN)
                {
                    continue; // that is a simultaneous open, for which no number need be guessed (MUST-10)
                }

                connection.SegmentArrives(Guess(kind, random), TcpHarness.Remote, now);
                while (connection.TryPollTransmit(now, out OutgoingSegment answer))
                {
                    challenges += answer.Reason == TransmitReason.ChallengeAck ? 1 : 0;
                    if (answer.Reason == TransmitReason.ChallengeAck)
                    {
                        Assert.Equal((connection.Snd.Nxt, connection.Rcv.Nxt), (answer.Segment.SequenceNumber, answer.Segment.AcknowledgmentNumber));
                        Assert.Equal((TcpFlags.ACK, 0), (answer.Segment.Flags, answer.Segment.Payload.Length)); // [5961-6]
                    }
                }
            }

            Assert.Equal((state, ConnectionError.None), (connection.State, connection.Error));
            Assert.Equal(available, connection.Available);
            int periods = (int)Math.Ceiling((now - start) / settings.ChallengeAckPeriod) + 1;
            Assert.InRange(challenges, 0, periods * settings.ChallengeAckLimit);
            Assert.Equal(challenges, connection.Counters.ChallengeAcks);
            if (state >= TcpState.Established)
            {
                Assert.True(challenges >= settings.ChallengeAckLimit, "A SYN is challenged wherever it lies.");
            }

            // The real peer is heard as before.
            if (state is TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2)
            {
                SegmentVerdict verdict = connection.SegmentArrives(
                    new TcpSegment
                    {
                        SourcePort = TcpHarness.Remote.Port,
                        DestinationPort = TcpHarness.Local.Port,
                        SequenceNumber = connection.Rcv.Nxt,
                        AcknowledgmentNumber = connection.Snd.Una,
                        Flags = TcpFlags.ACK,
                        Window = 65535,
                        Payload = new byte[100],
                    },
                    TcpHarness.Remote,
                    now);
                Assert.Equal((SegmentVerdict.Accepted, available + 100), (verdict, connection.Available));
            }
        }).IgnoreSent();
    }

    [Theory, InlineData("linux"), InlineData("rfc")]
    [Trait("Proves", "5961-4"), Trait("Proves", "MAY-12")]
    public void TenThousandGuessesAtEachEnd_TheTransferGoesOnUntouched(string profile)
    {
        TcpSettings settings = profile == "rfc" ? TcpSettings.Rfc : TcpSettings.Linux;
        var lab = new Lab(Applications.Echo, settings);
        lab.Network.Trace.Limit = 1_000_000;
        HostedConnection[] clients = [.. Enumerable.Range(0, 3).Select(_ => lab.Connect())];
        lab.RunTo(0.1);
        HostedConnection[] servers = [.. lab.Server.Connections];
        var random = new SeededRandom(4, profile);
        byte[] data = Lab.Pattern(1000);
        for (int i = 0; i < Guesses; i++)
        {
            foreach (HostedConnection victim in clients.Concat(servers))
            {
                lab.Inject(victim.Remote, victim.Local, Guess(s_kinds[random.Next(s_kinds.Length)], random));
            }

            lab.Network.RunFor(TimeSpan.FromMilliseconds(1));
            if (i % 1000 == 0)
            {
                foreach (HostedConnection client in clients)
                {
                    lab.Network.Send(client, data);
                    Assert.True(lab.Network.RunUntil(() => client.ReceiveQueue == data.Length, TimeSpan.FromSeconds(10)), $"{client} {client.Error}");
                    Assert.Equal(data, lab.ReceiveAll(client));
                }
            }
        }

        double seconds = lab.Network.Now.TotalSeconds;
        Assert.All(clients.Concat(servers), connection =>
        {
            Assert.Equal(TcpState.Established, connection.State);
            int limit = (int)((seconds / settings.ChallengeAckPeriod.TotalSeconds) + 2) * settings.ChallengeAckLimit;
            Assert.InRange(connection.Counters.ChallengeAcks, settings.ChallengeAckLimit, limit);
        });
    }

    /// <summary>
    /// CVE-2016-5696: where all connections share one limit, an attacker uses it up through a connection of its own and learns from what is
    /// left whether a guess at another one was right.
    /// </summary>
    [Fact, Trait("Proves", "5961-5")]
    public void AllowanceOfOneConnectionUsedUp_TellsNothingOfAnother()
    {
        var lab = new Lab();
        (_, HostedConnection one) = lab.Establish();
        lab.Connect();
        lab.RunTo(0.1);
        HostedConnection other = lab.Accepted;
        for (int i = 0; i < 1000; i++)
        {
            lab.Inject(one.Remote, one.Local, new TcpSegment { SequenceNumber = one.RcvNxt + 1000, Flags = TcpFlags.RST });
        }

        lab.RunTo(0.2);
        Assert.Equal((one.Settings.ChallengeAckLimit, 0), ((int)one.Counters.ChallengeAcks, (int)other.Counters.ChallengeAcks));
        for (int i = 0; i < 1000; i++)
        {
            lab.Inject(other.Remote, other.Local, new TcpSegment { SequenceNumber = other.RcvNxt + 1000, Flags = TcpFlags.RST });
        }

        lab.RunTo(0.3);
        Assert.Equal(other.Settings.ChallengeAckLimit, other.Counters.ChallengeAcks);
        Assert.Equal((TcpState.Established, TcpState.Established), (one.State, other.State));
    }

    /// <summary>ICMP errors need a guess too: the quoted number must be in flight (RFC 5927).</summary>
    [Theory, InlineData("linux"), InlineData("rfc"), Trait("Proves", "5927-1"), Trait("Proves", "5927-5")]
    public void TenThousandForgedIcmpErrors_ChangeNothing(string profile)
    {
        var lab = new Lab(Applications.Echo, profile == "rfc" ? TcpSettings.Rfc : TcpSettings.Linux);
        (HostedConnection client, HostedConnection server) = lab.Establish();
        var random = new SeededRandom(5, profile);
        IcmpErrorKind[] kinds = [.. Enum.GetValues<IcmpErrorKind>().Where(kind => kind != IcmpErrorKind.Other)];
        for (int i = 0; i < Guesses; i++)
        {
            HostedConnection victim = i % 2 == 0 ? client : server;
            byte[] quoted = Lab.Write(victim.Local, victim.Remote, new TcpSegment { SequenceNumber = (uint)random.NextUInt64(), Flags = TcpFlags.ACK });
            lab.Network.Inject(IcmpWriter.Write(IpAddress.Parse("192.0.2.66"), quoted, kinds[random.Next(kinds.Length)], random.Next(1500)));
            if (i % 100 == 0)
            {
                lab.Network.Send(client, Lab.Pattern(1000));
                lab.Network.RunFor(TimeSpan.FromMilliseconds(50));
                lab.ReceiveAll(client);
            }
        }

        Assert.All([client, server], connection =>
        {
            Assert.Equal((TcpState.Established, 1500, null), (connection.State, connection.PathMtu, connection.LastIcmpError));
        });
        Assert.Equal(100_000, server.Received);
    }

    /// <summary>The options that tests do without, so that the guesses are judged by their numbers alone.</summary>
    private static TcpSettings Plain(string profile) => profile == "linux"
        ? TcpHarness.Plain
        : TcpSettings.Rfc with { Timestamps = false, WindowScaling = false, SelectiveAcknowledgment = false };

    private static TcpSegment Guess(TcpFlags kind, SeededRandom random) => new()
    {
        SourcePort = TcpHarness.Remote.Port,
        DestinationPort = TcpHarness.Local.Port,
        SequenceNumber = (uint)random.NextUInt64(),
        AcknowledgmentNumber = (uint)random.NextUInt64(),
        Flags = kind,
        Window = (ushort)random.Next(65536),
        UrgentPointer = (ushort)random.Next(65536),
        Payload = kind.HasAny(TcpFlags.PSH | TcpFlags.URG) ? new byte[100] : default,
    };
}
