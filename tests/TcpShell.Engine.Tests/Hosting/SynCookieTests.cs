using TcpShell.Engine.Tests.Simulation;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Simulation.Impairments;
using TcpShell.Tcp;
using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>SYN cookies (RFC 4987 3.6): what they remember, whose they take, and what a connection made from one is like.</summary>
public class SynCookieTests
{
    private static readonly TcpSettings s_always = TcpSettings.Linux with { SynCookies = SynCookieMode.Always };
    private static readonly Timestamp s_now = Timestamp.FromSeconds(1000);

    [Fact, Trait("Proves", "4987-3"), Trait("Proves", "4987-4"), Trait("Proves", "P17")]
    public void Always_ConnectionOpensFromTheCookieWithAllItsOptions()
    {
        var lab = new Lab(Applications.Echo, serverSettings: s_always);
        HostedConnection client = lab.Connect();
        lab.Network.RunUntil(() => client.State == TcpState.Established, Lab.Long);
        Assert.Empty(lab.Server.Connections); // the server has answered and knows nothing
        Assert.Equal((0, 1L), (lab.Listener.HalfOpen, lab.Listener.SynCookiesSent));
        lab.RunTo(0.1);
        HostedConnection server = lab.Accepted;
        Assert.Equal((TcpState.Established, 1L, 1), (server.State, lab.Listener.SynCookiesAccepted, lab.Listener.Accepted));
        Assert.Equal((true, true, true), (server.TimestampsInForce, server.SackInForce, server.WindowScalingInForce));
        Assert.Equal((client.RcvScale, client.SndScale), (server.SndScale, server.RcvScale));
        Assert.Equal((client.SendMss, 1448), (server.SendMss, server.SendMss));
        Assert.Equal(
            ["passive open", "SYN read back from its SYN cookie, seq=0", "ACK arrives, ack=1"], server.StateChanges.Select(change => change.Cause));
        Assert.Null(server.Srtt);

        byte[] data = Lab.Pattern(300_000);
        lab.Network.Send(client, data);
        Assert.True(lab.Network.RunUntil(() => client.ReceiveQueue == data.Length, TimeSpan.FromMinutes(1)));
        Assert.Equal(data, lab.ReceiveAll(client));
        lab.Network.Close(client);
        Assert.True(lab.Network.RunUntilIdle(Lab.Long));
        Assert.Empty(lab.Server.Connections);
    }

    [Fact, Trait("Proves", "4987-4"), Trait("Proves", "MUST-16")]
    public void WithoutTimestamps_OnlyTheMssIsKept_RoundedDown()
    {
        var lab = new Lab(serverSettings: s_always);
        HostedConnection client = lab.Connect(TcpSettings.Linux with { Timestamps = false, MaximumSegmentSize = 1400 });
        lab.RunTo(0.1);
        Assert.Equal((false, false, false), (client.SackInForce, client.WindowScalingInForce, client.TimestampsInForce));
        Assert.Equal((false, false, 1360), (lab.Accepted.SackInForce, lab.Accepted.WindowScalingInForce, lab.Accepted.SendMss));
    }

    [Fact, Trait("Proves", "4987-2")]
    public void WhenFull_OnlyWhatFindsTheBacklogFullGetsACookie()
    {
        var lab = new Lab();
        Listener small = lab.Network.Listen(lab.Server, new Endpoint(default, 81), Applications.Manual, backlog: 2);
        lab.Drop(TcpFlags.ACK, "client", count: 2); // the third segments of the first two
        HostedConnection[] clients = [.. Enumerable.Range(0, 4).Select(_ => lab.Network.Connect(lab.Client, Lab.ServerEnd with { Port = 81 }))];
        lab.RunTo(0.5);
        Assert.All(clients, client => Assert.Equal(TcpState.Established, client.State));
        Assert.Equal((2, 2L, 2L, 0L), (small.HalfOpen, small.SynCookiesSent, small.SynCookiesAccepted, small.BacklogDrops));
        lab.RunTo(10);
        Assert.Equal((0, 4), (small.HalfOpen, small.Accepted));
    }

    [Fact, Trait("Proves", "4987-5")]
    public void AckLost_TheServerStaysSilent_AndTheFirstDataOpensTheConnection()
    {
        var lab = new Lab(Applications.Echo, serverSettings: s_always);
        lab.Drop(TcpFlags.ACK, "client");
        HostedConnection client = lab.Connect();
        lab.RunTo(100);
        Assert.Equal((TcpState.Established, 0), (client.State, lab.Server.Connections.Count));
        Assert.Equal(1, lab.Network.Trace.Count(packet => packet.From == "server"));
        lab.Network.Send(client, "hello"u8);
        lab.RunTo(101);
        Assert.Equal("hello"u8, lab.ReceiveAll(client));
    }

    [Fact, Trait("Proves", "4987-5")]
    public void AckAndFirstDataLost_TheFinThatComesNextIsNotRefused_AndTheRetransmissionOpensTheConnection()
    {
        var lab = new Lab(Applications.Echo, serverSettings: s_always);
        lab.Drop(TcpFlags.ACK, "client", count: 2);
        HostedConnection client = lab.Connect();
        lab.Network.RunUntil(() => client.State == TcpState.Established, Lab.Long);
        lab.Network.Send(client, "hello"u8);
        lab.Network.Close(client);
        Assert.True(lab.Network.RunUntil(() => client.State == TcpState.TimeWait, Lab.Long), $"{client} {client.Error}");
        Assert.Equal("hello"u8, lab.ReceiveAll(client));
        TracedPacket fin = lab.Network.Trace.First(packet => packet.From == "client" && packet.Decode().Segment.Flags.Has(TcpFlags.FIN));
        Assert.Equal("Dropped: The ACK of a SYN cookie may have been lost before it, and comes again. (RFC 4987 3.6)", fin.Verdict.ToString());
    }

    [Theory, Trait("Proves", "4987-3"), Trait("Proves", "4987-6")]
    [InlineData(0, true)]
    [InlineData(190, true)]
    [InlineData(257, false)]
    [InlineData(64 * 32, false)] // the counter has gone around
    public void Ack_LaterThanTheCookieLives_IsRefused(double seconds, bool isTaken)
    {
        var lab = new Lab(serverSettings: s_always);
        lab.Drop(TcpFlags.ACK, "client");
        HostedConnection client = lab.Connect();
        lab.RunTo(0.03 + seconds);
        lab.Network.Send(client, [1]);
        lab.Network.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Equal(isTaken ? TcpState.Established : TcpState.Closed, client.State);
        Assert.Equal(isTaken ? ConnectionError.None : ConnectionError.Reset, client.Error);
    }

    [Fact, Trait("Proves", "4987-3")]
    [Trait("Proves", "4987-6")]
    public void Ack_OfAnythingButTheCookie_GetsReset()
    {
        var lab = new Lab(serverSettings: s_always);
        Impairment loss = lab.Drop(TcpFlags.ACK, "client");
        lab.Connect();
        lab.RunTo(0.1);
        TcpSegment ack = lab.Network.Trace.Last(packet => packet.From == "client").Decode().Segment;
        lab.Network.RemoveImpairment(loss);
        lab.Network.Crash(lab.Client); // it would answer a RST that lies in its window
        var random = new SeededRandom(1, "guesses");
        for (int i = 0; i < 2000; i++)
        {
            TracedPacket guess = lab.Inject(Lab.ClientEnd, Lab.ServerEnd, (i % 4) switch
            {
                0 => ack with { AcknowledgmentNumber = (uint)random.NextUInt64() },
                1 => ack with { AcknowledgmentNumber = ack.AcknowledgmentNumber + 1 + random.Next(1 << 24) },
                2 => ack with { SequenceNumber = ack.SequenceNumber + 1 + random.Next(1000) },
                _ => ack with { Options = new TcpOptions { Timestamps = new(1, ack.Options.Timestamps!.Value.EchoReply + 1 + (uint)random.Next(63)) } },
            });
            lab.Network.RunFor(TimeSpan.FromMilliseconds(11));
            Assert.Equal(SegmentFate.Reset, guess.Verdict!.Value.Fate);
        }

        TracedPacket other = lab.Inject(Lab.ClientEnd with { Port = 49153 }, Lab.ServerEnd, ack); // other ends
        lab.Network.RunFor(TimeSpan.FromMilliseconds(11));
        Assert.Equal(SegmentFate.Reset, other.Verdict!.Value.Fate);
        Assert.Empty(lab.Server.Connections);
    }

    [Fact]
    public void NoCookieWasSent_NoAckIsTakenForOne()
    {
        // The very cookie that the host would make, guessed by somebody who knows the secret.
        var settings = TcpSettings.Linux;
        byte[] secret = new byte[InitialSequence.SecretSize];
        var host = new TcpHost("server", [Lab.ServerEnd.Address], settings, secret);
        host.Listen(new Endpoint(default, 80), s_now, Applications.Echo);
        TcpSegment syn = SynCookies.Reduce(Syn(1460), timestamps: true);
        SeqNumber cookie = new SynCookies(secret).Make(Lab.ServerEnd, Lab.ClientEnd, syn, s_now);
        var ack = new TcpSegment { SequenceNumber = syn.SequenceNumber + 1, AcknowledgmentNumber = cookie + 1, Flags = TcpFlags.ACK };
        SegmentVerdict verdict = host.PacketArrives(Lab.Write(Lab.ClientEnd, Lab.ServerEnd, ack), s_now);
        Assert.Equal(SegmentFate.Reset, verdict.Fate);
        Assert.Empty(host.Connections);
    }

    [Theory, Trait("Proves", "4987-4"), Trait("Proves", "4987-6")]
    [InlineData(1, 28)]
    [InlineData(255, 28)]
    [InlineData(536, 536)]
    [InlineData(1459, 1440)]
    [InlineData(1460, 1460)]
    [InlineData(65535, 8960)]
    public void Cookie_GivesBackMssNumbersAndOptions(int offered, int kept)
    {
        var cookies = new SynCookies(Lab.Pattern(16));
        foreach (byte? shift in new byte?[] { null, 0, 7, 14, 200 })
        {
            foreach ((bool sack, bool ecn) in new[] { (false, false), (true, false), (false, true), (true, true) })
            {
                TcpSegment syn = Syn((ushort)offered) with
                {
                    Flags = ecn ? TcpFlags.SYN | TcpFlags.ECE | TcpFlags.CWR : TcpFlags.SYN,
                    Options = new TcpOptions { MaximumSegmentSize = (ushort)offered, WindowScale = shift, SackPermitted = sack, Timestamps = new(5, 0) },
                };
                TcpSegment reduced = SynCookies.Reduce(syn, timestamps: true);
                SeqNumber cookie = cookies.Make(Lab.ServerEnd, Lab.ClientEnd, reduced, s_now);
                uint clock = uint.MaxValue - 20; // about to wrap
                TcpSegment answer = SynCookies.Mark(new TcpSegment { Options = new TcpOptions { Timestamps = new(clock, 5) } }, reduced);
                uint marked = answer.Options.Timestamps!.Value.Value;
                Assert.InRange(clock - marked, 0u, 63u);

                var ack = new TcpSegment
                {
                    SequenceNumber = syn.SequenceNumber + 1,
                    AcknowledgmentNumber = cookie + 1,
                    Flags = TcpFlags.ACK,
                    Options = new TcpOptions { Timestamps = new(9, marked) },
                };
                Assert.True(cookies.TryRead(Lab.ServerEnd, Lab.ClientEnd, ack, s_now, out TcpSegment read));
                Assert.Equal(reduced.Flags, read.Flags);
                Assert.Equal(syn.SequenceNumber, read.SequenceNumber);
                Assert.Equal((ushort?)kept, read.Options.MaximumSegmentSize);
                Assert.Equal(shift is { } s ? Math.Min(s, (byte)14) : null, read.Options.WindowScale);
                Assert.Equal(sack, read.Options.SackPermitted);
                Assert.Equal(new TcpTimestamps(9, 0), read.Options.Timestamps);
                Assert.False(new SynCookies(Lab.Pattern(16, 1)).TryRead(Lab.ServerEnd, Lab.ClientEnd, ack, s_now, out _)); // another host
                Assert.False(cookies.TryRead(Lab.ServerEnd, Lab.ClientEnd with { Port = 1 }, ack, s_now, out _));
                Assert.False(cookies.TryRead(Lab.ServerEnd with { Port = 1 }, Lab.ClientEnd, ack, s_now, out _));
            }
        }
    }

    [Theory, Trait("Proves", "4987-3"), Trait("Proves", "4987-6")]
    [InlineData(0, true)]
    [InlineData(190, true)]
    [InlineData(257, false)]
    [InlineData(64 * 32, false)] // the counter has gone around
    public void Cookie_GrowsOldByItself(int seconds, bool isRead)
    {
        // A listener that goes on to send cookies goes on to read them too, so the age of each must show in itself.
        var cookies = new SynCookies(Lab.Pattern(16));
        TcpSegment syn = SynCookies.Reduce(Syn(1460), timestamps: false);
        SeqNumber cookie = cookies.Make(Lab.ServerEnd, Lab.ClientEnd, syn, s_now);
        var ack = new TcpSegment { SequenceNumber = syn.SequenceNumber + 1, AcknowledgmentNumber = cookie + 1, Flags = TcpFlags.ACK };
        Assert.Equal(isRead, cookies.TryRead(Lab.ServerEnd, Lab.ClientEnd, ack, s_now + TimeSpan.FromSeconds(seconds), out _));
    }

    [Theory]
    [InlineData("10.0.0.1:1", "10.0.0.2:80", 536)]
    [InlineData("[fd00::1]:1", "[fd00::2]:80", 1220)]
    public void SynWithoutMss_IsReadBackWithTheDefault(string remote, string local, int size)
    {
        var cookies = new SynCookies(Lab.Pattern(16));
        TcpSegment syn = SynCookies.Reduce(new TcpSegment { SequenceNumber = 7, Flags = TcpFlags.SYN }, timestamps: true);
        SeqNumber cookie = cookies.Make(Endpoint.Parse(local), Endpoint.Parse(remote), syn, s_now);
        var ack = new TcpSegment { SequenceNumber = 8, AcknowledgmentNumber = cookie + 1, Flags = TcpFlags.ACK };
        Assert.True(cookies.TryRead(Endpoint.Parse(local), Endpoint.Parse(remote), ack, s_now, out TcpSegment read));
        Assert.Equal((ushort?)size, read.Options.MaximumSegmentSize);
        Assert.Null(read.Options.Timestamps);
    }

    private static TcpSegment Syn(ushort size) => new()
    {
        SequenceNumber = 4_000_000_000,
        Flags = TcpFlags.SYN,
        Options = new TcpOptions { MaximumSegmentSize = size, Timestamps = new(5, 0) },
    };
}
