using System.Runtime.InteropServices;

namespace Appliance.Sensing.Engine.Capture.AfPacket;

/// <summary>The system calls of a packet ring.</summary>
internal static unsafe partial class LibC
{
    public const int AfPacket = 17, SockRaw = 3, SolPacket = 263, PollIn = 1, PollError = 8, SolSocket = 1, SocketError = 4;
    public const int AddMembership = 1, RxRing = 5, Statistics = 6, PacketVersion = 10, Fanout = 18;

    [StructLayout(LayoutKind.Sequential)]
    internal struct RingRequest
    {
        public uint BlockSize, BlockCount, FrameSize, FrameCount, RetireMilliseconds, PrivateSize, Features;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkAddress
    {
        public ushort Family, Protocol;
        public int Index;
        public ushort HardwareType;
        public byte PacketType, Length;
        public ulong Address;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Membership
    {
        public int Index;
        public ushort Type, Length;
        public ulong Address;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Counts
    {
        public uint Packets, Drops, Freezes;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollRequest
    {
        public int Descriptor;
        public short Events, Returned;
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int socket, int level, int name, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(int socket, int level, int name, void* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(int socket, LinkAddress* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial byte* mmap(void* address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int munmap(void* address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(PollRequest* requests, ulong count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int descriptor);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    internal static partial uint if_nametoindex(string name);
}
