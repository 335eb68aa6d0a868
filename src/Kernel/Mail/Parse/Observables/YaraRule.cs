namespace Appliance.Kernel.Mail.Parse;

/// <summary>Finds the end of a YARA rule in text.</summary>
internal static class YaraRule
{
    private const int Longest = 64 * 1024;

    /// <summary>The place behind the closing brace, or -1. Braces within strings and comments do not count; a rule has a condition.</summary>
    public static int End(string text, int afterBrace)
    {
        var (depth, condition) = (1, false);
        var stop = Math.Min(text.Length, afterBrace + Longest);
        for (var i = afterBrace; i < stop; i++)
        {
            var c = text[i];
            if (c == '"')
            {
                var end = i + 1;
                while (end < stop && text[end] is not ('"' or '\n'))
                    end += text[end] == '\\' ? 2 : 1;
                i = end;
            }
            else if (c == '/' && i + 1 < stop && text[i + 1] == '/' && text[i - 1] != ':')
                i = text.IndexOf('\n', i, stop - i) is >= 0 and var line ? line : stop;
            else if (c == '{')
                depth++;
            else if (c == 'c' && string.CompareOrdinal(text, i, "condition", 0, 9) == 0)
                condition = true;
            else if (c == '}' && --depth == 0)
                return condition ? i + 1 : -1;
        }
        return -1;
    }
}
