using System.Text;
using Appliance.Sensing.Engine.AppLayer.Http;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.AppLayer.Files;

/// <summary>Limits of app-layer.protocols.http.byterange.</summary>
internal sealed record RangeOptions
{
    public long Memcap { get; init; } = 100L << 20;
    public int TimeoutSeconds { get; init; } = 60;
}

/// <summary>
/// Files that are fetched in ranges (RFC 9110, section 14), put together again across connections by host and path. The workers of a capture share one.
/// What does not fit into the memory given is not kept; what nobody adds to for a time is forgotten.
/// </summary>
internal sealed class RangeStore
{
    private const int MostFiles = 4096, MostPieces = 4096;
    private const long SweepMicros = 1_000_000;
    private readonly Dictionary<string, Joined> _files = [];
    private readonly Lock _gate = new();
    private long _used, _swept;

    private sealed class Joined(AppFile file, long size)
    {
        public readonly AppFile File = file;
        public readonly long Size = size;
        public readonly List<(long Start, byte[] Bytes)> Pieces = []; // that come later in the file
        public long At, Held, Seen;
    }

    /// <summary>A range that begins to arrive; null when it is no part of a known whole, or the whole itself, or there is no room.</summary>
    public RangePart? Open(ReadOnlySpan<byte> host, ReadOnlySpan<byte> path, in HttpRange range, ParseContext context)
    {
        if (range.Start < 0 || range.End < range.Start || range.Size <= range.End || range.End - range.Start + 1 == range.Size) return null;
        if (Volatile.Read(ref _used) + (range.End - range.Start + 1) > context.Options.Ranges.Memcap) return null;
        string key = string.Concat(Encoding.Latin1.GetString(host).ToLowerInvariant(), " ", Encoding.Latin1.GetString(path));
        return new RangePart(this, key, path.ToArray(), range, context);
    }

    public bool TryUse(int bytes, long most)
    {
        if (Interlocked.Add(ref _used, bytes) <= most) return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _used, -bytes);

    /// <summary>Adds a range that is all there; gives the file when that made it whole.</summary>
    public AppFile? Add(RangePart part, AppLayerOptions options, long now)
    {
        lock (_gate)
        {
            Sweep(now, options.Ranges.TimeoutSeconds * 1_000_000L);
            if (!_files.TryGetValue(part.Key, out Joined? joined) || joined.Size != part.Range.Size)
            {
                if (joined != null) Forget(part.Key, joined);
                if (_files.Count >= MostFiles) return null;
                var file = new AppFile { IsJoined = true };
                file.Open(part.Name, false, options.Files, true);
                _files[part.Key] = joined = new Joined(file, part.Range.Size);
            }
            joined.Seen = now;
            if (part.Range.Start > joined.At)
            {
                int size = part.Bytes.Length;
                if (joined.Pieces.Count >= MostPieces || !TryUse(size, options.Ranges.Memcap)) return null;
                joined.Held += size;
                joined.Pieces.Add((part.Range.Start, part.Bytes.ToArray()));
                return null;
            }
            Append(joined, part.Range.Start, part.Bytes, options.Ranges.Memcap);
            for (bool went = true; went;)
            {
                went = false;
                for (int i = joined.Pieces.Count - 1; i >= 0; i--)
                {
                    var (start, bytes) = joined.Pieces[i];
                    if (start > joined.At) continue;
                    went |= Append(joined, start, bytes, options.Ranges.Memcap);
                    joined.Held -= bytes.Length;
                    GiveBack(bytes.Length);
                    joined.Pieces.RemoveAt(i);
                }
            }
            if (joined.At < joined.Size) return null;
            Forget(part.Key, joined, false);
            joined.File.Close(true);
            return joined.File;
        }
    }

    private bool Append(Joined joined, long start, ReadOnlySpan<byte> bytes, long most)
    {
        long known = joined.At - start;
        if (known >= bytes.Length) return false;
        // what the file keeps for rules to look at counts as well
        int kept = joined.File.KeepBytes ? (int)Math.Clamp(AppFile.Kept - joined.At, 0, bytes.Length) : 0;
        if (kept > 0 && TryUse(kept, most)) joined.Held += kept;
        else if (kept > 0) joined.File.KeepBytes = false;
        joined.File.Append(bytes[(int)known..]);
        joined.At = start + bytes.Length;
        return true;
    }

    private void Sweep(long now, long life)
    {
        if (now - _swept < SweepMicros) return;
        _swept = now;
        List<string>? old = null;
        foreach (var (key, joined) in _files)
            if (now - joined.Seen > life) (old ??= []).Add(key);
        foreach (string key in old ?? []) Forget(key, _files[key]);
    }

    private void Forget(string key, Joined joined, bool unfinished = true)
    {
        _files.Remove(key);
        GiveBack(joined.Held);
        if (unfinished) joined.File.Reset();
    }
}

/// <summary>One range on its way. It belongs to the file that its own answer makes, and ends with it.</summary>
internal sealed class RangePart(RangeStore store, string key, byte[] name, HttpRange range, ParseContext context)
{
    private readonly SlidingBuffer _bytes = new();
    private int _held;
    private bool _over;

    public string Key => key;
    public byte[] Name => name;
    public HttpRange Range => range;
    public ReadOnlySpan<byte> Bytes => _bytes.Span;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_over) return;
        if (_held + (long)bytes.Length > range.End - range.Start + 1 || !store.TryUse(bytes.Length, context.Options.Ranges.Memcap))
        {
            Drop();
            return;
        }
        _held += bytes.Length;
        _bytes.Append(bytes);
    }

    /// <summary>The answer is over: the whole file, when this range was the last that was missing.</summary>
    public AppFile? Finish(bool complete)
    {
        AppFile? whole = null;
        if (!_over && complete && _held == range.End - range.Start + 1)
        {
            context.Turns?.Await(); // which range comes last must not depend on which worker is faster
            whole = store.Add(this, context.Options, context.Time);
        }
        Drop();
        return whole;
    }

    public void Drop()
    {
        if (_over) return;
        _over = true;
        store.GiveBack(_held);
        _bytes.Release();
    }
}
