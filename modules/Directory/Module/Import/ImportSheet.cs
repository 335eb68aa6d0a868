using Appliance.Contracts;
using Appliance.Directories.Constituents;
using Appliance.Directories.Contacts;
using Appliance.Directories.Networks;
using Appliance.Kernel.Csv;

namespace Appliance.Directories.Import;

/// <summary>What is wrong with one cell.</summary>
/// <param name="Line">Line in the file, from 1.</param>
/// <param name="Column">Column by its header; empty when the whole row is meant.</param>
/// <param name="Key">Resource key of the reason.</param>
/// <param name="Arguments">Its particulars.</param>
internal sealed record ImportFault(int Line, string Column, string Key, object[] Arguments);

/// <summary>One row of the file that can be used.</summary>
internal sealed record ImportRow(int Line, string Name, string Sector, string Language, IReadOnlyList<NetworkEntry> Networks, ContactFields? Contact, bool IsNew);

/// <summary>What the directory holds before the import.</summary>
/// <param name="Constituents">By name, any case.</param>
/// <param name="Holders">Name of the holder by <see cref="NetworkEntry.Key"/>.</param>
internal sealed record ImportGround(IReadOnlyDictionary<string, ConstituentId> Constituents, IReadOnlyDictionary<string, string> Holders);

/// <summary>A CSV file read against the directory: what would be written, and every row that would not, with its reason.</summary>
internal sealed class ImportSheet
{
    public const int MaxBytes = 5 * 1024 * 1024;

    public const int MaxRows = 20_000;

    public static IReadOnlyList<string> Columns { get; } = ["name", "sector", "networks", "asns", "domains", "contact_name", "contact_mail", "contact_purpose", "language"];

    private static readonly char[] s_listSeparators = [' ', ',', ';', '|', '\n', '\r', '\t'];

    private readonly Dictionary<string, string> _claimed = new(StringComparer.Ordinal);
    private readonly ImportGround _ground;

    private ImportSheet(ImportGround ground) => _ground = ground;

    public List<ImportRow> Rows { get; } = [];

    public List<ImportFault> Faults { get; } = [];

    public IReadOnlyList<string> IgnoredColumns { get; private set; } = [];

    public int BadRows => Faults.Select(f => f.Line).Distinct().Count();

    /// <summary>Reads the file, or says why none of it can be used.</summary>
    public static Outcome<ImportSheet> Read(byte[] file, ImportGround ground)
    {
        if (file.Length > MaxBytes)
            return Refuse.Invalid("directory.refused.import-size", null, file.Length / 1024, MaxBytes / 1024);
        if (CsvReader.Decode(file) is not { } text)
            return Refuse.Invalid("directory.refused.import-encoding");
        var rows = CsvReader.Read(text, CsvReader.Delimiter(text), new CsvLimits(MaxCellChars: 20_000, MaxCells: 64)).Where(r => !r.IsBlank);
        var sheet = new ImportSheet(ground);
        string[]? header = null;
        var count = 0;
        foreach (var row in rows)
        {
            if (header is null)
            {
                header = [.. row.Cells.Select(c => c.Trim().ToLowerInvariant().Replace(' ', '_'))];
                if (row.Fault != CsvFault.None || !header.Contains("name"))
                    return Refuse.Invalid("directory.refused.import-header", null, string.Join(", ", header), string.Join(",", Columns));
                if (header.Where(Columns.Contains).GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice)
                    return Refuse.Invalid("directory.refused.import-column-twice", null, twice.Key);
                sheet.IgnoredColumns = [.. header.Where(c => c.Length > 0 && !Columns.Contains(c))];
                continue;
            }
            if (++count > MaxRows)
                return Refuse.Invalid("directory.refused.import-rows", null, MaxRows);
            sheet.Take(row, header);
        }
        return header is null || count == 0 ? Refuse.Invalid("directory.refused.import-empty") : sheet;
    }

    private void Take(CsvRow row, string[] header)
    {
        if (row.Fault != CsvFault.None)
        {
            Faults.Add(new(row.Line, "", $"directory.refused.csv-{row.Fault switch { CsvFault.UnclosedQuote => "unclosed-quote", CsvFault.TextAfterQuote => "text-after-quote", CsvFault.CellTooLong => "cell-too-long", _ => "too-many-cells" }}", []));
            return;
        }
        if (row.Cells.Count != header.Length)
        {
            Faults.Add(new(row.Line, "", "directory.refused.csv-cell-count", [row.Cells.Count, header.Length]));
            return;
        }
        var before = Faults.Count;
        var fields = Constituent(row, header);
        var networks = Networks(row, header, fields.Name);
        var contact = Contact(row, header, fields.Languages[0]);
        if (Faults.Count > before)
            return;
        foreach (var network in networks)
            _claimed.TryAdd(network.Key, fields.Name);
        var isNew = !_ground.Constituents.ContainsKey(fields.Name);
        Rows.Add(new(row.Line, fields.Name, fields.Sector, fields.Languages[0], networks, contact, isNew));
    }

    private ConstituentFields Constituent(CsvRow row, string[] header)
    {
        var language = Cell(row, header, "language");
        var fields = new ConstituentFields
        {
            Name = Cell(row, header, "name"),
            Sector = Cell(row, header, "sector").Replace(' ', '-'),
            Languages = [language.Length == 0 ? "en" : language],
        }.Tidy();
        foreach (var fault in fields.Faults())
            Faults.Add(new(row.Line, fault.Field switch { nameof(fields.Name) => "name", nameof(fields.Sector) => "sector", _ => "language" }, fault.Key, fault.Arguments));
        return fields;
    }

    private List<NetworkEntry> Networks(CsvRow row, string[] header, string name)
    {
        var found = new List<NetworkEntry>();
        foreach (var (column, kind) in new[] { ("networks", NetworkKind.Prefix), ("asns", NetworkKind.Asn), ("domains", NetworkKind.Domain) })
        {
            foreach (var part in Cell(row, header, column).Split(s_listSeparators, StringSplitOptions.RemoveEmptyEntries))
            {
                var (entry, reason, arguments) = NetworkText.Read(part);
                if (entry is null)
                    Faults.Add(new(row.Line, column, reason, arguments));
                else if (entry.Kind != kind)
                    Faults.Add(new(row.Line, column, "directory.refused.import-wrong-column", [part]));
                else if (HolderOf(entry) is { } holder && !string.Equals(holder, name, StringComparison.OrdinalIgnoreCase))
                    Faults.Add(new(row.Line, column, "directory.refused.network-held", [entry.Written, holder]));
                else if (!found.Exists(e => e.Key == entry.Key))
                    found.Add(entry);
            }
        }
        return found;
    }

    private ContactFields? Contact(CsvRow row, string[] header, string language)
    {
        var (name, mail, purpose) = (Cell(row, header, "contact_name"), Cell(row, header, "contact_mail"), Cell(row, header, "contact_purpose"));
        if (mail.Length == 0)
        {
            if (name.Length > 0 || purpose.Length > 0)
                Faults.Add(new(row.Line, "contact_mail", "directory.refused.mail-missing", []));
            return null;
        }
        var contact = new ContactFields(name, mail, purpose.Length == 0 ? "security" : purpose, language).Tidy();
        foreach (var fault in contact.Faults().Where(f => f.Field != nameof(ContactFields.Language)))
            Faults.Add(new(row.Line, fault.Field switch { nameof(contact.Name) => "contact_name", nameof(contact.Mail) => "contact_mail", _ => "contact_purpose" }, fault.Key, fault.Arguments));
        return contact;
    }

    private string? HolderOf(NetworkEntry entry) =>
        _ground.Holders.TryGetValue(entry.Key, out var holder) || _claimed.TryGetValue(entry.Key, out holder) ? holder : null;

    private static string Cell(CsvRow row, string[] header, string column)
    {
        var at = Array.IndexOf(header, column);
        return at < 0 ? "" : CsvWriter.Plain(row.Cells[at].Trim());
    }
}
