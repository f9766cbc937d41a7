using System.Runtime.InteropServices;

namespace TcpShell.Packetdrill.Interop;

/// <summary>
/// The table that <c>packetdrill_interface_init</c> fills (struct packetdrill_interface): user data, and then the calls, each of which gets the user data
/// first.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InterfaceTable
{
    public nint UserData;
    public delegate* unmanaged[Cdecl]<nint, void> Free;
    public delegate* unmanaged[Cdecl]<nint, int, int, int, int> Socket;
    public delegate* unmanaged[Cdecl]<nint, int, byte*, uint, int> Bind;
    public delegate* unmanaged[Cdecl]<nint, int, int, int> Listen;
    public delegate* unmanaged[Cdecl]<nint, int, byte*, uint*, int> Accept;
    public delegate* unmanaged[Cdecl]<nint, int, byte*, uint, int> Connect;
    public delegate* unmanaged[Cdecl]<nint, int, byte*, nint, nint> Read;
    public delegate* unmanaged[Cdecl]<nint, int, IoVector*, int, nint> ReadVector;
    public delegate* unmanaged[Cdecl]<nint, int, byte*, nint, int, nint> Receive;
    public delegate* unmanaged[Cdecl]<nint, int, byte*, nint, int, byte*, uint*, nint> ReceiveFrom;
    public delegate* unmanaged[Cdecl]<nint, int, MessageHeader*, int, nint> ReceiveMessage;
    public delegate* unmanaged[Cdecl]<nint, int, byte*, nint, nint> Write;
    public delegate* unmanaged[Cdecl]<nint, int, IoVector*, int, nint> WriteVector;
    public delegate* unmanaged[Cdecl]<nint, int, byte*, nint, int, nint> Send;
    public delegate* unmanaged[Cdecl]<nint, int, byte*, nint, int, byte*, uint, nint> SendTo;
    public delegate* unmanaged[Cdecl]<nint, int, MessageHeader*, int, nint> SendMessage;
    public delegate* unmanaged[Cdecl]<nint, int, int, nint, int> Control;
    public delegate* unmanaged[Cdecl]<nint, int, nuint, int*, int> DeviceControl;
    public delegate* unmanaged[Cdecl]<nint, int, int> Close;
    public delegate* unmanaged[Cdecl]<nint, int, int, int> Shutdown;
    public delegate* unmanaged[Cdecl]<nint, int, int, int, byte*, uint*, int> GetOption;
    public delegate* unmanaged[Cdecl]<nint, int, int, int, byte*, uint, int> SetOption;
    public delegate* unmanaged[Cdecl]<nint, PollEntry*, nuint, int, int> Poll;
    public delegate* unmanaged[Cdecl]<nint, byte*, nint, int> PacketSend;
    public delegate* unmanaged[Cdecl]<nint, byte*, nint*, long*, int> PacketReceive;
    public delegate* unmanaged[Cdecl]<nint, uint, int> Sleep;
    public delegate* unmanaged[Cdecl]<nint, TimeValue*, nint, int> GetTime;
    public delegate* unmanaged[Cdecl]<nint, int, int> EpollCreate;
    public delegate* unmanaged[Cdecl]<nint, int, int, int, EpollEntry*, int> EpollControl;
    public delegate* unmanaged[Cdecl]<nint, int, EpollEntry*, int, int, int> EpollWait;
    public delegate* unmanaged[Cdecl]<nint, int> Pipe;
    public delegate* unmanaged[Cdecl]<nint, int> Splice;
}
