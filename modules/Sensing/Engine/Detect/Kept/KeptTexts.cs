using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect.Kept;

/// <summary>The texts of a kept set's rules, read from its file one by one. The file stays open as long as the set is in use, whatever becomes of its name.</summary>
/// <param name="entry">Ours from here on.</param>
/// <param name="from">Where in it the first text begins.</param>
/// <param name="parser">Reads them as it read them when they were kept.</param>
internal sealed class KeptTexts(FileStream entry, long from, RuleParser parser) : IDisposable
{
    private const int MostText = 1 << 20;
    private Entry[] _entries = [];
    private string[] _files = [];

    private readonly record struct Entry(int File, int Line, long Offset, int Length, ulong Digest, int Source, int Destination);

    /// <summary>The address sets of the set's rules.</summary>
    public AddressSet[] Sets { private get; set; } = [];

    /// <summary>Reads where the texts are; returns how many there are.</summary>
    public int Read(KeptReader reader)
    {
        _files = reader.Each(reader.Text);
        long offset = from;
        _entries = reader.Each(() =>
        {
            int file = reader.Place(_files.Length), line = reader.Place(int.MaxValue), length = reader.Place(MostText);
            ulong digest = reader.Raw();
            int source = reader.Place(Sets.Length), destination = reader.Place(Sets.Length);
            if (file < 0 || length < 0 || source < 0 || destination < 0) throw new InvalidDataException("a rule's place is missing");
            offset += length;
            return new Entry(file, line, offset - length, length, digest, source, destination);
        });
        if (entry.Length != offset) throw new InvalidDataException("the texts are of another length");
        return _entries.Length;
    }

    /// <summary>Reads the rule at a place of the set. Not for two threads at once.</summary>
    /// <exception cref="InvalidDataException">The text is no longer what it was, or is no rule any more.</exception>
    public Rule RuleAt(int place)
    {
        Entry at = _entries[place];
        var bytes = new byte[at.Length];
        for (int read = 0; read < bytes.Length;)
        {
            int some = RandomAccess.Read(entry.SafeFileHandle, bytes.AsSpan(read), at.Offset + read);
            if (some <= 0) throw new InvalidDataException("a kept rule is cut short: the file was changed while in use");
            read += some;
        }
        if (DigestOf(bytes) != at.Digest) throw new InvalidDataException("a kept rule is damaged: the file was changed while in use");
        if (!parser.TryParse(Encoding.UTF8.GetString(bytes), _files[at.File], at.Line, out Rule? rule, out RuleFault? fault))
            throw new InvalidDataException($"a kept rule is none any more: {fault?.Keyword} {fault?.Reason}");
        rule!.Index = place;
        rule.Source = Sets[at.Source];
        rule.Destination = Sets[at.Destination];
        return rule;
    }

    public void Dispose() => entry.Dispose();

    private static ulong DigestOf(ReadOnlySpan<byte> text)
    {
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(text, digest);
        return BinaryPrimitives.ReadUInt64LittleEndian(digest);
    }

    /// <summary>Writes where the texts will be, and then the texts.</summary>
    internal sealed class Writer
    {
        private readonly List<Rule> _rules = [];

        public void Write(KeptWriter to, RuleTable rules)
        {
            _rules.AddRange(rules);
            string[] files = _rules.Select(r => r.File).Distinct().ToArray();
            var places = files.Select((file, place) => (file, place)).ToDictionary(f => f.file, f => f.place);
            to.Each(files, to.Text);
            to.Each(_rules, rule =>
            {
                to.Number(places[rule.File]);
                to.Number(rule.Line);
                to.Number(rule.TextBytes.Length);
                to.Raw(DigestOf(rule.TextBytes));
                to.Number(rule.Source.Id);
                to.Number(rule.Destination.Id);
            });
        }

        public bool Fits => _rules.TrueForAll(r => r.TextBytes.Length < MostText);

        public void WriteTexts(System.IO.Stream to)
        {
            foreach (Rule rule in _rules) to.Write(rule.TextBytes);
        }
    }
}
