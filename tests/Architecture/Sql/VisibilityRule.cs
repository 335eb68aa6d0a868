using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace Appliance.Architecture.Sql;

/// <summary>
/// A query that reads a marked table carries the visibility fragment (Appliance.Kernel.Permissions.Visible), inside the query and before paging.
/// One that must see every row, because no person gets to see its result, says why in a line <c>-- every row: reason</c>.
/// </summary>
internal static partial class VisibilityRule
{
    /// <summary>How the fragment begins, whichever variant.</summary>
    public const string Fragment = "m.tlp <= @viewer_tlp";

    public static IEnumerable<string> Faults(string room, IEnumerable<string> texts, IReadOnlySet<string> marked)
    {
        foreach (var sql in texts)
        {
            var tables = Read().Matches(sql).Select(match => match.Groups[1].Value).Where(marked.Contains).Distinct().ToList();
            if (tables.Count > 0 && !OnlyRemoves().IsMatch(sql) && !sql.Contains(Fragment, StringComparison.Ordinal) && !EveryRow().IsMatch(sql))
                yield return $"{room} reads {string.Join(", ", tables)} without Visible.Rows: {string.Join(' ', sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}";
        }
    }

    /// <summary>Every constant text that the code of an assembly loads: what the compiler folded together is one text here.</summary>
    public static IReadOnlyList<string> TextsOf(byte[] assembly)
    {
        using var file = new PEReader(new MemoryStream(assembly));
        var metadata = file.GetMetadataReader();
        List<string> texts = [];
        for (var handle = MetadataTokens.UserStringHandle(1); !handle.IsNil; handle = metadata.GetNextHandle(handle))
            texts.Add(metadata.GetUserString(handle));
        return texts;
    }

    // What is deleted is not shown.
    [GeneratedRegex(@"^\s*delete from (?:(?!\breturning\b).)*$", RegexOptions.Singleline, 1000)]
    private static partial Regex OnlyRemoves();

    [GeneratedRegex(@"\b(?:from|join)\s+(?:only\s+)?([a-z_]+\.[a-z_]+)", RegexOptions.None, 1000)]
    private static partial Regex Read();

    [GeneratedRegex(@"-- every row: \S.{8,}", RegexOptions.NonBacktracking)]
    private static partial Regex EveryRow();
}
