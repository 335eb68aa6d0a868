using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Appliance.Sensing.Engine.Decode;

namespace Appliance.Sensing.Engine.Rules;

/// <summary>What a set holds. <c>Domain</c> is ours: a name lies in the set when it or any name above it is listed.</summary>
internal enum DatasetKind : byte { Text, Md5, Sha256, Ipv4, Ip, Domain }

internal enum DatasetAct : byte { IsSet, IsNotSet, Set, Unset, Reputation }

/// <summary>Byte strings as keys, looked up by span.</summary>
internal sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly BytesComparer Instance = new();

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);
    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = new HashCode();
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());
}

/// <summary>A named set of values that rules ask, fill and empty; shared by all workers.</summary>
internal sealed class Dataset(string name, DatasetKind kind, int most)
{
    private readonly ConcurrentDictionary<byte[], ushort> _values = new(BytesComparer.Instance);
    private string? _saveTo;
    private int _count;

    /// <summary>Bytes of the longest name that DNS allows (RFC 1035 section 2.3.4).</summary>
    private const int LongestName = 255;

    public string Name { get; } = name;
    public DatasetKind Kind { get; } = kind;
    public int Count => _count;

    /// <summary>Rules put values in or take them out.</summary>
    public bool Changes { get; set; }

    /// <summary>Reads one value a line: text in base64, digests in hexadecimal, addresses and domains as written; behind a comma the value's reputation.</summary>
    public void Load(string keyword, string path, bool withReputation)
    {
        int number = 0;
        foreach (string raw in File.ReadLines(path))
        {
            number++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            int comma = line.IndexOf(',', StringComparison.Ordinal);
            ushort reputation = 0;
            if (comma >= 0)
            {
                if (withReputation && !ushort.TryParse(line[(comma + 1)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out reputation)) throw new RuleException(keyword, $"{path}:{number}: no reputation behind the comma");
                line = line[..comma].Trim();
            }
            if (!TryValue(line, out byte[] value)) throw new RuleException(keyword, $"{path}:{number}: not a value of this set");
            if (_count >= most) throw new RuleException(keyword, $"{path}: more than {most} values");
            if (_values.TryAdd(value, reputation)) _count++;
        }
    }

    private bool TryValue(string text, out byte[] value)
    {
        value = [];
        switch (Kind)
        {
            case DatasetKind.Text:
                value = new byte[text.Length];
                if (!Convert.TryFromBase64String(text, value, out int n)) return false;
                value = value[..n];
                return true;
            case DatasetKind.Md5 or DatasetKind.Sha256:
                if (text.Length != (Kind == DatasetKind.Md5 ? 32 : 64) || !text.All(char.IsAsciiHexDigit)) return false;
                value = Convert.FromHexString(text);
                return true;
            case DatasetKind.Domain:
                text = text.Trim('.');
                if (text.Length is 0 or > LongestName || !Ascii.IsValid(text)) return false;
                value = Encoding.ASCII.GetBytes(text.ToLowerInvariant());
                return true;
            default:
                if (!IpAddress.TryParse(Encoding.ASCII.GetBytes(text), out IpAddress address) || Kind == DatasetKind.Ipv4 && !address.IsV4) return false;
                value = new byte[16];
                address.WriteV6(value);
                return true;
        }
    }

    /// <summary>Does the act hold for these bytes? Set holds when the value is new, unset when it was there.</summary>
    public bool Apply(DatasetAct act, scoped ReadOnlySpan<byte> bytes, Comparison compare, long reputation)
    {
        Span<byte> room = stackalloc byte[16];
        if (Kind is DatasetKind.Ip or DatasetKind.Ipv4)
        {
            if (bytes.Length is not (4 or 16) || Kind == DatasetKind.Ipv4 && bytes.Length != 4) return false;
            (bytes.Length == 4 ? IpAddress.ReadV4(bytes) : IpAddress.ReadV6(bytes)).WriteV6(room);
            bytes = room;
        }
        else if (Kind == DatasetKind.Domain) return ApplyName(act, bytes);
        else if (Kind == DatasetKind.Md5 && bytes.Length != 16 || Kind == DatasetKind.Sha256 && bytes.Length != 32) return false;
        var lookup = _values.GetAlternateLookup<ReadOnlySpan<byte>>();
        switch (act)
        {
            case DatasetAct.IsSet: return lookup.ContainsKey(bytes);
            case DatasetAct.IsNotSet: return !lookup.ContainsKey(bytes);
            case DatasetAct.Set:
                if (_count >= most || !lookup.TryAdd(bytes, 0)) return false;
                Interlocked.Increment(ref _count);
                return true;
            case DatasetAct.Unset:
                if (!lookup.TryRemove(bytes, out _)) return false;
                Interlocked.Decrement(ref _count);
                return true;
            default:
                return lookup.TryGetValue(bytes, out ushort known) && Detect.ContentInspector.Compare(known, compare, reputation, 0);
        }
    }

    private bool ApplyName(DatasetAct act, scoped ReadOnlySpan<byte> name)
    {
        bool listed = false;
        if (name.Length <= LongestName + 1)
        {
            Span<byte> room = stackalloc byte[LongestName + 1];
            Ascii.ToLower(name, room, out int length);
            ReadOnlySpan<byte> rest = room[..length].Trim((byte)'.');
            var lookup = _values.GetAlternateLookup<ReadOnlySpan<byte>>();
            while (!(listed = !rest.IsEmpty && lookup.ContainsKey(rest)))
            {
                int dot = rest.IndexOf((byte)'.');
                if (dot < 0) break;
                rest = rest[(dot + 1)..];
            }
        }
        return act == DatasetAct.IsNotSet ? !listed : listed;
    }

    public void SaveAtEnd(string path) => _saveTo = path;

    /// <summary>Writes the set back where the rule asked for it; a set without such a place keeps nothing.</summary>
    public void Save()
    {
        if (_saveTo == null) return;
        var text = new StringBuilder();
        Span<byte> form = stackalloc byte[40];
        foreach (byte[] value in _values.Keys)
        {
            text.AppendLine(Kind switch
            {
                DatasetKind.Text => Convert.ToBase64String(value),
                DatasetKind.Md5 or DatasetKind.Sha256 => Convert.ToHexStringLower(value),
                _ => Encoding.ASCII.GetString(form[..IpAddress.ReadV6(value).Format(form)]),
            });
        }
        string part = _saveTo + ".part";
        File.WriteAllText(part, text.ToString());
        File.Move(part, _saveTo, true);
    }
}

/// <summary>The sets of one rule set, by name.</summary>
internal sealed class DatasetTable
{
    private readonly Dictionary<string, Dataset> _sets = [];

    public const int MostValues = 8 << 20;

    public Dataset Of(string keyword, string name, DatasetKind? kind, out bool fresh)
    {
        fresh = false;
        if (_sets.TryGetValue(name, out Dataset? known))
        {
            if (kind != null && known.Kind != kind) throw new RuleException(keyword, $"the set {name} holds values of another type");
            return known;
        }
        if (kind == null) throw new RuleException(keyword, $"the set {name} has no type");
        fresh = true;
        return _sets[name] = new Dataset(name, kind.Value, MostValues);
    }

    /// <summary>A set whose values could not be read: the next rule that names it tries again.</summary>
    public void Forget(string name) => _sets.Remove(name);

    public void Save()
    {
        foreach (Dataset set in _sets.Values) set.Save();
    }
}
