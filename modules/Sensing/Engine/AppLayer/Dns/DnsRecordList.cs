namespace Appliance.Sensing.Engine.AppLayer.Dns;

/// <summary>The records of one section of a message, in memory that is used again.</summary>
internal sealed class DnsRecordList
{
    private const int Kept = 32;
    private DnsRecord[] _items = [];

    public int Length { get; private set; }

    public ref readonly DnsRecord this[int place] => ref AsSpan()[place];

    public Span<DnsRecord> AsSpan() => _items.AsSpan(0, Length);

    public void Add(in DnsRecord record)
    {
        if (Length == _items.Length) Array.Resize(ref _items, Math.Max(2, Length * 2));
        _items[Length++] = record;
    }

    public void Clear()
    {
        if (_items.Length > Kept) _items = [];
        Length = 0;
    }
}
