using System.Globalization;
using System.Text;
using Appliance.Kernel.Csv;

namespace Appliance.Ticketing.Mailings;

/// <summary>What a line names.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Evidence">The rest of the line, for whoever owns the thing.</param>
internal sealed record PastedItem(int Line, PastedThing Thing, string Evidence);

/// <summary>A line that nobody can be told of.</summary>
/// <param name="Text">The line, without control characters and bounded.</param>
/// <param name="Reason">no-thing, line-long or duplicate.</param>
/// <param name="Detail">Of a duplicate: the line that said it first.</param>
internal sealed record PastedFault(int Line, string Text, string Reason, string Detail = "");

/// <summary>A list as people and machines write it: one thing a line, prose, CSV with or without a header, defanged. Every line that is not blank is the header, an item or a fault.</summary>
/// <remarks>Lines stand alone, also where a quote is never closed: one bad line swallows no other.</remarks>
internal sealed record PastedList(IReadOnlyList<PastedItem> Items, IReadOnlyList<PastedFault> Faults, int Lines, int Blank, int? Header)
{
    public const int MostLines = 10_000;

    public const int MostBytes = 5 * 1024 * 1024;

    private const int LongestLine = 8000;

    private const int LongestEvidence = 500;

    private static readonly CsvLimits s_limits = new(LongestLine, 200, 1);

    /// <summary>Columns that say whose it is about, the first that is filled counts.</summary>
    private static readonly string[] s_columns =
    [
        "ip", "src_ip", "source_ip", "source.ip", "ip_address", "ipaddress", "ip address", "ip-address", "address", "host_ip", "victim_ip", "source.network", "cidr", "network", "netblock", "prefix",
        "url", "source.url", "domain", "fqdn", "source.fqdn", "domain_name", "hostname", "host", "email", "mail", "account", "asn", "source.asn",
    ];

    /// <summary>Reads <paramref name="text"/>; null when it holds more lines or things than a mailing takes.</summary>
    public static PastedList? Read(string text)
    {
        var (items, faults) = (new List<PastedItem>(), new List<PastedFault>());
        var known = new Dictionary<(PastedThing, string), int>();
        var (number, blank, header, columns) = (0, 0, (int?)null, (Columns?)null);
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            number++;
            if (raw.IsWhiteSpace() || (number == 1 && raw.Trim('\uFEFF').IsWhiteSpace()))
            {
                blank++;
                continue;
            }
            if (number - blank > MostLines || items.Count > MostLines)
                return null;
            var line = raw.Trim('\uFEFF').Trim().ToString();
            if (line.Length > LongestLine)
            {
                faults.Add(new(number, Tidy(line), "line-long", LongestLine.ToString(CultureInfo.InvariantCulture)));
                continue;
            }
            if (items.Count == 0 && faults.Count == 0 && header is null && Columns.Of(line) is { } named)
            {
                (header, columns) = (number, named);
                continue;
            }
            var found = Things(line, columns);
            if (found.Count == 0)
                faults.Add(new(number, Tidy(line), "no-thing"));
            foreach (var (thing, evidence) in found)
            {
                if (known.TryGetValue((thing, evidence), out var first))
                {
                    faults.Add(new(number, thing.Value, "duplicate", first.ToString(CultureInfo.InvariantCulture)));
                    continue;
                }
                known.Add((thing, evidence), number);
                items.Add(new(number, thing, evidence));
            }
        }
        return items.Count > MostLines ? null : new(items, faults, number, blank, header);
    }

    /// <summary>One line without signs that end lines, move the cursor or turn the direction of what follows; bounded.</summary>
    internal static string Tidy(string text, int longest = LongestEvidence)
    {
        var line = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var rune in text.EnumerateRunes())
        {
            if (line.Length >= longest)
                return line.Append('…').ToString();
            if (Rune.IsControl(rune) || Rune.IsWhiteSpace(rune))
            {
                if (line.Length > 0 && line[^1] != ' ')
                    line.Append(' ');
            }
            else if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned))
            {
                line.Append(rune.ToString());
            }
        }
        return line.ToString().Trim();
    }

    private static List<(PastedThing Thing, string Evidence)> Things(string line, Columns? columns)
    {
        var cells = Cells(line, columns?.Delimiter ?? CsvReader.Delimiter(line));
        if (columns is not null && cells.Count > 1 && columns.Find(cells) is { } told)
            return [told];
        var read = cells.Select(PastedThing.OfCell).ToList();
        if (read.TrueForAll(static r => r is not null) || (cells.Count > 1 && cells.Select((c, i) => c.Trim().Length == 0 || read[i] is not null).All(static r => r) && read.Exists(static r => r is not null)))
            return [.. read.Where(static r => r is not null).Select(static r => (r!.Value.Thing, PortText(r.Value.Port)))];
        var at = read.FindIndex(static r => r is { Thing.IsAddress: true });
        at = at < 0 ? read.FindIndex(static r => r is not null) : at;
        if (cells.Count > 1 && at >= 0 && !cells.Where((c, i) => read[i] is null && MayHoldAddress(c)).Any(static c => PastedThing.InText(c).Any(static f => f.Thing.IsAddress)))
            return [(read[at]!.Value.Thing, Tidy(string.Join(" | ", cells.Where((c, i) => i != at && c.Trim().Length > 0).Select(static c => c.Trim()).Prepend(PortText(read[at]!.Value.Port)).Where(static c => c.Length > 0))))];
        return Prose(line);
    }

    /// <summary>Of several owners in one sentence nobody reads the others' things.</summary>
    private static List<(PastedThing Thing, string Evidence)> Prose(string line)
    {
        var found = PastedThing.InText(line);
        var rest = line;
        foreach (var (_, raw) in found.OrderByDescending(static f => f.Raw.Length))
            if (raw.Length > 0)
                rest = rest.Replace(raw, " ", StringComparison.Ordinal);
        var clear = found.Count > 1 && found.Any(f => rest.Contains(f.Thing.Value, StringComparison.OrdinalIgnoreCase) || f.Raw.Length == 0) ? "" : Tidy(rest).Trim(',', ';', ':', '-', '|', ' ', '.', '(', ')', '"');
        return [.. found.Select(f => (f.Thing, clear))];
    }

    /// <summary>Shorter cells, times and versions are passed over without a closer look.</summary>
    private static bool MayHoldAddress(string cell) => cell.Length > 6 && (cell.Count(static c => c == '.') >= 3 || cell.Count(static c => c == ':') >= 3 || cell.Contains('[', StringComparison.Ordinal));

    private static string PortText(int? port) => port is { } number ? string.Create(CultureInfo.InvariantCulture, $"port={number}") : "";

    private static IReadOnlyList<string> Cells(string line, char delimiter) =>
        line.Contains(delimiter, StringComparison.Ordinal) && CsvReader.Read(line, delimiter, s_limits).FirstOrDefault() is { Fault: CsvFault.None } row ? row.Cells : [line];

    /// <summary>A first line that names its columns.</summary>
    private sealed record Columns(char Delimiter, IReadOnlyList<string> Names, IReadOnlyList<int> Subjects)
    {
        public static Columns? Of(string line)
        {
            var delimiter = CsvReader.Delimiter(line);
            var names = Cells(line, delimiter).Select(static n => n.Trim().Trim('"').Trim()).ToList();
            var subjects = s_columns.Select(c => names.FindIndex(n => n.Equals(c, StringComparison.OrdinalIgnoreCase))).Where(static i => i >= 0).ToList();
            return subjects.Count == 0 || names.Exists(static n => PastedThing.OfCell(n) is not null) ? null : new(delimiter, names, subjects);
        }

        public (PastedThing Thing, string Evidence)? Find(IReadOnlyList<string> cells)
        {
            foreach (var at in Subjects)
            {
                if (at >= cells.Count)
                    continue;
                var cell = cells[at].Trim();
                var number = Names[at].EndsWith("asn", StringComparison.OrdinalIgnoreCase) && cell.Length > 0 && cell.All(char.IsAsciiDigit);
                if (PastedThing.OfCell(number ? "AS" + cell : cell) is not { } read)
                    continue;
                var rest = cells.Select((c, i) => (Name: i < Names.Count ? Names[i] : "", Value: c.Trim(), At: i)).Where(c => c.At != at && c.Value.Length > 0).Select(static c => c.Name.Length > 0 ? $"{c.Name}={c.Value}" : c.Value);
                return (read.Thing, Tidy(string.Join("; ", rest.Prepend(PortText(read.Port)).Where(static c => c.Length > 0))));
            }
            return null;
        }
    }
}
