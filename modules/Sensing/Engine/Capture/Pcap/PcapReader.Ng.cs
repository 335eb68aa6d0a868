namespace Appliance.Sensing.Engine.Capture.Pcap;

internal sealed partial class PcapReader
{
    private struct NgInterface
    {
        public int LinkType;
        public ulong UnitsPerSecond;
        public long OffsetSeconds;
        public uint SnapLength;
    }

    private NgInterface[] _interfaces = new NgInterface[4];
    private int _interfaceCount;

    private bool ReadNg(ref RawPacket packet)
    {
        while (true)
        {
            if (!Fill(8))
                return Break(_end - _pos == 0 ? null : $"the capture ends inside a block header ({_end - _pos} of 8 bytes)");
            uint type = U32(0);
            if (type == 0x0a0d0d0a)
            {
                if (!Fill(12)) return Break("the capture ends inside a section header");
                _bigEndian = _buffer[_pos + 8] == 0x1a;
                _interfaceCount = 0;
            }
            uint length = U32(4);
            if (length < 12 || length % 4 != 0 || length > MaxRecord)
                return Break($"a block header claims {length} bytes");
            if (!Fill((int)length))
                return Break($"the capture ends inside a block ({_end - _pos} of {length} bytes)");
            bool isPacket = false;
            switch (type)
            {
                case 1 when length >= 20:
                    AddInterface((int)length);
                    break;
                case 6 when length >= 32:
                    isPacket = Enhanced(ref packet, (int)length, U32(8));
                    break;
                case 2 when length >= 32:
                    isPacket = Enhanced(ref packet, (int)length, U16(8));
                    break;
                case 3 when length >= 16 && _interfaceCount > 0:
                    packet.Buffer = _buffer;
                    packet.Offset = _pos + 12;
                    packet.WireLength = (int)Math.Min(U32(8), int.MaxValue);
                    packet.Length = Math.Min(packet.WireLength, (int)length - 16);
                    packet.LinkType = _interfaces[0].LinkType;
                    packet.Time = 0;
                    isPacket = true;
                    break;
            }
            Skip((int)length);
            if (isPacket) return true;
        }
    }

    private bool Enhanced(ref RawPacket packet, int length, uint index)
    {
        if (index >= _interfaceCount) return false;
        ref NgInterface from = ref _interfaces[index];
        ulong units = (ulong)U32(12) << 32 | U32(16);
        uint captured = U32(20);
        if (captured > (uint)length - 32) return false;
        packet.Buffer = _buffer;
        packet.Offset = _pos + 28;
        packet.Length = (int)captured;
        packet.WireLength = (int)Math.Min(U32(24), int.MaxValue);
        packet.LinkType = from.LinkType;
        ulong seconds = units / from.UnitsPerSecond;
        ulong rest = units % from.UnitsPerSecond;
        ulong micros = (ulong)((UInt128)rest * 1_000_000 / from.UnitsPerSecond);
        packet.Time = (long)(seconds * 1_000_000 + micros) + from.OffsetSeconds * 1_000_000;
        return true;
    }

    private void AddInterface(int length)
    {
        var added = new NgInterface { LinkType = U16(8), UnitsPerSecond = 1_000_000, SnapLength = U32(12) };
        int at = 16;
        while (at + 4 <= length - 4)
        {
            int code = U16(at), size = U16(at + 2);
            if (code == 0 || at + 4 + size > length - 4) break;
            if (code == 9 && size >= 1)
            {
                byte resolution = _buffer[_pos + at + 4];
                int exponent = resolution & 0x7f;
                ulong units = 1;
                if ((resolution & 0x80) != 0) units = 1UL << Math.Min(exponent, 40);
                else for (int i = 0; i < Math.Min(exponent, 18); i++) units *= 10;
                added.UnitsPerSecond = units;
            }
            else if (code == 14 && size >= 8)
            {
                long high = U32(at + 4), low = U32(at + 8);
                added.OffsetSeconds = _bigEndian ? high << 32 | low : low << 32 | high;
            }
            at += 4 + (size + 3 & ~3);
        }
        if (_interfaceCount == _interfaces.Length) Array.Resize(ref _interfaces, _interfaceCount * 2);
        if (_interfaceCount < 65536) _interfaces[_interfaceCount++] = added;
    }
}
