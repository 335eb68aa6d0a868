namespace Appliance.Sensing.Intake;

/// <summary>The columns of one EVE record. One instance is filled again and again for events; alerts keep theirs until their group is known.</summary>
internal sealed class EveRecord
{
    /// <summary>Longest name, protocol or job id that becomes a column; the whole value stays in the raw record.</summary>
    public const int TextLimit = 512;

    public long Id;
    public bool Exercise;
    public string Type = "";
    public long SeenMicros;
    public bool HasTime;
    public Address Source;
    public Address Destination;
    public int SourcePort = -1;
    public int DestinationPort = -1;
    public long FlowId = long.MinValue;
    public readonly Utf8Text Proto = new();
    public readonly Utf8Text AppProto = new();
    public readonly Utf8Text Name = new();
    public readonly Utf8Text Replay = new();
    public bool HasAlert;
    public int Gid = 1;
    public long Sid;
    public int Rev;
    public int Severity = 3;
    public string Signature = "";
    public string Category = "";

    /// <summary>Where the record lies in the window, after mending.</summary>
    public ReadOnlyMemory<byte> Raw;

    public void Clear()
    {
        Type = "";
        (SeenMicros, HasTime) = (0, false);
        (Source, Destination, SourcePort, DestinationPort, FlowId) = (default, default, -1, -1, long.MinValue);
        Proto.Clear();
        AppProto.Clear();
        Name.Clear();
        Replay.Clear();
        (HasAlert, Gid, Sid, Rev, Severity, Signature, Category) = (false, 1, 0, 0, 3, "", "");
        Raw = default;
    }
}

/// <summary>A short UTF-8 text that is copied out of the line, unescaped, without becoming a string.</summary>
internal sealed class Utf8Text
{
    private byte[] _bytes = new byte[64];
    private int _length;

    public bool IsEmpty => _length == 0;

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    public void Set(ref System.Text.Json.Utf8JsonReader reader)
    {
        // Unescaped text is never longer than its escaped form.
        var most = reader.ValueSpan.Length;
        if (_bytes.Length < most)
            _bytes = new byte[most];
        _length = reader.CopyString(_bytes.AsSpan());
        if (_length > EveRecord.TextLimit)
            _length = Cut(EveRecord.TextLimit);
    }

    public void CopyFrom(Utf8Text other)
    {
        if (_bytes.Length < other._length)
            _bytes = new byte[other._length];
        other.Span.CopyTo(_bytes);
        _length = other._length;
    }

    public override string ToString() => System.Text.Encoding.UTF8.GetString(Span);

    /// <summary>Never in the middle of a character: PostgreSQL would refuse the row.</summary>
    private int Cut(int at)
    {
        while (at > 0 && (_bytes[at] & 0xC0) == 0x80)
            at--;
        return at;
    }
}
