using System.Buffers.Binary;
using System.Text;

namespace Appliance.Sensing.Engine.Detect.Kept;

/// <summary>Reads what <see cref="KeptWriter"/> has written. Whatever the bytes are, it asks for no more memory than a small multiple of them.</summary>
/// <remarks>Every method throws <see cref="InvalidDataException"/> when the bytes cannot be what was written.</remarks>
internal sealed class KeptReader(byte[] bytes)
{
    private int _at;

    public bool AtEnd => _at == bytes.Length;

    public long Number()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (_at >= bytes.Length) break;
            byte next = bytes[_at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return (long)value - 1;
        }
        throw new InvalidDataException("a number is cut short");
    }

    /// <summary>A place in a list of that length, or -1.</summary>
    public int Place(int length)
    {
        long value = Number();
        return value >= -1 && value < length ? (int)value : throw new InvalidDataException("a place lies outside its list");
    }

    /// <summary>How many items follow, each of at least one byte; -1 for a list that is missing.</summary>
    public int Count() => Place(bytes.Length - _at + 1);

    public bool Flag() => Raw(1)[0] != 0;

    public ReadOnlySpan<byte> Raw(int length)
    {
        if (length < 0 || length > bytes.Length - _at) throw new InvalidDataException("bytes are cut short");
        _at += length;
        return bytes.AsSpan(_at - length, length);
    }

    public ulong Raw() => BinaryPrimitives.ReadUInt64LittleEndian(Raw(8));

    public string Text() => Encoding.UTF8.GetString(Raw(Count()));

    /// <summary>Places in a list of that length; null when the list is missing.</summary>
    public int[]? NumbersOrNone(int length)
    {
        int count = Count();
        if (count < 0) return null;
        int[] values = count == 0 ? [] : new int[count];
        for (int i = 0; i < values.Length; i++) values[i] = Place(length);
        return values;
    }

    public int[] Numbers(int length) => NumbersOrNone(length) ?? throw new InvalidDataException("a list is missing");

    public int[]?[]? Lists(int length)
    {
        int count = Count();
        if (count < 0) return null;
        var lists = new int[]?[count];
        for (int i = 0; i < count; i++) lists[i] = NumbersOrNone(length);
        return lists;
    }

    public T[] Each<T>(Func<T> read)
    {
        int count = Count();
        if (count < 0) throw new InvalidDataException("a list is missing");
        var items = new T[count];
        for (int i = 0; i < count; i++) items[i] = read();
        return items;
    }
}
