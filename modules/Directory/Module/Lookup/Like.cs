namespace Appliance.Directories.Lookup;

/// <summary>Words of a person inside a <c>like</c> pattern mean themselves.</summary>
internal static class Like
{
    public static string Escape(string words) => words
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal);
}
