using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Appliance.Sensing.Engine.Detect.Prefilter;

/// <summary>
/// Compiles the patterns of a rule set, or takes them from a folder where an earlier start has kept them. What is kept goes by a digest of the patterns themselves, of the library's
/// version and of the processor, so that whatever changes a pattern (rules, variables, this program) leads to another entry. Every stretch read back is checked against its digest.
/// Form of an entry, numbers little-endian: "CIRTHS01"; number of databases (4); for each its key (32), length (8) and digest (32); digest of all that (32); then the databases.
/// </summary>
internal sealed class PatternCache(string? folder)
{
    private const int EntrySize = 72;
    private const int ManyPatternSets = 50;
    private const int MostDatabases = 1 << 16;
    private const int MostBytes = 1 << 30;
    private readonly CacheFolder? _folder = folder == null ? null : new CacheFolder(folder);

    /// <summary>How many databases came from the folder, and how many were compiled.</summary>
    public int Taken { get; private set; }
    public int Compiled { get; private set; }

    /// <summary>Why the folder was not used.</summary>
    public string? Fault { get; private set; }

    /// <summary>The entry that holds what was compiled or taken; null without a folder.</summary>
    public string? Name { get; private set; }

    /// <summary>Gives every engine its matcher; engines with the same patterns share one.</summary>
    /// <param name="engines">Those without patterns stay as they are.</param>
    /// <param name="native">Hyperscan where there is one.</param>
    /// <param name="idle">No packet waits: before much is compiled, memory that reading the rules has left over is handed back.</param>
    public void Compile(IReadOnlyList<BufferEngine> engines, bool native, bool idle)
    {
        BufferEngine[] filled = engines.Where(e => !e.IsEmpty).ToArray();
        if (!native || !Hyperscan.Available)
        {
            Parallel.ForEach(filled, new ParallelOptions { MaxDegreeOfParallelism = 2 }, e => e.Take(MultiMatcher.Make(e.Patterns, false)));
            return;
        }
        byte[] platform = Hyperscan.Platform();
        var byKey = new Dictionary<string, List<BufferEngine>>();
        foreach (BufferEngine engine in filled)
        {
            string key = engine.Key = Convert.ToHexStringLower(KeyOf(engine.Patterns, platform));
            if (!byKey.TryGetValue(key, out List<BufferEngine>? same)) byKey[key] = same = [];
            same.Add(engine);
        }
        string name = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(string.Concat(byKey.Keys.Order(StringComparer.Ordinal)))));
        var found = new Dictionary<string, MultiMatcher>();
        if (_folder != null && byKey.Count > 0)
        {
            Name = name;
            TakeFrom(name, byKey.ToDictionary(k => k.Key, k => k.Value[0].Patterns.Count), found);
        }
        Taken = found.Count;
        string[] missing = byKey.Keys.Where(k => !found.ContainsKey(k)).OrderByDescending(k => byKey[k][0].Patterns.Count).ToArray();
        Compiled = missing.Length;
        if (idle && missing.Length > ManyPatternSets) Memory.ProcessMemory.GiveBack();
        Parallel.ForEach(missing, new ParallelOptions { MaxDegreeOfParallelism = 2 }, key =>
        {
            MultiMatcher made = MultiMatcher.Make(byKey[key][0].Patterns, true);
            lock (found) found[key] = made;
        });
        foreach (var (key, same) in byKey)
            foreach (BufferEngine engine in same) engine.Take(found[key]);
        if (_folder != null && missing.Length > 0) Keep(name, found);
    }

    /// <summary>Gives engines whose patterns are known by key alone their matchers; false when the entry does not hold them all.</summary>
    public bool TryTake(string name, IReadOnlyList<BufferEngine> engines)
    {
        var found = new Dictionary<string, MultiMatcher>();
        var wanted = new Dictionary<string, int>();
        foreach (BufferEngine engine in engines)
            if (engine.Key != null) wanted[engine.Key] = engine.RulesOf.Length;
        if (_folder != null && wanted.Count > 0) TakeFrom(name, wanted, found);
        if (found.Count < wanted.Count)
        {
            foreach (MultiMatcher matcher in found.Values) matcher.Dispose();
            return false;
        }
        foreach (BufferEngine engine in engines)
            if (engine.Key != null) engine.Matcher = found[engine.Key];
        Taken = found.Count;
        return true;
    }

    private static byte[] KeyOf(IReadOnlyList<SearchPattern> patterns, byte[] platform)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(platform);
        Span<byte> head = stackalloc byte[9];
        foreach (SearchPattern pattern in patterns)
        {
            BinaryPrimitives.WriteInt32LittleEndian(head, pattern.Bytes.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(head[4..], pattern.Expression);
            head[8] = pattern.NoCase ? (byte)1 : (byte)0;
            hash.AppendData(head);
            hash.AppendData(pattern.Bytes);
        }
        return hash.GetHashAndReset();
    }

    /// <summary>Takes what is whole; a damaged or foreign entry is as good as none and is removed.</summary>
    private void TakeFrom(string name, Dictionary<string, int> wanted, Dictionary<string, MultiMatcher> found)
    {
        try
        {
            using FileStream? stream = _folder!.Open(name);
            if (stream == null) return;
            if (Read(stream, wanted, found)) _folder.Touch(name);
            else _folder.Remove(name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fault = e.Message; // what cannot be read is compiled
        }
    }

    private static bool Read(FileStream stream, Dictionary<string, int> wanted, Dictionary<string, MultiMatcher> found)
    {
        Span<byte> front = stackalloc byte[12];
        if (stream.ReadAtLeast(front, 12, false) < 12 || !front[..8].SequenceEqual("CIRTHS01"u8)) return false;
        int count = BinaryPrimitives.ReadInt32LittleEndian(front[8..]);
        if (count is <= 0 or > MostDatabases) return false;
        var index = new byte[12 + count * EntrySize];
        front.CopyTo(index);
        Span<byte> digest = stackalloc byte[32], made = stackalloc byte[32];
        if (stream.ReadAtLeast(index.AsSpan(12), index.Length - 12, false) < index.Length - 12 || stream.ReadAtLeast(digest, 32, false) < 32) return false;
        if (!SHA256.HashData(index).AsSpan().SequenceEqual(digest)) return false;
        byte[] bytes = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = index.AsSpan(12 + i * EntrySize, EntrySize);
            long length = BinaryPrimitives.ReadInt64LittleEndian(entry[32..]);
            if (length is <= 0 or > MostBytes || length > stream.Length - stream.Position) return false;
            if (bytes.Length < length) bytes = GC.AllocateUninitializedArray<byte>((int)length);
            Span<byte> body = bytes.AsSpan(0, (int)length);
            if (stream.ReadAtLeast(body, body.Length, false) < body.Length) return false;
            SHA256.HashData(body, made);
            if (!made.SequenceEqual(entry[40..])) return false;
            string key = Convert.ToHexStringLower(entry[..32]);
            if (!wanted.TryGetValue(key, out int patterns) || found.ContainsKey(key)) continue;
            IntPtr database = Hyperscan.Deserialize(body);
            if (database == IntPtr.Zero) return false;
            found[key] = new HyperscanMatcher(database, patterns);
        }
        return true;
    }

    private void Keep(string name, Dictionary<string, MultiMatcher> found)
    {
        try
        {
            if (!_folder!.Put(name, stream => Write(stream, found.Where(f => f.Value is HyperscanMatcher).Select(f => (f.Key, (HyperscanMatcher)f.Value)).ToList())))
                Fault = "the folder belongs to somebody else, or others may write to it";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fault = e.Message; // a full or unwritable disk costs the next start some seconds, never this one its rules
        }
    }

    private static void Write(FileStream stream, List<(string Key, HyperscanMatcher Matcher)> all)
    {
        var index = new byte[12 + all.Count * EntrySize];
        "CIRTHS01"u8.CopyTo(index);
        BinaryPrimitives.WriteInt32LittleEndian(index.AsSpan(8), all.Count);
        stream.Seek(index.Length + 32, SeekOrigin.Begin);
        for (int i = 0; i < all.Count; i++)
        {
            Span<byte> entry = index.AsSpan(12 + i * EntrySize, EntrySize);
            Convert.FromHexString(all[i].Key).CopyTo(entry);
            long length = all[i].Matcher.Serialize(stream, entry[40..]);
            BinaryPrimitives.WriteInt64LittleEndian(entry[32..], length);
        }
        stream.Seek(0, SeekOrigin.Begin);
        stream.Write(index);
        stream.Write(SHA256.HashData(index));
    }
}
