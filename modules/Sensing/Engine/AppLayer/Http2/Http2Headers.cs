using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

/// <summary>What one step of a header block says: a field, a new size of the table, or what is wrong with it.</summary>
internal enum HeaderKind : byte { Field, SizeUpdate, NotIndexed, IntegerOverflow }

/// <summary>The decoded header blocks of one direction of a stream, in order. Bounded: what a small frame unfolds to by references is not kept without end.</summary>
internal sealed class Http2Headers
{
    private struct Slot
    {
        public int Name, NameLength, Value, ValueLength;
        public uint Size;
        public HeaderKind Kind;
    }

    private const int MaxSlots = 4096, MaxText = 1 << 19;
    private readonly SlidingBuffer _text = new();
    private Slot[] _slots = [];

    public int Count { get; private set; }
    public HeaderKind KindAt(int i) => _slots[i].Kind;
    public uint SizeAt(int i) => _slots[i].Size;
    public ReadOnlySpan<byte> NameAt(int i) => _text.Span.Slice(_slots[i].Name, _slots[i].NameLength);
    public ReadOnlySpan<byte> ValueAt(int i) => _text.Span.Slice(_slots[i].Value, _slots[i].ValueLength);

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (_text.Length + name.Length + value.Length > MaxText || !Room()) return;
        ref Slot slot = ref _slots[Count++];
        slot = new Slot { Kind = HeaderKind.Field, Name = _text.Length, NameLength = name.Length };
        _text.Append(name);
        slot.Value = _text.Length;
        slot.ValueLength = value.Length;
        _text.Append(value);
    }

    public void Add(HeaderKind kind, uint size = 0)
    {
        if (Room()) _slots[Count++] = new Slot { Kind = kind, Size = size };
    }

    /// <summary>Forgets what was added after there were that many.</summary>
    public void Truncate(int count) => Count = Math.Min(Count, count);

    private bool Room()
    {
        if (Count >= MaxSlots) return false;
        if (Count == _slots.Length) Array.Resize(ref _slots, Math.Max(16, Count * 2));
        return true;
    }

    /// <summary>The first field of that very name: rules see names as they stand, HTTP/2 has them in lower case (RFC 9113, section 8.2.1).</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        int at = Find(name, 0);
        value = at < 0 ? default : ValueAt(at);
        return at >= 0;
    }

    public int Find(ReadOnlySpan<byte> name, int from)
    {
        for (int i = from; i < Count; i++)
            if (_slots[i].Kind == HeaderKind.Field && NameAt(i).SequenceEqual(name)) return i;
        return -1;
    }

    public void Release()
    {
        _text.Release();
        Count = 0;
    }
}
