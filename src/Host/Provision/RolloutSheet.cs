using System.Text;
using Appliance.Host.Answers;
using Appliance.Kernel;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Csv;

namespace Appliance.Host.Provision;

/// <summary>One line of the rollout sheet: a country and its values by column.</summary>
/// <param name="Line">Where it begins.</param>
/// <param name="Values">By column; missing cells are empty.</param>
internal sealed record RolloutRow(int Line, IReadOnlyDictionary<string, string> Values)
{
    private static readonly char[] s_separators = [' ', ';', ',', '|', '\n', '\t'];

    public string this[string column] => Values.TryGetValue(column, out var value) ? value : "";

    /// <summary>A cell that holds several values.</summary>
    public IReadOnlyList<string> List(string column) => this[column].Split(s_separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>The engineer's sheet: one row a country, as CSV from any spreadsheet or as YAML with a list <c>countries</c>.</summary>
internal static class RolloutSheet
{
    private const int MaxRows = 500;

    /// <summary>Columns with what they are for, in the order of the template.</summary>
    public static IReadOnlyList<(string Name, string Meaning, bool Required)> Columns { get; } =
    [
        ("country", "two letters", true),
        ("name", "the team's name", true),
        ("mail", "the team's mail address", true),
        ("address", "https://… as people will reach it", true),
        ("language", "en fr es ar zh ru", true),
        ("admin", "log-in name of the first administrator", true),
        ("admin_name", "that person's name", false),
        ("admin_mail", "that person's mail address", false),
        ("host_name", "name of the machine", false),
        ("addresses", "with prefix length; empty for DHCP", false),
        ("gateways", "", false),
        ("name_servers", "", false),
        ("time_servers", "", false),
        ("log_server", "address:port", false),
        ("mail_for", "domains or addresses that the machine takes mail in for; empty: it takes none", false),
        ("mail_relay", "server that outgoing mail is handed to, name or name:port", false),
        ("capture_ports", "interfaces that see mirrored traffic", false),
        ("home_networks", "the country's own networks", false),
        ("rules", "address of a rule set", false),
        ("hub_name", "the centre to share with", false),
        ("hub_url", "its TAXII address", false),
        ("size", "lite standard enhanced", false),
        ("site", "where the machine stands, for the profile", false),
        ("contact", "whom to call there, for the profile", false),
    ];

    /// <summary>The rows; faults of shape are noted and their rows left out.</summary>
    public static IReadOnlyList<RolloutRow> Read(string path, ICollection<string> faults)
    {
        var bytes = AnswerFile.ReadBytes(path);
        var rows = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".csv" => ReadCsv(bytes, faults),
            ".yaml" or ".yml" or ".json" => ReadYaml(bytes, faults),
            _ => throw new OperatorFault("The rollout sheet is of no known kind.", $"File: {path}", "Save it as .csv or .yaml. cirt provision --template prints an empty one."),
        };
        Judge(rows, faults);
        return rows;
    }

    private static List<RolloutRow> ReadCsv(byte[] bytes, ICollection<string> faults)
    {
        if (CsvReader.Decode(bytes) is not { } text)
        {
            faults.Add("the sheet is no text in UTF-8 or UTF-16");
            return [];
        }
        var rows = CsvReader.Read(text, CsvReader.Delimiter(text), new CsvLimits(MaxCellChars: 10_000, MaxCells: 64)).Where(r => !r.IsBlank).ToList();
        if (rows.Count == 0 || rows[0].Fault != CsvFault.None)
        {
            faults.Add("line 1: the line with the names of the columns is missing");
            return [];
        }
        var header = rows[0].Cells.Select(c => c.Trim().ToLowerInvariant().Replace(' ', '_')).ToList();
        var read = new List<RolloutRow>();
        foreach (var row in rows.Skip(1))
        {
            if (row.Fault != CsvFault.None || row.Cells.Count != header.Count)
                faults.Add($"line {row.Line}: has {row.Cells.Count} cells of {header.Count}, or a quote that is not closed");
            else if (header.Distinct().Count() == header.Count)
                read.Add(new(row.Line, header.Zip(row.Cells).ToDictionary(c => c.First, c => CsvWriter.Plain(c.Second.Trim()))));
        }
        if (header.Distinct().Count() != header.Count)
            faults.Add("line 1: two columns have the same name");
        return read;
    }

    private static List<RolloutRow> ReadYaml(byte[] bytes, ICollection<string> faults)
    {
        var noted = new List<AnswerFault>();
        var tree = AnswerText.Read(Encoding.UTF8.GetString(bytes), noted);
        var items = tree?.Find("countries")?.Items;
        if (tree is not null && items is null)
            noted.Add(new("countries", 1, "is missing: a list with an entry for each country"));
        foreach (var fault in noted)
            faults.Add($"line {fault.Line}: {fault.Path} {fault.Reason}");
        return [.. (items ?? []).Select(i => new RolloutRow(i.Line, (i.Members ?? []).ToDictionary(m => m.Key, m => m.Value.Text ?? string.Join(' ', (m.Value.Items ?? []).Select(t => t.Text)))))];
    }

    private static void Judge(List<RolloutRow> rows, ICollection<string> faults)
    {
        if (rows.Count is 0 or > MaxRows)
            faults.Add($"the sheet names {rows.Count} countries; 1 to {MaxRows} at a time");
        foreach (var unknown in rows.SelectMany(r => r.Values.Keys).Distinct().Where(k => Columns.All(c => c.Name != k)))
            faults.Add($"the column {unknown} is not known; known are {string.Join(", ", Columns.Select(c => c.Name))}");
        foreach (var row in rows)
        {
            foreach (var (name, _, _) in Columns.Where(c => c.Required && row[c.Name].Length == 0))
                faults.Add($"line {row.Line}: {name} is missing");
            if (row["size"] is not ("" or "lite" or "standard" or "enhanced"))
                faults.Add($"line {row.Line}: size is '{row["size"]}'; write lite, standard or enhanced");
            if (row["hub_url"].Length > 0 != row["hub_name"].Length > 0)
                faults.Add($"line {row.Line}: hub_name and hub_url belong together");
        }
        foreach (var twice in rows.GroupBy(r => r["country"].ToLowerInvariant()).Where(g => g.Key.Length > 0 && g.Count() > 1))
            faults.Add($"line {twice.Last().Line}: {twice.Key} stands in the sheet twice");
    }
}
