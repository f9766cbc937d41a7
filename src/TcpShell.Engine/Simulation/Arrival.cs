using TcpShell.Tracing;
using TcpShell.Wire;

namespace TcpShell.Simulation;

/// <summary>The planned arrival of a packet.</summary>
/// <param name="Packet">The packet.</param>
/// <param name="Destination">Whose address it is sent to.</param>
/// <param name="Corrupted">Whether its octets were changed on the way.</param>
internal readonly record struct Arrival(TracedPacket Packet, IpAddress Destination, bool Corrupted);
