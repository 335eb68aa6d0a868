using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Appliance.Sensing.Engine.Capture.AfPacket;

/// <summary>A TPACKET_V3 ring shared with the kernel, one per thread, with flow fan-out between the threads of an interface.</summary>
internal sealed unsafe class AfPacketRing : ILiveSource
{
    private const uint BlockSize = 1 << 20, BlockCount = 32;
    private const int UserOwns = 1, VlanValid = 1 << 4, Outgoing = 4;
    private readonly int _socket;
    private readonly string _name;
    private readonly uint _index;
    private readonly byte* _ring;
    private readonly bool _loopback;
    private readonly int _linkType;
    private readonly byte[] _frame = new byte[1 << 17];
    private uint _block;
    private uint _left;
    private byte* _packet;
    private bool _open;

    public AfPacketRing(string name, int fanoutGroup, bool shared, bool promiscuous)
    {
        uint index = LibC.if_nametoindex(name);
        (_name, _index) = (name, index);
        if (index == 0) throw new CaptureException($"there is no interface {name}");
        _linkType = LinkTypeOf(name, out _loopback);
        _socket = LibC.socket(LibC.AfPacket, LibC.SockRaw, BinaryPrimitives.ReverseEndianness((ushort)3));
        if (_socket < 0) throw Fault("a packet socket is refused (CAP_NET_RAW missing?)");
        try
        {
            int version = 2;
            Set(LibC.PacketVersion, &version, sizeof(int), "TPACKET_V3 is refused");
            var request = new LibC.RingRequest { BlockSize = BlockSize, BlockCount = BlockCount, FrameSize = 2048, FrameCount = BlockSize / 2048 * BlockCount, RetireMilliseconds = 20 };
            Set(LibC.RxRing, &request, (uint)sizeof(LibC.RingRequest), "the ring is refused");
            _ring = LibC.mmap(null, BlockSize * BlockCount, 3, 1, _socket, 0);
            if ((nint)_ring == -1) throw Fault("the ring cannot be mapped");
            var address = new LibC.LinkAddress { Family = LibC.AfPacket, Protocol = BinaryPrimitives.ReverseEndianness((ushort)3), Index = (int)index };
            if (LibC.bind(_socket, &address, 20) < 0) throw Fault("binding is refused");
            if (promiscuous)
            {
                var member = new LibC.Membership { Index = (int)index, Type = 1 };
                Set(LibC.AddMembership, &member, (uint)sizeof(LibC.Membership), "promiscuous mode is refused");
            }
            if (shared)
            {
                // by flow hash, fragments put together first so that all of a datagram takes the same way
                int fanout = fanoutGroup & 0xffff | 0x8000 << 16;
                Set(LibC.Fanout, &fanout, sizeof(int), "fan-out is refused");
            }
        }
        catch (CaptureException)
        {
            if (_ring != null && (nint)_ring != -1) _ = LibC.munmap(_ring, BlockSize * BlockCount);
            _ = LibC.close(_socket);
            throw;
        }
        _open = true;
    }

    public string Method => "af_packet";
    public long KernelPackets { get; private set; }
    public long KernelDrops { get; private set; }

    private static int LinkTypeOf(string name, out bool loopback)
    {
        string path = $"/sys/class/net/{name}/type";
        string type = File.Exists(path) ? File.ReadAllText(path).Trim() : "1";
        loopback = type == "772";
        return type is "1" or "772" ? 1 : 101;
    }

    private static CaptureException Fault(string what) => new($"{what}: {Marshal.GetLastPInvokeErrorMessage()}");

    private void Set(int option, void* value, uint length, string refusal)
    {
        if (LibC.setsockopt(_socket, LibC.SolPacket, option, value, length) < 0) throw Fault(refusal);
    }

    public bool Poll(ref RawPacket packet, int milliseconds)
    {
        while (true)
        {
            if (_left == 0 && !NextBlock(milliseconds)) return false;
            byte* p = _packet;
            _left--;
            uint captured = *(uint*)(p + 12), status = *(uint*)(p + 20);
            byte* data = p + *(ushort*)(p + 24);
            byte direction = p[48 + 10];
            packet.Time = *(uint*)(p + 4) * 1_000_000L + *(uint*)(p + 8) / 1000;
            packet.WireLength = *(int*)(p + 16);
            int length = (int)Math.Min(captured, (uint)_frame.Length - 4);
            bool tagged = (status & VlanValid) != 0 && length >= 12 && _linkType == 1;
            if (tagged)
            {
                // the kernel took the tag off; it belongs to the packet
                new ReadOnlySpan<byte>(data, 12).CopyTo(_frame);
                ushort kind = *(ushort*)(p + 36);
                BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(12), kind == 0 ? (ushort)0x8100 : kind);
                BinaryPrimitives.WriteUInt16BigEndian(_frame.AsSpan(14), (ushort)*(uint*)(p + 32));
                new ReadOnlySpan<byte>(data + 12, length - 12).CopyTo(_frame.AsSpan(16));
                length += 4;
            }
            else new ReadOnlySpan<byte>(data, length).CopyTo(_frame);
            if (_left > 0) _packet = p + *(uint*)p;
            else Return();
            if (_loopback && direction == Outgoing) continue; // on loopback every packet is seen going and coming
            packet.Buffer = _frame;
            packet.Offset = 0;
            packet.Length = length;
            packet.LinkType = _linkType;
            return true;
        }
    }

    private bool NextBlock(int milliseconds)
    {
        byte* block = _ring + (nuint)_block * BlockSize;
        bool waited = false;
        while ((Volatile.Read(ref *(uint*)(block + 8)) & UserOwns) == 0)
        {
            if (waited) return false;
            var request = new LibC.PollRequest { Descriptor = _socket, Events = LibC.PollIn };
            _ = LibC.poll(&request, 1, milliseconds);
            if ((request.Returned & LibC.PollError) != 0) LookAfterError(milliseconds);
            Count();
            waited = true;
        }
        _left = *(uint*)(block + 12);
        _packet = block + *(uint*)(block + 16);
        if (_left > 0) return true;
        Return();
        return false;
    }

    /// <summary>The interface went down, which passes, or is gone, which does not: then the socket is bound to nothing for good.</summary>
    private void LookAfterError(int milliseconds)
    {
        int error = 0;
        uint length = sizeof(int);
        // reading takes the error off the socket; left there it would end every wait at once
        _ = LibC.getsockopt(_socket, LibC.SolSocket, LibC.SocketError, &error, &length);
        if (LibC.if_nametoindex(_name) != _index) throw new CaptureException($"the interface {_name} is gone");
        Thread.Sleep(milliseconds);
    }

    private void Return()
    {
        Volatile.Write(ref *(uint*)(_ring + (nuint)_block * BlockSize + 8), 0);
        _block = (_block + 1) % BlockCount;
    }

    private void Count()
    {
        LibC.Counts counts;
        uint length = (uint)sizeof(LibC.Counts);
        // reading resets the kernel's own count
        if (LibC.getsockopt(_socket, LibC.SolPacket, LibC.Statistics, &counts, &length) != 0) return;
        KernelPackets += counts.Packets;
        KernelDrops += counts.Drops;
    }

    public void Dispose()
    {
        if (!_open) return;
        _open = false;
        _ = LibC.munmap(_ring, BlockSize * BlockCount);
        _ = LibC.close(_socket);
    }
}
