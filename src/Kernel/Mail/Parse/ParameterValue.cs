using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>A header value with parameters (RFC 2045, 5.1), those of RFC 2231 put together: charset, language, continuation.</summary>
/// <param name="Value">What stands before the first semicolon, lower case.</param>
/// <param name="Parameters">Name and value as stated, decoded.</param>
internal sealed record ParameterValue(string Value, IReadOnlyDictionary<string, string> Parameters)
{
    private const int Most = 100;

    /// <summary>A parameter, or null.</summary>
    public string? Parameter(string name) => Parameters.GetValueOrDefault(name);

    /// <summary>Reads an unfolded value whose bytes above 127 stand as Latin-1. Damage costs the damaged parameter, never an error.</summary>
    public static ParameterValue Of(string text)
    {
        var at = text.IndexOf(';', StringComparison.Ordinal);
        var value = WithoutComments(at < 0 ? text : text[..at]).Trim().ToLowerInvariant();
        var pieces = new List<Piece>();
        while (at >= 0 && at < text.Length && pieces.Count < Most)
        {
            at++;
            var stop = at;
            while (stop < text.Length && text[stop] is not ('=' or ';'))
                stop++;
            if (stop >= text.Length || text[stop] == ';')
            {
                at = stop;
                continue;
            }
            var name = WithoutComments(text[at..stop]).Trim().ToLowerInvariant();
            (var content, at) = ReadValue(text, stop + 1);
            if (name.Length > 0)
                pieces.Add(Piece.Of(name, content));
        }
        return new(value, Join(pieces));
    }

    private static (string Value, int Next) ReadValue(string text, int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t')
            at++;
        if (at < text.Length && text[at] == '"')
        {
            var quoted = new StringBuilder();
            var i = at + 1;
            while (i < text.Length && text[i] != '"')
            {
                if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '"' or '\\')
                    i++;
                quoted.Append(text[i++]);
            }
            var after = text.IndexOf(';', Math.Min(i, text.Length));
            // A quote that never closes: the value is all of it.
            return (quoted.ToString(), after < 0 ? text.Length : after);
        }
        var end = text.IndexOf(';', Math.Min(at, text.Length));
        if (end < 0)
            end = text.Length;
        return (WithoutComments(text[Math.Min(at, end)..end]).Trim(), end);
    }

    /// <summary>Numbered pieces in the order of their numbers; of two of one name the first counts, but the extended form goes before the plain one (RFC 2231, 3 and 4).</summary>
    private static Dictionary<string, string> Join(List<Piece> pieces)
    {
        var joined = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in pieces.GroupBy(p => p.Name))
        {
            var whole = group.FirstOrDefault(p => p is { Number: null, Encoded: true });
            var numbered = group.Where(p => p.Number is not null).DistinctBy(p => p.Number).OrderBy(p => p.Number).ToList();
            if (whole is not null)
                joined[group.Key] = Decode([whole]);
            else if (numbered.Count > 0)
                joined[group.Key] = Decode(numbered);
            else
                joined[group.Key] = HeaderLine.Decode(group.First().Value);
        }
        return joined;
    }

    private static string Decode(List<Piece> pieces)
    {
        var bytes = new List<byte>();
        string? charset = null;
        foreach (var piece in pieces)
        {
            var value = piece.Value;
            if (piece.Encoded && charset is null && value.Split('\'', 3) is [var stated, _, var rest])
                (charset, value) = (stated, rest);
            for (var i = 0; i < value.Length; i++)
            {
                if (piece.Encoded && value[i] == '%' && i + 2 < value.Length && char.IsAsciiHexDigit(value[i + 1]) && char.IsAsciiHexDigit(value[i + 2]))
                {
                    bytes.Add(Convert.ToByte(value.Substring(i + 1, 2), 16));
                    i += 2;
                }
                else
                    bytes.Add((byte)value[i]);
            }
        }
        return Charsets.Decode(bytes.ToArray(), charset);
    }

    private static string WithoutComments(string text)
    {
        if (!text.Contains('(', StringComparison.Ordinal))
            return text;
        var kept = new StringBuilder();
        var depth = 0;
        foreach (var c in text)
        {
            if (c == '(')
                depth++;
            else if (c == ')' && depth > 0)
                depth--;
            else if (depth == 0)
                kept.Append(c);
        }
        return kept.ToString();
    }

    /// <summary><c>name*1*=value</c>: name, number, and whether the value is percent-encoded.</summary>
    private sealed record Piece(string Name, int? Number, bool Encoded, string Value)
    {
        public static Piece Of(string name, string value)
        {
            var parts = name.Split('*');
            var encoded = parts.Length > 1 && parts[^1].Length == 0;
            int? number = parts.Length > 1 && int.TryParse(parts[1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var n) ? n : null;
            return new(parts[0], number, encoded, value);
        }
    }
}
