using System.Buffers;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http;

/// <summary>The header block of one message: raw bytes, and where each name and value lies.</summary>
internal sealed class HttpHeaders
{
    internal struct Slot
    {
        public int Name, NameLength, Value, ValueLength, Times;
        public bool Folded;
    }

    private const int MaxRepetitions = 64;
    public readonly SlidingBuffer Raw = new();   // as sent, with line ends
    private readonly SlidingBuffer _text = new(); // names and unfolded values
    private Slot[] _slots = [];          // from the shared pool
    private int _count;
    private int _repetitions;

    public int Count => _count;
    public ReadOnlySpan<byte> NameAt(int i) => _text.Span.Slice(_slots[i].Name, _slots[i].NameLength);
    public ReadOnlySpan<byte> ValueAt(int i) => _text.Span.Slice(_slots[i].Value, _slots[i].ValueLength);

    /// <summary>Adds a field. A name sent before is one field with it, its values joined by a comma, except for Content-Length, of which the first stays: then false when the two differ.</summary>
    public bool Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool folded)
    {
        int known = Find(name);
        if (known >= 0)
        {
            ref Slot old = ref _slots[known];
            if (++old.Times > 2 && ++_repetitions > MaxRepetitions) return true;
            if (Same(name, "content-length"u8)) return HttpText.Length(ValueAt(known)) == HttpText.Length(value);
            Join(known, value);
            return true;
        }
        if (_count == _slots.Length) Grow();
        var slot = new Slot { Name = _text.Length, NameLength = name.Length, Folded = folded, Times = 1 };
        _text.Append(name);
        slot.Value = _text.Length;
        slot.ValueLength = value.Length;
        _text.Append(value);
        _slots[_count++] = slot;
        return true;
    }

    private void Grow()
    {
        Slot[] larger = ArrayPool<Slot>.Shared.Rent(Math.Max(16, _count * 2));
        _slots.CopyTo(larger, 0);
        if (_slots.Length > 0) ArrayPool<Slot>.Shared.Return(_slots);
        _slots = larger;
    }

    /// <summary>The value is moved to the end, where it can grow.</summary>
    private void Join(int at, ReadOnlySpan<byte> more)
    {
        ref Slot slot = ref _slots[at];
        if (slot.Value + slot.ValueLength != _text.Length)
        {
            int from = slot.Value, length = slot.ValueLength;
            slot.Value = _text.Length;
            _text.AppendOwn(from, length);
        }
        _text.Append(", "u8);
        _text.Append(more);
        slot.ValueLength = _text.Length - slot.Value;
    }

    private int Find(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < _count; i++)
            if (_slots[i].NameLength == name.Length && Same(NameAt(i), name)) return i;
        return -1;
    }

    /// <summary>The value of a field; NULs in a name sent are stepped over.</summary>
    public bool TryGet(ReadOnlySpan<byte> lowerName, out ReadOnlySpan<byte> value)
    {
        for (int i = 0; i < _count; i++)
            if (_slots[i].NameLength == lowerName.Length && Same(NameAt(i), lowerName) || _slots[i].NameLength > lowerName.Length && NameAt(i).Contains((byte)0) && HttpText.IsLoosely(NameAt(i), lowerName))
            {
                value = ValueAt(i);
                return true;
            }
        value = default;
        return false;
    }

    public static bool Same(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other) => System.Text.Ascii.EqualsIgnoreCase(text, other);

    /// <summary>Forgets the fields, not the raw bytes: an interim answer precedes the real one.</summary>
    public void Clear()
    {
        _text.Clear();
        _count = _repetitions = 0;
    }

    public void Reset()
    {
        Raw.Release();
        _text.Release();
        if (_slots.Length > 0) ArrayPool<Slot>.Shared.Return(_slots);
        _slots = [];
        _count = _repetitions = 0;
    }
}
