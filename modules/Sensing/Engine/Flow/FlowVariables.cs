namespace Appliance.Sensing.Engine.Flow;

/// <summary>Bits and counters that rules keep on a flow: few per flow, so arrays that are searched, not tables.</summary>
internal sealed class FlowVariables
{
    private int[] _bits = [];
    private int _bitCount;
    private (int Name, uint Value)[] _ints = [];
    private int _intCount;

    public ReadOnlySpan<int> Bits => _bits.AsSpan(0, _bitCount);
    public ReadOnlySpan<(int Name, uint Value)> Ints => _ints.AsSpan(0, _intCount);

    private List<(int Name, byte[] Value)>? _texts;

    public bool IsEmpty => _bitCount == 0 && _intCount == 0 && _texts == null;

    /// <summary>What expressions have captured for the flow, by name.</summary>
    public IReadOnlyList<(int Name, byte[] Value)> Texts => _texts != null ? _texts : Array.Empty<(int Name, byte[] Value)>();

    public void SetText(int name, byte[] value)
    {
        _texts ??= new(1);
        int at = _texts.FindIndex(t => t.Name == name);
        if (at >= 0) _texts[at] = (name, value);
        else if (_texts.Count < 32) _texts.Add((name, value));
    }

    public bool IsSet(int bit) => _bits.AsSpan(0, _bitCount).Contains(bit);

    public void Set(int bit)
    {
        if (IsSet(bit)) return;
        if (_bitCount == _bits.Length) Array.Resize(ref _bits, Math.Max(4, _bitCount * 2));
        _bits[_bitCount++] = bit;
    }

    public void Unset(int bit)
    {
        int at = _bits.AsSpan(0, _bitCount).IndexOf(bit);
        if (at >= 0) _bits[at] = _bits[--_bitCount];
    }

    public bool TryGetInt(int name, out uint value)
    {
        for (int i = 0; i < _intCount; i++)
            if (_ints[i].Name == name)
            {
                value = _ints[i].Value;
                return true;
            }
        value = 0;
        return false;
    }

    public void SetInt(int name, uint value)
    {
        for (int i = 0; i < _intCount; i++)
            if (_ints[i].Name == name)
            {
                _ints[i].Value = value;
                return;
            }
        if (_intCount == _ints.Length) Array.Resize(ref _ints, Math.Max(4, _intCount * 2));
        _ints[_intCount++] = (name, value);
    }

    public void Clear()
    {
        _bitCount = _intCount = 0;
        _texts = null;
    }
}
