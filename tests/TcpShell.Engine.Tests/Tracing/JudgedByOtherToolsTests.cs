using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using TcpShell.Wire;
using static TcpShell.Wire.TcpFlags;

namespace TcpShell.Engine.Tests.Tracing;

/// <summary>Wireshark and tcpdump read the same segments; our lines must be theirs.</summary>
[Trait("Proves", "P06")]
public class JudgedByOtherToolsTests
{
    private static readonly Regex s_analysis = new(@"\|(\[TCP [^]]*\] )+");

    [Fact]
    public void Info_OfManySegments_IsWhatTsharkPrints()
    {
        Observer observer = SeeManySegments();
        string[] lines = Read(
            observer.Packets, "tshark", "-o", "tcp.analyze_sequence_numbers:TRUE", "-T", "fields", "-E", "separator=|", "-e", "tcp.stream", "-e", "_ws.col.Info", "-r");

        // What Wireshark's analysis finds stands in brackets before the ports; it is not ours to say here.
        IEnumerable<string> theirs = lines.Select(line => s_analysis.Replace(line, "|"));
        Assert.Equal(theirs, observer.Records.Select(record => $"{record.Stream}|{record.Info}"));
    }

    [Fact]
    public void Tcpdump_OfManySegments_IsWhatTcpdumpPrints()
    {
        Observer observer = SeeManySegments();
        string[] lines = Read(observer.Packets, "tcpdump", "-n", "-t", "-S", "-r");

        Assert.Equal(lines, observer.Records.Select(record => record.ToTcpdump(absolute: true)));
    }

    private static Observer SeeManySegments()
    {
        // Ports of no known protocol: else the tools print what they make of the data.
        var observer = new Observer(server: "10.0.0.2:4445");
        var syn = new TcpOptions { MaximumSegmentSize = 1460, SackPermitted = true, WindowScale = 7, Timestamps = new TcpTimestamps(1, 0) };
        var blocks = default(SackBlocks);
        blocks.TryAdd(new SackBlock(4_000_000_200, 4_000_000_300));
        blocks.TryAdd(new SackBlock(4_000_000_400, 4_000_000_500));

        observer.FromClient(SYN, 3_999_999_999, options: syn);
        observer.FromServer(SYN | ACK, 5000, 4_000_000_000, options: syn with { Timestamps = new TcpTimestamps(7, 1) });
        observer.FromClient(ACK, 4_000_000_000, 5001, window: 502);
        observer.FromClient(PSH | ACK, 4_000_000_000, 5001, length: 100, window: 502);
        observer.FromClient(ACK, 4_000_000_200, 5001, length: 100, window: 502);
        observer.FromServer(ACK, 5001, 4_000_000_100, window: 501, options: new TcpOptions { Sack = blocks });
        observer.FromServer(ACK | PSH | URG, 5001, 4_000_000_100, length: 1, window: 501);
        observer.FromServer(FIN | ACK, 5002, 4_000_000_100, window: 501);
        observer.FromClient(RST, 4_000_000_300, window: 0);
        observer.FromClient(None, 4_000_000_300);
        observer.FromServer(CWR | ECE | ACK, 5003, 4_000_000_100, options: Wire("0303030101010100"));

        // Another connection over the same four numbers, one whose SYN nobody saw, one to a closed port, and one over IPv6.
        observer.FromClient(SYN | ECE | CWR, 70, options: Wire("22020101"));
        Endpoint other = Endpoint.Parse("10.0.0.3:60000");
        observer.See(other, observer.Server, Observer.Make(PSH | ACK, 100, 900, 7, 1000, default));
        observer.See(observer.Server, other, Observer.Make(ACK, 900, 107, 0, 1000, default));
        Endpoint closed = Endpoint.Parse("10.0.0.2:4446");
        observer.See(other, closed, Observer.Make(SYN, 100, 0, 0, 1000, default));
        observer.See(closed, other, Observer.Make(RST | ACK, 0, 101, 0, 0, default));
        observer.See(Endpoint.Parse("[fd00::1]:60001"), Endpoint.Parse("[fd00::2]:4445"), Observer.Make(SYN, 100, 0, 0, 1000, syn));
        return observer;
    }

    private static TcpOptions Wire(string hex) => TcpOptionReader.Read(Convert.FromHexString(hex));

    internal static string[] Read(IReadOnlyList<byte[]> packets, string program, params string[] arguments)
    {
        string path = Path.Combine(Path.GetTempPath(), $"tcpshell-{Guid.NewGuid():N}.pcap");
        File.WriteAllBytes(path, MakePcap(packets));
        try
        {
            var start = new ProcessStartInfo(program, [.. arguments, path])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
            };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {errors.Result}");
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{program} is not on the PATH: our lines are not compared with its own.");
            throw;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] MakePcap(IReadOnlyList<byte[]> packets)
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write(0xa1b2c3d4);
        writer.Write(0x0004_0002);
        writer.Write(0L);
        writer.Write(65535);
        writer.Write((int)LinkType.Raw);
        for (int i = 0; i < packets.Count; i++)
        {
            writer.Write(0);
            writer.Write(i * 1000);
            writer.Write(packets[i].Length);
            writer.Write(packets[i].Length);
            writer.Write(packets[i]);
        }

        return file.ToArray();
    }
}
