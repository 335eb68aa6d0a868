using System.Runtime.InteropServices;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Capture.Pcap;

/// <summary>A capture filter in the words of pcap-filter(7), compiled by libpcap once per link type.</summary>
internal sealed unsafe partial class PacketFilter : IDisposable
{
    [StructLayout(LayoutKind.Sequential)]
    private struct Code
    {
        public uint Length;
        public IntPtr Instructions;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PacketHeader
    {
        public long Seconds, Micros;
        public uint Captured, Length;
    }

    [LibraryImport("pcap")]
    private static partial IntPtr pcap_open_dead(int linkType, int snapshot);

    [LibraryImport("pcap", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int pcap_compile(IntPtr handle, Code* code, string text, int optimize, uint mask);

    [LibraryImport("pcap")]
    private static partial byte* pcap_geterr(IntPtr handle);

    [LibraryImport("pcap")]
    private static partial int pcap_offline_filter(Code* code, PacketHeader* header, byte* data);

    [LibraryImport("pcap")]
    private static partial void pcap_freecode(Code* code);

    [LibraryImport("pcap")]
    private static partial void pcap_close(IntPtr handle);

    private readonly string _text;
    private readonly Dictionary<int, IntPtr> _codes = [];

    /// <summary>Checks the filter against Ethernet at once; throws <see cref="CaptureException"/> with libpcap's words when it is none.</summary>
    public PacketFilter(string text)
    {
        NativeLibraries.Register();
        _text = text;
        Compile(1);
    }

    private IntPtr Compile(int linkType)
    {
        if (_codes.TryGetValue(linkType, out IntPtr known)) return known;
        try
        {
            IntPtr handle = pcap_open_dead(linkType, 1 << 18);
            var code = (Code*)NativeMemory.AllocZeroed((nuint)sizeof(Code));
            if (pcap_compile(handle, code, _text, 1, 0) != 0)
            {
                string reason = Marshal.PtrToStringUTF8((IntPtr)pcap_geterr(handle)) ?? "it cannot be compiled";
                NativeMemory.Free(code);
                pcap_close(handle);
                throw new CaptureException($"the capture filter \"{_text}\": {reason}");
            }
            pcap_close(handle);
            return _codes[linkType] = (IntPtr)code;
        }
        catch (DllNotFoundException)
        {
            throw new CaptureException("a capture filter needs the library libpcap");
        }
    }

    public bool Takes(in RawPacket packet)
    {
        var code = (Code*)Compile(packet.LinkType == 101 ? 12 : packet.LinkType);
        var header = new PacketHeader { Captured = (uint)packet.Length, Length = (uint)packet.WireLength };
        // invariant: Offset and Length lie inside Buffer, as the readers promise; the program reads no further than Captured
        fixed (byte* data = packet.Buffer.AsSpan(packet.Offset, packet.Length))
            return data != null && pcap_offline_filter(code, &header, data) != 0;
    }

    public void Dispose()
    {
        foreach (IntPtr code in _codes.Values)
        {
            pcap_freecode((Code*)code);
            NativeMemory.Free((void*)code);
        }
        _codes.Clear();
    }
}
