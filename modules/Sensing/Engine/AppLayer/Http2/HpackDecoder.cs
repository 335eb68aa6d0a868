using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

internal enum HpackOutcome : byte { Whole, LeftOver, Broken }

/// <summary>One direction's header compression (RFC 7541): the table of fields seen, and the reading of blocks. The table holds at most <paramref name="mostTable"/> bytes whatever the peers agree on.</summary>
internal sealed class HpackDecoder(int mostTable)
{
    private const int EntryOverhead = 32;       // section 4.1
    private const int StockTable = 4096;        // section 6.5.2 of RFC 9113
    private const int MostIntegerBytes = 5;
    private readonly SlidingBuffer _table = new(), _name = new(), _value = new();
    private (long Start, int Name, int Value)[] _entries = new (long, int, int)[16]; // a ring; texts lie in _table in the same order
    private int _first, _count, _size;
    private long _forgotten; // bytes that have left the front of _table
    private int _most = Math.Min(StockTable, mostTable);

    /// <summary>Reads a whole block. Broken: it ends in the middle of something, and nothing of it is kept.</summary>
    public HpackOutcome Decode(ReadOnlySpan<byte> block, Http2Headers to)
    {
        int before = to.Count;
        var wire = new Wire(block);
        while (wire.Left > 0)
        {
            byte first = wire.Rest[0];
            if ((first & 0xe0) == 0x20)
            {
                if (!Integer(ref wire, 5, out uint size)) return Overflow(to, wire);
                if (wire.Bad) break;
                _most = (int)Math.Min(size, (uint)mostTable);
                Evict(0);
                to.Add(HeaderKind.SizeUpdate, size);
                continue;
            }
            bool indexed = (first & 0x80) != 0, remembered = (first & 0xc0) == 0x40;
            if (!Integer(ref wire, indexed ? 7 : remembered ? 6 : 4, out uint index)) return Overflow(to, wire);
            if (wire.Bad) break;
            _name.Clear();
            _value.Clear();
            bool known = index == 0 && !indexed || Copy(index, indexed);
            if (!indexed)
            {
                if (index == 0 && !Text(ref wire, _name) || !Text(ref wire, _value)) return Overflow(to, wire);
                if (wire.Bad) break;
            }
            if (!known) to.Add(HeaderKind.NotIndexed);
            else
            {
                to.Add(_name.Span, _value.Span);
                if (remembered) Remember();
            }
        }
        if (!wire.Bad) return HpackOutcome.Whole;
        to.Truncate(before);
        return HpackOutcome.Broken;
    }

    private static HpackOutcome Overflow(Http2Headers to, in Wire wire)
    {
        to.Add(HeaderKind.IntegerOverflow);
        return wire.Left > 0 ? HpackOutcome.LeftOver : HpackOutcome.Whole;
    }

    /// <summary>Section 5.1. False when the number does not end within the bytes a 32-bit number needs.</summary>
    private static bool Integer(ref Wire wire, int prefix, out uint value)
    {
        uint mask = (1u << prefix) - 1;
        value = wire.U8() & mask;
        if (value < mask) return true;
        ulong sum = value;
        for (int i = 0; i < MostIntegerBytes; i++)
        {
            byte next = wire.U8();
            if (wire.Bad) return true;
            sum += (ulong)(next & 0x7f) << (7 * i);
            if ((next & 0x80) != 0) continue;
            value = (uint)Math.Min(sum, uint.MaxValue);
            return sum <= uint.MaxValue;
        }
        return false;
    }

    /// <summary>Section 5.2. False when its length is no number; text that is not of the code counts as empty.</summary>
    private static bool Text(ref Wire wire, SlidingBuffer to)
    {
        bool packed = wire.Left > 0 && (wire.Rest[0] & 0x80) != 0;
        if (!Integer(ref wire, 7, out uint length)) return false;
        ReadOnlySpan<byte> bytes = wire.Take(length);
        if (wire.Bad) return true;
        if (!packed) to.Append(bytes);
        else if (!HpackHuffman.Decode(bytes, to)) to.Clear();
        return true;
    }

    private bool Copy(uint index, bool withValue)
    {
        if (index == 0) return false;
        if (index <= HpackStatic.Count)
        {
            var (name, value) = HpackStatic.At((int)index);
            _name.Append(name);
            if (withValue) _value.Append(value);
            return true;
        }
        long back = index - HpackStatic.Count; // 1 is the newest
        if (back > _count) return false;
        var (start, n, v) = _entries[(_first + _count - (int)back) % _entries.Length];
        ReadOnlySpan<byte> text = _table.Span.Slice((int)(start - _forgotten), n + v);
        _name.Append(text[..n]);
        if (withValue) _value.Append(text[n..]);
        return true;
    }

    private void Remember()
    {
        int size = _name.Length + _value.Length + EntryOverhead;
        Evict(size);
        if (size > _most) return; // section 4.4: too large for the table, which it has emptied
        if (_count == _entries.Length)
        {
            var larger = new (long, int, int)[_count * 2];
            for (int i = 0; i < _count; i++) larger[i] = _entries[(_first + i) % _count];
            _entries = larger;
            _first = 0;
        }
        _entries[(_first + _count++) % _entries.Length] = (_forgotten + _table.Length, _name.Length, _value.Length);
        _table.Append(_name.Span);
        _table.Append(_value.Span);
        _size += size;
    }

    private void Evict(int forSize)
    {
        while (_count > 0 && _size + forSize > _most)
        {
            var (_, name, value) = _entries[_first];
            _table.Consume(name + value);
            _forgotten += name + value;
            _size -= name + value + EntryOverhead;
            _first = (_first + 1) % _entries.Length;
            _count--;
        }
    }

    public void Release()
    {
        _table.Release();
        _name.Release();
        _value.Release();
        _first = _count = _size = 0;
        _forgotten = 0;
    }
}
