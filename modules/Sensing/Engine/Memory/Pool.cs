namespace Appliance.Sensing.Engine.Memory;

/// <summary>Objects used again by one worker; never shared between threads.</summary>
internal sealed class Pool<T>(int keep) where T : class, new()
{
    private readonly T?[] _items = new T?[keep];
    private int _count;

    public T Take()
    {
        if (_count == 0) return new T();
        T item = _items[--_count]!;
        _items[_count] = null;
        return item;
    }

    public void Give(T item)
    {
        if (_count < _items.Length) _items[_count++] = item;
    }
}
