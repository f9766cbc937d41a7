using TcpShell.Tcp;

namespace TcpShell.Hosting;

/// <summary>An IP packet that a host wants to be sent, and why.</summary>
/// <param name="Bytes">The octets from the IP header on; they belong to whoever took the packet.</param>
/// <param name="Reason">Why it is sent.</param>
/// <param name="Attempt">1 for the first transmission.</param>
/// <param name="Note">More on why; empty where the reason says it all.</param>
/// <param name="ConnectionId">The connection that sends it; 0 if none does.</param>
public readonly record struct OutgoingPacket(byte[] Bytes, TransmitReason Reason, int Attempt, string Note, int ConnectionId);
