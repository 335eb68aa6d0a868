using System.Buffers.Binary;

namespace Appliance.Sensing.Engine.Decode;

/// <summary>An address of either family in 128 bits; IPv4 lies in ::ffff:0:0/96 so that both sort and compare alike.</summary>
internal readonly record struct IpAddress(ulong High, ulong Low) : IComparable<IpAddress>
{
    private const ulong MappedPrefix = 0x0000ffff_00000000;

    public bool IsV4 => High == 0 && Low >> 32 == 0xffff;
    public uint V4 => (uint)Low;
    public UInt128 Value => new(High, Low);

    public static IpAddress FromV4(uint value) => new(0, MappedPrefix | value);
    public static IpAddress FromValue(UInt128 value) => new((ulong)(value >> 64), (ulong)value);
    public static IpAddress ReadV4(ReadOnlySpan<byte> bytes) => FromV4(BinaryPrimitives.ReadUInt32BigEndian(bytes));
    public static IpAddress ReadV6(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Reads an address of either family as text; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out IpAddress address)
    {
        address = default;
        if (text.IsEmpty || text.Length > 45 || !System.Net.IPAddress.TryParse(text, out System.Net.IPAddress? parsed)) return false;
        Span<byte> bytes = stackalloc byte[16];
        if (!parsed.TryWriteBytes(bytes, out int length)) return false;
        if (length == 4 && text.Count((byte)'.') != 3) return false;
        address = length == 4 ? ReadV4(bytes) : ReadV6(bytes);
        return true;
    }

    public int CompareTo(IpAddress other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    public void WriteV6(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64BigEndian(to, High);
        BinaryPrimitives.WriteUInt64BigEndian(to[8..], Low);
    }

    /// <summary>Text as EVE shows it: IPv6 in full, without compression.</summary>
    public int Format(Span<byte> to)
    {
        if (IsV4)
        {
            int n = 0;
            for (int shift = 24; shift >= 0; shift -= 8)
            {
                uint part = V4 >> shift & 255;
                if (part >= 100) to[n++] = (byte)('0' + part / 100);
                if (part >= 10) to[n++] = (byte)('0' + part / 10 % 10);
                to[n++] = (byte)('0' + part % 10);
                if (shift > 0) to[n++] = (byte)'.';
            }
            return n;
        }
        int at = 0;
        for (int i = 0; i < 8; i++)
        {
            uint group = (uint)((i < 4 ? High : Low) >> (48 - i % 4 * 16)) & 0xffff;
            for (int shift = 12; shift >= 0; shift -= 4) to[at++] = "0123456789abcdef"u8[(int)(group >> shift & 15)];
            if (i < 7) to[at++] = (byte)':';
        }
        return at;
    }

    public override string ToString()
    {
        Span<byte> text = stackalloc byte[40];
        return System.Text.Encoding.ASCII.GetString(text[..Format(text)]);
    }
}
