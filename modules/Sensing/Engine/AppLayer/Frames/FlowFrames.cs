namespace Appliance.Sensing.Engine.AppLayer.Frames;

/// <summary>A typed stretch of one direction of a conversation.</summary>
internal struct AppFrame
{
    public FrameType Type;
    public long Id;
    /// <summary>Offset of the first byte in its stream; over UDP in its datagram.</summary>
    public long Start;
    /// <summary>-1: to the end of the stream.</summary>
    public long Length;
    /// <summary>Bytes from the start on that rules have been shown.</summary>
    public long Inspected;
    public bool Logged;
    /// <summary>One above the number of the exchange it belongs to; 0: none is named.</summary>
    public long Exchange;
}

/// <summary>The frames of one direction that rules or records have not done with, in the order they were marked.</summary>
internal sealed class FrameList
{
    /// <summary>Frames that wait at once; what is marked beyond is left out.</summary>
    private const int Most = 2048;
    private const int KeptCapacity = 64;
    private AppFrame[] _items = new AppFrame[8];
    private readonly long[] _lastStart = new long[64];
    private int _count;
    private long _lastId;

    public int Count => _count;

    public Span<AppFrame> Items => _items.AsSpan(0, _count);

    /// <summary>Marks a frame. A parser that is offered the same bytes again marks it once: frames of a type follow each other.</summary>
    /// <param name="again">Mark it even so.</param>
    public void Add(FrameType type, long start, long length, bool again, long exchange = 0)
    {
        ref long last = ref _lastStart[(int)type];
        if (!again && (start + 1 <= last || type == FrameType.Stream && last > 0) || _count >= Most) return;
        last = Math.Max(last, start + 1);
        if (_count == _items.Length) Array.Resize(ref _items, _count * 2);
        _items[_count++] = new AppFrame { Type = type, Id = ++_lastId, Start = start, Length = length, Exchange = exchange };
    }

    /// <summary>The last frame of that type, if its end was not known, ends before this offset.</summary>
    public void End(FrameType type, long end)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            if (_items[i].Type != type) continue;
            if (_items[i].Length < 0) _items[i].Length = Math.Max(0, end - _items[i].Start);
            return;
        }
    }

    /// <summary>Keeps the first so many of <see cref="Items"/>, which the caller has moved to the front.</summary>
    public void Truncate(int count) => _count = count;

    public void Clear()
    {
        _count = 0;
        _lastId = 0;
        Array.Clear(_lastStart);
        if (_items.Length > KeptCapacity) _items = new AppFrame[8];
    }
}

internal sealed class FlowFrames
{
    public FrameList ToServer { get; } = new();
    public FrameList ToClient { get; } = new();

    public FrameList Of(bool toServer) => toServer ? ToServer : ToClient;

    public bool Any => ToServer.Count + ToClient.Count > 0;

    public void Clear()
    {
        ToServer.Clear();
        ToClient.Clear();
    }
}
