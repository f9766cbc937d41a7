// What the comparison in benchmarks/README.md runs, one job in one process:
//     generate many|few FILE [PACKETS] [SNAPLEN]    a capture, the same octets on every machine
//     parse FILE                                    a bare loop over all headers: the limit
//     analyse FILE [THREADS]                        the whole analysis
//     steady FILE                                   nanoseconds of processor time a packet once everything is compiled: the best of ten in one process
//     sharppcap FILE                                SharpPcap reads the frames and does nothing with them
using System.Diagnostics;
using System.Globalization;
using TcpShell.CaptureSpeed;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Files;

switch (args)
{
    case ["generate", var shape, var file, .. var rest]:
        int packets = rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 2_000_000;
        int snapLength = rest.Length > 1 ? int.Parse(rest[1], CultureInfo.InvariantCulture) : 96;
        new CaptureGenerator(snapLength).Write(file, packets, shape == "few" ? 8 : packets / 100);
        return 0;

    case ["parse", var file]:
        Report("segments", BareLoop.Count(file));
        return 0;

    case ["analyse", var file, .. var rest]:
        Analyse(file, rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 1);
        return 0;

    case ["steady", var file]:
        Console.WriteLine(FormattableString.Invariant($"bare loop {Best(() => BareLoop.Count(file)):0.0} ns, analysis {Best(() => Count(file)):0.0} ns a packet"));
        return 0;

#if WITH_SHARPPCAP
    case ["sharppcap", var file]:
        using (var device = new SharpPcap.LibPcap.CaptureFileReaderDevice(file))
        {
            device.Open(new SharpPcap.DeviceConfiguration());
            long frames = 0;
            while (device.GetNextPacket(out _) == SharpPcap.GetPacketStatus.PacketRead)
            {
                frames++;
            }

            Report("frames", frames);
        }

        return 0;
#endif

    default:
        Console.Error.WriteLine("generate many|few FILE [PACKETS] [SNAPLEN] | parse FILE | analyse FILE [THREADS] | sharppcap FILE (built with SharpPcap only)");
        return 2;
}

static void Analyse(string file, int threads)
{
    using CaptureReader reader = CaptureReader.Open(file);
    using var analysis = new CaptureAnalysis([reader], threads: threads);
    long conversations = 0;
    long retransmissions = 0;
    bool goesOn = true;
    while (goesOn)
    {
        goesOn = analysis.Advance();
        while (analysis.TryTake(out TcpConversation? conversation))
        {
            conversations++;
            retransmissions += conversation.Client.Analysis.Retransmissions + conversation.Server.Analysis.Retransmissions;
        }
    }

    Report("segments", analysis.Segments);
    Report("conversations", conversations);
    Report("retransmissions", retransmissions);
}

static long Count(string file)
{
    using CaptureReader reader = CaptureReader.Open(file);
    using var analysis = new CaptureAnalysis([reader]);
    while (analysis.Advance())
    {
        while (analysis.TryTake(out _))
        {
        }
    }

    return analysis.Segments;
}

static double Best(Func<long> count)
{
    double best = double.MaxValue;
    for (int i = 0; i < 10; i++)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        long packets = count();
        best = Math.Min(best, (Environment.CpuUsage.TotalTime - start).TotalNanoseconds / packets);
    }

    return best;
}

static void Report(string what, long count)
{
    using var process = Process.GetCurrentProcess();
    Console.WriteLine(FormattableString.Invariant($"{count} {what}, {process.PeakWorkingSet64 >> 20} MiB"));
}
