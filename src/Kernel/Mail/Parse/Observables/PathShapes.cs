namespace Appliance.Kernel.Mail.Parse;

/// <summary>Registry keys and file paths, whose parts may hold blanks.</summary>
internal static class PathShapes
{
    private const int Longest = 512;

    private static readonly string[] s_hives =
        ["HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER", "HKEY_CLASSES_ROOT", "HKEY_CURRENT_CONFIG", "HKEY_USERS", "HKEY_PERFORMANCE_DATA", "HKLM", "HKCU", "HKCR", "HKCC", "HKU"];

    public static (List<FoundObservable> Found, List<(int Start, int End)> Masked) Find(string text)
    {
        var found = new List<FoundObservable>();
        var masked = new List<(int Start, int End)>();
        for (var i = 0; i < text.Length && found.Count < ParseLimits.Observables; i++)
        {
            var (type, value, end) = text[i] switch
            {
                'H' or 'h' when IsStart(text, i) => Key(text, i),
                ':' when i > 0 && i + 1 < text.Length && text[i + 1] == '\\' && char.IsAsciiLetter(text[i - 1]) && IsStart(text, i - 1) => Windows(text, i - 1),
                '/' when i == 0 || char.IsWhiteSpace(text[i - 1]) || text[i - 1] is '"' or '\'' or '(' => Unix(text, i, i),
                '~' when i + 1 < text.Length && text[i + 1] == '/' && IsStart(text, i) => Unix(text, i, i + 1),
                _ => ("", "", -1),
            };
            if (end < 0)
                continue;
            var start = text[i] == ':' ? i - 1 : i;
            found.Add(new(type, value, text[start..end]) { Place = start });
            masked.Add((start, end));
            i = end - 1;
        }
        return (found, masked);
    }

    private static (string, string, int) Key(string text, int start)
    {
        var hive = Array.Find(s_hives, h => string.Compare(text, start, h, 0, h.Length, StringComparison.OrdinalIgnoreCase) == 0);
        if (hive is null)
            return ("", "", -1);
        var at = start + hive.Length;
        if (at < text.Length && text[at] == '>')
            at++;
        var end = Segments(text, at, '\\', start + Longest, needsDot: false);
        return end < 0 ? ("", "", -1) : ("registry_key_path", text[start..end].Remove(hive.Length, at - start - hive.Length), end);
    }

    private static (string, string, int) Windows(string text, int start) =>
        Segments(text, start + 2, '\\', start + Longest, needsDot: true) is >= 0 and var end ? ("file_path", text[start..end], end) : ("", "", -1);

    /// <summary>At least two parts and an extension: less is prose ("and/or").</summary>
    private static (string, string, int) Unix(string text, int start, int at)
    {
        var end = Segments(text, at, '/', start + Longest, needsDot: true);
        return end > 0 && (text[start] == '~' || text.AsSpan(start, end - start).Count('/') > 1) && !text.AsSpan(start, end - start).Contains("//", StringComparison.Ordinal) ? ("file_path", text[start..end], end) : ("", "", -1);
    }

    /// <summary>
    /// The end of parts that each begin with the separator, or -1. A part may hold blanks when another separator follows on the line; the last one ends at a blank.
    /// </summary>
    private static int Segments(string text, int at, char separator, int limit, bool needsDot)
    {
        var (end, last) = (-1, at);
        limit = Math.Min(limit, text.Length);
        while (at < limit && text[at] == separator)
        {
            var i = at + 1;
            if (i < limit && text[i] == '<')
            {
                var close = text.IndexOf('>', i, Math.Min(64, limit - i));
                if (close < 0 || text.AsSpan(i, close - i).Contains(separator))
                    return -1;
                i = close + 1;
            }
            var word = i;
            while (i < limit && IsPart(text[i]) && text[i] != separator)
                i++;
            if (i == at + 1)
                break;
            (last, end) = (at, i);
            // Blanks within the part: only when the separator comes before anything that ends a path or begins another.
            if (i < limit && text[i] == ' ')
            {
                var next = i;
                while (next < limit && (IsPart(text[next]) || text[next] == ' ') && text[next] != separator && next - word < 80)
                    next++;
                var between = text[i..next];
                if (next < limit && text[next] == separator && text[next - 1] != ' ' && !between.Contains(" HK", StringComparison.Ordinal) && !between.EndsWith('>')
                    && next + 1 < limit && IsPart(text[next + 1]) && !(separator == '/' && between.Contains('.', StringComparison.Ordinal)))
                {
                    at = next;
                    last = at;
                    continue;
                }
            }
            at = i;
        }
        while (end > 0 && text[end - 1] is '.' or ',' or ')' or '\'')
            end--;
        return end <= 0 || needsDot && text.AsSpan(last, Math.Max(0, end - last)).LastIndexOf('.') is < 2 ? -1 : end;
    }

    private static bool IsStart(string text, int at) => at == 0 || !char.IsLetterOrDigit(text[at - 1]) && text[at - 1] is not ('\\' or '/' or '_');

    private static bool IsPart(char c) => char.IsLetterOrDigit(c) || c is '.' or '_' or '-' or '(' or ')' or '{' or '}' or '$' or '%' or '+' or '@' or '~' or '\'' or ',' or '#' or '&';
}
