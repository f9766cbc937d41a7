using System.Buffers.Binary;

namespace TcpShell.Pcap.Files;

/// <summary>
/// How long the record headers of a pcap file are. Some systems of the late nineties put more into them and said so wrongly or not at all; what they
/// wrote can only be told by looking at the records themselves.
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Header</term><description>Who wrote it, with which magic number</description></listheader>
/// <item><term>16</term><description>Almost everybody, 0xa1b2c3d4.</description></item>
/// <item><term>20</term><description>Nokia's firewalls, 0xa1b2c3d4 too: four octets of which nobody says what they are.</description></item>
/// <item><term>24</term><description>Alexey Kuznetzov's patched libpcap, with interface, protocol and packet type: 0xa1b2cd34, but in Red Hat 6.1 0xa1b2c3d4.</description></item>
/// <item><term>28</term><description>The same in SuSE 6.3, 0xa1b2cd34 too: with processors as well.</description></item>
/// </list>
/// </remarks>
internal static class PcapVariant
{
    /// <summary>What all record headers begin with: two numbers of the time, and two lengths.</summary>
    public const int UsualHeader = 16;

    private const int NokiasHeader = 20;
    private const int ModifiedHeader = 24;
    private const int SusesHeader = 28;

    // Of a header at the wrong place the chance to look right is small, of two in a row next to nothing.
    private const int MostRecords = 10;
    private const int FewestRecords = 2;

    private const uint MicrosecondsPerSecond = 1_000_000;

    // Captures that were put together can lie years apart. What would be taken for seconds at the wrong place, a length or microseconds, are the first
    // days of 1970, or no time at all.
    private const uint LongestPause = 20u * 365 * 24 * 60 * 60;

    /// <summary>
    /// Tells by the first records how long their headers are. The length that belongs to the magic number holds, unless one of these headers cannot
    /// be one and another length makes sense of all of them: a file with damage is not mistaken for a variant.
    /// </summary>
    /// <param name="records">What is there of the file behind its header, which need not be all; of one record alone nothing is told.</param>
    /// <param name="isModified">Whether the magic number is 0xa1b2cd34.</param>
    /// <param name="isBigEndian">The byte order.</param>
    public static int RecordHeaderLength(ReadOnlySpan<byte> records, bool isModified, bool isBigEndian)
    {
        ReadOnlySpan<int> lengths = isModified ? [ModifiedHeader, SusesHeader] : [UsualHeader, ModifiedHeader, NokiasHeader];
        if (SoundHeaders(records, lengths[0], isBigEndian) is not null)
        {
            return lengths[0];
        }

        foreach (int length in lengths[1..])
        {
            if (SoundHeaders(records, length, isBigEndian) >= FewestRecords)
            {
                return length;
            }
        }

        return lengths[0];
    }

    /// <summary>How many record headers there are, at most some; null if one of them cannot be one.</summary>
    private static int? SoundHeaders(ReadOnlySpan<byte> records, int headerLength, bool isBigEndian)
    {
        uint first = 0;
        int count = 0;
        while (count < MostRecords && records.Length >= UsualHeader)
        {
            uint seconds = Read(records, isBigEndian);
            uint microseconds = Read(records[4..], isBigEndian);
            uint captured = Read(records[8..], isBigEndian);
            uint original = Read(records[12..], isBigEndian);
            first = count == 0 ? seconds : first;
            if (microseconds >= MicrosecondsPerSecond || captured > original || original > CaptureReader.MaximumFrameLength || Math.Abs((long)seconds - first) > LongestPause)
            {
                return null;
            }

            count++;
            records = records[Math.Min(headerLength + (int)captured, records.Length)..];
        }

        return count;
    }

    private static uint Read(ReadOnlySpan<byte> number, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(number) : BinaryPrimitives.ReadUInt32LittleEndian(number);
}
