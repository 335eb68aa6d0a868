using System.Runtime.InteropServices;

namespace Appliance.Sensing.Engine.Detect.Prefilter;

/// <param name="Bytes">A literal, or the text of an expression.</param>
/// <param name="NoCase">Of a literal: in lower case, to be found in any.</param>
/// <param name="Expression">The library's flags of an expression; 0: a literal.</param>
internal readonly record struct SearchPattern(byte[] Bytes, bool NoCase, uint Expression = 0);

/// <summary>Memory of one worker for searching: Hyperscan's scratch, and where hits are listed.</summary>
internal sealed unsafe class SearchScratch : IDisposable
{
    public IntPtr Native;
    public uint* Hits;
    public int Capacity;
    public int Count;
    /// <summary>Patterns already hit, one bit each; for matchers that must know.</summary>
    public ulong[] Seen = [];

    public ReadOnlySpan<uint> Found => new(Hits, Count);

    public void Ensure(int capacity)
    {
        if (capacity <= Capacity) return;
        Hits = (uint*)NativeMemory.Realloc(Hits, (nuint)capacity * sizeof(uint));
        Capacity = capacity;
    }

    public void Add(uint id)
    {
        if (Count < Capacity) Hits[Count++] = id;
    }

    public void Dispose()
    {
        if (Native != IntPtr.Zero) _ = Hyperscan.hs_free_scratch(Native);
        NativeMemory.Free(Hits);
        Native = IntPtr.Zero;
        Hits = null;
        Capacity = 0;
    }
}

/// <summary>Looks for many patterns at once. Each pattern is reported at most once per search.</summary>
internal abstract class MultiMatcher : IDisposable
{
    public int PatternCount { get; protected init; }

    public static MultiMatcher Make(IReadOnlyList<SearchPattern> patterns, bool native)
    {
        if (native && Hyperscan.Available)
        {
            IntPtr database = Hyperscan.Compile(patterns);
            if (database != IntPtr.Zero) return new HyperscanMatcher(database, patterns.Count);
        }
        return patterns.Any(p => p.Expression != 0) ? new EveryPattern(patterns.Count) : new AhoCorasick(patterns);
    }

    public abstract void Prepare(SearchScratch scratch);

    public abstract void Search(ReadOnlySpan<byte> bytes, SearchScratch scratch);

    public virtual void Dispose() { }
}

internal sealed unsafe class HyperscanMatcher : MultiMatcher
{
    private IntPtr _database;

    public HyperscanMatcher(IntPtr database, int count)
    {
        _database = database;
        PatternCount = count;
    }

    public override void Prepare(SearchScratch scratch)
    {
        scratch.Ensure(PatternCount);
        _ = Hyperscan.hs_alloc_scratch(_database, ref scratch.Native);
    }

    public override void Search(ReadOnlySpan<byte> bytes, SearchScratch scratch)
    {
        var hits = new Hyperscan.Hits { Ids = scratch.Hits, Capacity = scratch.Capacity };
        fixed (byte* data = bytes)
            _ = Hyperscan.hs_scan(_database, data, (uint)bytes.Length, 0, scratch.Native, &Hyperscan.OnMatch, &hits);
        scratch.Count = hits.Count;
    }

    /// <summary>Writes the database's portable form and its SHA-256; returns the length.</summary>
    /// <exception cref="IOException">The library refuses, or the disk.</exception>
    public long Serialize(System.IO.Stream to, Span<byte> digest)
    {
        byte* bytes = Hyperscan.Serialize(_database, out nuint length);
        try
        {
            var span = new ReadOnlySpan<byte>(bytes, checked((int)length));
            System.Security.Cryptography.SHA256.HashData(span, digest);
            to.Write(span);
            return span.Length;
        }
        finally
        {
            NativeMemory.Free(bytes);
        }
    }

    public override void Dispose()
    {
        if (_database != IntPtr.Zero) _ = Hyperscan.hs_free_database(_database);
        _database = IntPtr.Zero;
    }
}
