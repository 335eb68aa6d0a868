using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Kept;

/// <summary>
/// Whole rule sets that an earlier start has read and compiled, beside their compiled patterns. An entry goes by a digest of all that decides what a set becomes: this program, Hyperscan and the
/// processor, variables and classes, how rules are loaded, and the bytes of the files. What is damaged or foreign is as good as none, and the rules are read anew.
/// Form of an entry: "CIRTRS01"; the key (32); length of the index (8, little-endian) and its digest (32); the index; the rules' texts, each checked by itself when it is read.
/// </summary>
internal sealed class KeptRules
{
    private const int HeadSize = 80;
    private const int MostIndex = 1 << 28;
    private const string Extension = ".rules";
    private readonly byte[] _key;
    private readonly CacheFolder _folder;
    private readonly IReadOnlyList<(string Path, string ShownAs)> _files;
    private readonly RuleVariables _variables;
    private readonly Classification _classes;
    private readonly RuleLoadOptions _how;

    private KeptRules(byte[] key, IReadOnlyList<(string Path, string ShownAs)> files, RuleVariables variables, Classification classes, RuleLoadOptions how)
    {
        _key = key;
        _files = files;
        _variables = variables;
        _classes = classes;
        _how = how;
        _folder = new CacheFolder(Path.Combine(how.CacheFolder!, "sets"), Extension);
    }

    /// <summary>What is kept of these files under this configuration; null when nothing is to be kept, or one of them cannot be read.</summary>
    public static KeptRules? Of(IReadOnlyList<(string Path, string ShownAs)> files, RuleVariables variables, Classification classes, bool native, RuleLoadOptions how) =>
        native && Hyperscan.Available && how.CacheFolder != null && KeyOf(files, variables, classes, how) is { } key ? new KeptRules(key, files, variables, classes, how) : null;

    /// <summary>Why an entry was of no use, or none was made.</summary>
    public string? Fault { get; private set; }

    private string Name => Convert.ToHexStringLower(_key);

    /// <summary>The set as it was kept; null when there is none, or it is of no use.</summary>
    public RuleSet? TryTake()
    {
        FileStream? stream = null;
        try
        {
            stream = _folder.Open(Name);
            if (stream == null) return null;
            if (ReadIndex(stream) is { } index)
            {
                var names = new NameTable();
                var texts = new KeptTexts(stream, HeadSize + index.Length, new RuleParser(_variables, _classes, names) { Options = _how });
                var set = new RuleSet(new KeptReader(index), texts, names, new PatternCache(_how.CacheFolder), _how);
                _folder.Touch(Name);
                return set;
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Fault = e.Message; // what cannot be read is made anew
        }
        stream?.Dispose();
        Remove();
        return null;
    }

    /// <summary>Keeps a set for the next start. A disk that refuses costs that start some seconds, never this one its rules.</summary>
    /// <param name="set">Read from the files just now.</param>
    /// <param name="parser">What has read them.</param>
    public void Keep(RuleSet set, RuleParser parser)
    {
        if (!set.CanBeKept || parser.LeftOutByOutside) return;
        // the files may have been changed between the look at their bytes and the reading
        if (KeyOf(_files, _variables, _classes, _how) is not { } now || !now.AsSpan().SequenceEqual(_key)) return;
        var to = new KeptWriter();
        var texts = new KeptTexts.Writer();
        set.Write(to, texts, [.. _files.Select(f => f.ShownAs)]);
        if (!texts.Fits || to.Written.Length > MostIndex) return;
        try
        {
            _ = _folder.Put(Name, stream =>
            {
                Span<byte> head = stackalloc byte[HeadSize];
                "CIRTRS01"u8.CopyTo(head);
                _key.CopyTo(head[8..]);
                BinaryPrimitives.WriteInt64LittleEndian(head[40..], to.Written.Length);
                SHA256.HashData(to.Written, head[48..]);
                stream.Write(head);
                stream.Write(to.Written);
                texts.WriteTexts(stream);
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fault = e.Message;
        }
    }

    private byte[]? ReadIndex(FileStream stream)
    {
        Span<byte> head = stackalloc byte[HeadSize], digest = stackalloc byte[32];
        if (stream.ReadAtLeast(head, HeadSize, false) < HeadSize || !head[..8].SequenceEqual("CIRTRS01"u8) || !head[8..40].SequenceEqual(_key)) return null;
        long length = BinaryPrimitives.ReadInt64LittleEndian(head[40..]);
        if (length is <= 0 or > MostIndex || length > stream.Length - HeadSize) return null;
        byte[] index = GC.AllocateUninitializedArray<byte>((int)length);
        if (stream.ReadAtLeast(index, index.Length, false) < index.Length) return null;
        SHA256.HashData(index, digest);
        return digest.SequenceEqual(head[48..]) ? index : null;
    }

    private void Remove()
    {
        try
        {
            _folder.Remove(Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fault = e.Message; // it stays, and is refused again next time
        }
    }

    private static byte[]? KeyOf(IReadOnlyList<(string Path, string ShownAs)> files, RuleVariables variables, Classification classes, RuleLoadOptions how)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(typeof(KeptRules).Module.ModuleVersionId.ToByteArray());
        hash.AppendData(Hyperscan.Platform());
        foreach (var (name, value) in variables.Addresses.OrderBy(v => v.Key, StringComparer.Ordinal)) Say("address", name, value);
        foreach (var (name, value) in variables.Ports.OrderBy(v => v.Key, StringComparer.Ordinal)) Say("port", name, value);
        foreach (var (name, text, priority) in classes.All) Say("class", name, text, priority.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Say("how", how.FilesAnywhere ? "anywhere" : "beside", how.IgnoreUnknownRequirements ? "lenient" : "strict", Path.GetFullPath(how.DataFolder), string.Join(' ', how.ActionOrder));
        var buffer = new byte[1 << 16];
        try
        {
            foreach (var (path, shown) in files)
            {
                Say("file", Path.GetFullPath(path), shown);
                using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.SequentialScan);
                for (int read; (read = stream.Read(buffer)) > 0;) hash.AppendData(buffer, 0, read);
                Say("end");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // the reading of the rules says so
        }
        return hash.GetHashAndReset();

        // each word with its length before it, so that no two lists of words are the same bytes
        void Say(params ReadOnlySpan<string> words)
        {
            foreach (string word in words)
            {
                byte[] bytes = Encoding.UTF8.GetBytes(word);
                hash.AppendData(BitConverter.GetBytes(bytes.Length));
                hash.AppendData(bytes);
            }
        }
    }
}
