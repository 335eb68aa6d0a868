using System.Globalization;
using System.Text.RegularExpressions;

namespace Appliance.Architecture.Sql;

/// <summary>Migrations: numbered without gaps, each saying which release can read its result, and the tables they mark.</summary>
internal static partial class MigrationRules
{
    /// <param name="room">Named in the faults.</param>
    /// <param name="files">File name and content, in any order.</param>
    public static IEnumerable<string> Faults(string room, IReadOnlyDictionary<string, string> files)
    {
        var expected = 1;
        foreach (var (name, sql) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            var number = Name().Match(name);
            if (!number.Success)
                yield return $"{room}/{name} is not named NNNN_words.sql";
            else if (int.Parse(number.Groups[1].Value, CultureInfo.InvariantCulture) != expected++)
                yield return $"{room}/{name} is out of order: {expected - 1:0000} comes next";
            if (!ReadableBy().IsMatch(sql))
                yield return $"{room}/{name} does not say which release can read its result: add '-- readable-by: x.y.z'";
        }
    }

    /// <summary>The tables whose rows carry a marking: those with a column <c>tlp</c>.</summary>
    public static IReadOnlySet<string> Marked(IEnumerable<string> migrations)
    {
        HashSet<string> tables = [];
        foreach (var sql in migrations)
        {
            foreach (Match table in Table().Matches(sql).Where(table => Tlp().IsMatch(table.Groups[2].Value)))
                tables.Add(table.Groups[1].Value);
            foreach (Match table in Altered().Matches(sql))
                tables.Add(table.Groups[1].Value);
        }

        return tables;
    }

    [GeneratedRegex(@"^(\d{4})_[a-z0-9_]+\.sql$", RegexOptions.NonBacktracking)]
    private static partial Regex Name();

    [GeneratedRegex(@"^-- readable-by: \d+\.\d+\.\d+", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex ReadableBy();

    [GeneratedRegex(@"create table (?:if not exists )?([a-z_]+\.[a-z_]+)\s*\(((?:[^;])*);", RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Table();

    [GeneratedRegex(@"^\s*tlp\s", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Tlp();

    [GeneratedRegex(@"alter table ([a-z_]+\.[a-z_]+)[^;]*add column (?:if not exists )?tlp\s", RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Altered();
}
