using TcpShell.Wire;

namespace TcpShell.Pcap.Analysis;

/// <summary>
/// Which conversations are wanted. What can be known from the first segment, ends and number, is not analysed at all where it does not fit;
/// numbers stay those of the whole capture.
/// </summary>
public sealed record ConversationFilter
{
    private readonly IReadOnlyCollection<AddressPrefix>? _addresses;

    // Each conversation is asked for, and a list of addresses may be long: whole ones are looked up.
    private readonly HashSet<IpAddress> _hosts = [];
    private readonly AddressPrefix[] _networks = [];

    /// <summary>One end has one of these addresses, or one of these networks; null for any.</summary>
    public IReadOnlyCollection<AddressPrefix>? Addresses
    {
        get => _addresses;
        init
        {
            _addresses = value;
            _hosts = [.. (value ?? []).Where(prefix => prefix.IsOneAddress).Select(prefix => prefix.Address)];
            _networks = [.. (value ?? []).Where(prefix => !prefix.IsOneAddress)];
        }
    }

    /// <summary>One end has one of these ports; null for any.</summary>
    public IReadOnlyCollection<ushort>? Ports { get; init; }

    /// <summary>It has one of these numbers; null for any.</summary>
    public IReadOnlyCollection<int>? Streams { get; init; }

    /// <summary>It ended in one of these ways; null for any.</summary>
    public IReadOnlyCollection<ConversationEnding>? Endings { get; init; }

    /// <summary>Frames captured before are passed over, as if they were not in the capture.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Frames captured then or later are passed over.</summary>
    public Timestamp? Until { get; init; }

    /// <summary>Whether a frame's time is wanted.</summary>
    internal bool FitsTime(long time) => !(time < From?.Nanoseconds) && !(time >= Until?.Nanoseconds);

    /// <summary>Whether addresses and ports are wanted.</summary>
    internal bool FitsEnds(TcpConversation conversation)
    {
        Endpoint client = conversation.Client.Endpoint;
        Endpoint server = conversation.Server.Endpoint;
        return (_addresses is null || HasAddress(client.Address) || HasAddress(server.Address))
            && (Ports is null || Ports.Contains(client.Port) || Ports.Contains(server.Port));
    }

    /// <summary>Whether the number is wanted.</summary>
    internal bool FitsStream(int stream) => Streams is null || Streams.Contains(stream);

    /// <summary>Whether the whole conversation is wanted.</summary>
    internal bool FitsEnding(TcpConversation conversation) => Endings is null || Endings.Contains(conversation.Ended);

    private bool HasAddress(IpAddress address)
    {
        foreach (AddressPrefix network in _networks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return _hosts.Contains(address);
    }
}
