using System.Runtime.InteropServices;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Capture.Pcap;

/// <summary>libpcap, for interfaces whose kernel or driver refuses a packet ring.</summary>
internal sealed unsafe partial class LivePcap : ILiveSource
{
    [StructLayout(LayoutKind.Sequential)]
    private struct PacketHeader
    {
        public long Seconds, Micros;
        public uint Captured, Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Counts
    {
        public uint Received, Dropped, InterfaceDropped;
    }

    [LibraryImport("pcap", StringMarshalling = StringMarshalling.Utf8)]
    private static partial IntPtr pcap_open_live(string device, int snapshot, int promiscuous, int milliseconds, byte* error);

    [LibraryImport("pcap")]
    private static partial int pcap_next_ex(IntPtr handle, PacketHeader** header, byte** data);

    [LibraryImport("pcap")]
    private static partial byte* pcap_geterr(IntPtr handle);

    [LibraryImport("pcap")]
    private static partial int pcap_datalink(IntPtr handle);

    [LibraryImport("pcap")]
    private static partial int pcap_stats(IntPtr handle, Counts* counts);

    [LibraryImport("pcap")]
    private static partial void pcap_close(IntPtr handle);

    private readonly byte[] _frame = new byte[1 << 18];
    private readonly int _linkType;
    private IntPtr _handle;

    public LivePcap(string name, bool promiscuous)
    {
        NativeLibraries.Register();
        byte* error = stackalloc byte[256];
        try
        {
            _handle = pcap_open_live(name, 1 << 18, promiscuous ? 1 : 0, 100, error);
        }
        catch (DllNotFoundException)
        {
            throw new CaptureException("the library libpcap is missing");
        }
        if (_handle == IntPtr.Zero) throw new CaptureException($"libpcap: {Marshal.PtrToStringUTF8((IntPtr)error)}");
        _linkType = pcap_datalink(_handle);
    }

    public string Method => "pcap";
    public long KernelPackets { get; private set; }
    public long KernelDrops { get; private set; }

    public bool Poll(ref RawPacket packet, int milliseconds)
    {
        PacketHeader* header;
        byte* data;
        int got = pcap_next_ex(_handle, &header, &data);
        if (got < 0) throw new CaptureException($"libpcap: {Marshal.PtrToStringUTF8((IntPtr)pcap_geterr(_handle))}");
        if (got != 1)
        {
            Counts counts;
            if (pcap_stats(_handle, &counts) == 0)
            {
                KernelPackets = counts.Received;
                KernelDrops = counts.Dropped + (long)counts.InterfaceDropped;
            }
            return false;
        }
        int length = (int)Math.Min(header->Captured, (uint)_frame.Length);
        new ReadOnlySpan<byte>(data, length).CopyTo(_frame);
        packet.Buffer = _frame;
        packet.Offset = 0;
        packet.Length = length;
        packet.WireLength = (int)header->Length;
        packet.LinkType = _linkType;
        packet.Time = header->Seconds * 1_000_000 + header->Micros;
        return true;
    }

    public void Dispose()
    {
        if (_handle != IntPtr.Zero) pcap_close(_handle);
        _handle = IntPtr.Zero;
    }
}
