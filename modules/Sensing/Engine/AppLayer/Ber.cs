namespace Appliance.Sensing.Engine.AppLayer;

/// <summary>One element of ASN.1's Basic Encoding Rules (X.690) after another, read from bytes nobody vouches for. Indefinite lengths are refused.</summary>
internal ref struct Ber(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Identifier octet of the element read last; high tag numbers are refused.</summary>
    public byte Tag;
    public ReadOnlySpan<byte> Value;

    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>Reads the next element; false at the end or when it is not whole.</summary>
    public bool Next()
    {
        if (_rest.Length < 2 || (_rest[0] & 0x1f) == 0x1f) return false;
        int length = _rest[1], head = 2;
        if (length >= 0x80)
        {
            int count = length & 0x7f;
            if (count is 0 or > 4 || _rest.Length < 2 + count) return false;
            long large = 0;
            for (int i = 0; i < count; i++) large = large << 8 | _rest[2 + i];
            if (large > int.MaxValue) return false;
            length = (int)large;
            head += count;
        }
        if (length > _rest.Length - head) return false;
        Tag = _rest[0];
        Value = _rest.Slice(head, length);
        _rest = _rest[(head + length)..];
        return true;
    }

    public bool Next(byte tag) => Next() && Tag == tag;

    /// <summary>The element read last, opened.</summary>
    public readonly Ber Inside => new(Value);

    /// <summary>The value as a number of up to eight bytes, two's complement.</summary>
    public readonly long Number
    {
        get
        {
            if (Value.IsEmpty || Value.Length > 8) return 0;
            long number = (sbyte)Value[0];
            for (int i = 1; i < Value.Length; i++) number = number << 8 | Value[i];
            return number;
        }
    }

    /// <summary>The value as a dotted object identifier (X.690 section 8.19).</summary>
    public readonly string ObjectId
    {
        get
        {
            var text = new System.Text.StringBuilder();
            ulong part = 0;
            bool first = true;
            foreach (byte b in Value)
            {
                part = part << 7 | (uint)(b & 0x7f);
                if ((b & 0x80) != 0) continue;
                if (first)
                {
                    ulong top = Math.Min(part / 40, 2);
                    text.Append(top).Append('.').Append(part - top * 40);
                    first = false;
                }
                else text.Append('.').Append(part);
                part = 0;
                if (text.Length > 512) break;
            }
            return text.ToString();
        }
    }
}
