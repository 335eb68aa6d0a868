using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Http2;

/// <summary>What one direction of a stream has sent: its frames' kinds and numbers, its headers, its body.</summary>
internal sealed class Http2Side
{
    private const int MostNumbers = 64;
    public readonly Http2Headers Headers = new();
    public readonly SlidingBuffer Body = new();
    public long BodySeen;
    public AppFile? File;
    public bool HasHeaders;

    /// <summary>Frames of all kinds.</summary>
    public int Frames;

    public bool HasSettings;
    public List<(ushort Id, uint Value)>? Settings;
    public List<uint>? Windows;
    public List<byte>? Priorities;

    /// <summary>Of GOAWAY and RST_STREAM.</summary>
    public List<(uint Code, bool GoAway)>? Errors;

    /// <summary>The first number that came a second time: records show only the first.</summary>
    public string? Repeated;

    private ulong _kinds0, _kinds1, _kinds2, _kinds3;

    public void Note(byte kind)
    {
        ulong bit = 1UL << (kind & 63);
        switch (kind >> 6)
        {
            case 0: _kinds0 |= bit; break;
            case 1: _kinds1 |= bit; break;
            case 2: _kinds2 |= bit; break;
            default: _kinds3 |= bit; break;
        }
        Frames++;
    }

    public bool Saw(byte kind) => (((kind >> 6) switch { 0 => _kinds0, 1 => _kinds1, 2 => _kinds2, _ => _kinds3 }) >> (kind & 63) & 1) != 0;

    public void AddError(uint code, bool goAway)
    {
        Errors ??= new(1);
        if (Errors.Count > 0) Repeated ??= "error_code";
        if (Errors.Count < MostNumbers) Errors.Add((code, goAway));
    }

    public void AddPriority(byte weight)
    {
        Priorities ??= new(1);
        if (Priorities.Count > 0) Repeated ??= "priority";
        if (Priorities.Count < MostNumbers) Priorities.Add(weight);
    }

    public void AddWindow(uint size)
    {
        Windows ??= new(1);
        if (Windows.Count < MostNumbers) Windows.Add(size);
    }

    public void AddSetting(ushort id, uint value)
    {
        Settings ??= new(4);
        if (Settings.Count < MostNumbers) Settings.Add((id, value));
    }

    /// <summary>Is there anything that a record shows?</summary>
    public bool HasNumbers => HasSettings || Errors != null || Priorities != null;

    public void Release()
    {
        Headers.Release();
        Body.Release();
        File = null;
    }
}
