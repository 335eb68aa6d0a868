namespace Appliance.Sensing.Filter;

/// <summary>What stands at the caret of a query bar.</summary>
/// <param name="Field">The field whose value is being typed; null while the field itself, or a word, is.</param>
/// <param name="Typed">What stands from <paramref name="From"/> to the caret, without an opening quote.</param>
/// <param name="From">First character that a suggestion replaces, from 0.</param>
/// <param name="To">Behind the last one.</param>
internal sealed record QueryCaret(string? Field, string Typed, int From, int To)
{
    /// <summary>Reads <paramref name="text"/> around <paramref name="caret"/>. Whatever is written there, it finds a place: half a query is the usual case.</summary>
    public static QueryCaret At(string text, int caret)
    {
        caret = Math.Clamp(caret, 0, text.Length);
        var (from, quoted) = (0, false);
        for (var i = 0; i < caret; i++)
        {
            if (text[i] == '"')
                quoted = !quoted;
            else if (!quoted && (char.IsWhiteSpace(text[i]) || text[i] is '(' or ')'))
                from = i + 1;
        }
        if (from < caret && text[from] == '-')
            from++;
        var colon = text.IndexOf(':', from, caret - from);
        var field = colon > from && text[from] != '"' ? text[from..colon].ToLowerInvariant() : null;
        if (field is not null)
            from = BehindLastComma(text, colon + 1, caret);
        return new(field, text[from..caret].TrimStart('"'), from, EndOf(text, caret, quoted, field is not null));
    }

    private static int BehindLastComma(string text, int from, int caret)
    {
        var quoted = false;
        for (var i = from; i < caret; i++)
        {
            if (text[i] == '"')
                quoted = !quoted;
            else if (text[i] == ',' && !quoted)
                from = i + 1;
        }
        return from;
    }

    private static int EndOf(string text, int caret, bool quoted, bool value)
    {
        // A quote that is never closed holds no more than what was typed.
        if (quoted)
            return text.IndexOf('"', caret) is var close and >= 0 ? close + 1 : caret;
        var end = caret;
        while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] is not (')' or '"') && !(value && text[end] == ','))
            end++;
        // The colon of a field belongs to what is replaced, its value does not.
        return !value && text.IndexOf(':', caret, end - caret) is var colon and >= 0 ? colon + 1 : end;
    }
}
