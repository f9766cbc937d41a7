using System.Text;

namespace TcpShell.Pcap.Files;

/// <summary>The numbers of pcapng that reader and writer share (draft-ietf-opsawg-pcapng).</summary>
internal static class PcapNgBlocks
{
    /// <summary>Section header block; the same in both byte orders.</summary>
    public const uint SectionHeader = 0x0a0d0d0a;

    /// <summary>Interface description block.</summary>
    public const uint InterfaceDescription = 1;

    /// <summary>Packet block, obsolete.</summary>
    public const uint Packet = 2;

    /// <summary>Simple packet block: no interface, no time.</summary>
    public const uint SimplePacket = 3;

    /// <summary>Enhanced packet block.</summary>
    public const uint EnhancedPacket = 6;

    /// <summary>What stands in a section header in the section's own byte order.</summary>
    public const uint ByteOrderMagic = 0x1a2b3c4d;

    /// <summary>Type and length before the body, length again behind it.</summary>
    public const int Frame = 12;

    /// <summary>opt_endofopt.</summary>
    public const ushort EndOfOptions = 0;

    /// <summary>opt_comment, in any block.</summary>
    public const ushort Comment = 1;

    /// <summary>if_name.</summary>
    public const ushort InterfaceName = 2;

    /// <summary>if_description.</summary>
    public const ushort InterfaceDescriptionText = 3;

    /// <summary>if_tsresol.</summary>
    public const ushort TimestampResolution = 9;

    /// <summary>if_tsoffset.</summary>
    public const ushort TimestampOffset = 14;

    /// <summary>shb_userappl.</summary>
    public const ushort UserApplication = 4;

    /// <summary>All texts are UTF-8.</summary>
    public static Encoding Text => Encoding.UTF8;

    /// <summary>Everything in a block is padded to 32 bits.</summary>
    public static int Pad(int length) => (length + 3) & ~3;
}
