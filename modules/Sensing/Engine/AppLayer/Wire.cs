using System.Buffers.Binary;

namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>A cursor over bytes from the wire. Reading past the end sets <see cref="Bad"/> and yields zeroes, so a parser checks once at the end of a structure.</summary>
internal ref struct Wire(ReadOnlySpan<byte> bytes, bool little = false)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    public bool Little = little;
    public int At;
    public bool Bad;

    public readonly int Left => _bytes.Length - At;
    public readonly ReadOnlySpan<byte> Rest => _bytes[At..];
    public readonly ReadOnlySpan<byte> All => _bytes;

    private bool Has(long count)
    {
        if (!Bad && count >= 0 && count <= _bytes.Length - At) return true;
        Bad = true;
        return false;
    }

    public byte U8() => Has(1) ? _bytes[At++] : (byte)0;

    public ushort U16()
    {
        if (!Has(2)) return 0;
        ushort value = Little ? BinaryPrimitives.ReadUInt16LittleEndian(_bytes[At..]) : BinaryPrimitives.ReadUInt16BigEndian(_bytes[At..]);
        At += 2;
        return value;
    }

    public int U24()
    {
        if (!Has(3)) return 0;
        int value = Little ? _bytes[At] | _bytes[At + 1] << 8 | _bytes[At + 2] << 16 : _bytes[At] << 16 | _bytes[At + 1] << 8 | _bytes[At + 2];
        At += 3;
        return value;
    }

    public uint U32()
    {
        if (!Has(4)) return 0;
        uint value = Little ? BinaryPrimitives.ReadUInt32LittleEndian(_bytes[At..]) : BinaryPrimitives.ReadUInt32BigEndian(_bytes[At..]);
        At += 4;
        return value;
    }

    public ulong U64()
    {
        if (!Has(8)) return 0;
        ulong value = Little ? BinaryPrimitives.ReadUInt64LittleEndian(_bytes[At..]) : BinaryPrimitives.ReadUInt64BigEndian(_bytes[At..]);
        At += 8;
        return value;
    }

    public ReadOnlySpan<byte> Take(long count)
    {
        if (!Has(count)) return default;
        ReadOnlySpan<byte> taken = _bytes.Slice(At, (int)count);
        At += (int)count;
        return taken;
    }

    public void Skip(long count)
    {
        if (Has(count)) At += (int)count;
    }

    /// <summary>Bytes up to a zero byte, which is skipped; without one, <see cref="Bad"/>.</summary>
    public ReadOnlySpan<byte> TakeZeroEnded()
    {
        int end = Bad ? -1 : _bytes[At..].IndexOf((byte)0);
        if (end < 0)
        {
            Bad = true;
            return default;
        }
        ReadOnlySpan<byte> taken = _bytes.Slice(At, end);
        At += end + 1;
        return taken;
    }
}
