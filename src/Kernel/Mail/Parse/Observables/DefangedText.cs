using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Writes a trace so that no program makes a link of it: <c>hxxp</c>, <c>fxp</c>, and <c>[.]</c> in hosts and addresses alone.</summary>
internal static class DefangedText
{
    public static string Of(string text)
    {
        var written = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length;)
        {
            var end = i;
            while (end < text.Length && !char.IsWhiteSpace(text[end]))
                end++;
            Word(text.AsSpan(i, end - i), written);
            while (end < text.Length && char.IsWhiteSpace(text[end]))
                written.Append(text[end++]);
            i = end;
        }
        return written.ToString();
    }

    private static void Word(ReadOnlySpan<char> word, StringBuilder written)
    {
        var separator = word.IndexOf("://");
        var start = separator < 0 ? 0 : separator + 3;
        if (separator >= 0)
            written.Append(word[..separator].ToString().Replace("http", "hxxp", StringComparison.OrdinalIgnoreCase).Replace("ftp", "fxp", StringComparison.OrdinalIgnoreCase)).Append("://");
        var rest = word[start..];
        var path = rest.IndexOfAny('/', '?', '#');
        var host = path < 0 ? rest : rest[..path];
        var trimmed = host.TrimEnd(".,;:!?)'\"").ToString();
        var name = trimmed[(trimmed.LastIndexOf('@') + 1)..].Split(':')[0].TrimStart('(', '"', '\'', '<');
        // Prose stays as it is.
        if (separator >= 0 || ObservableText.IsDomain(name) || ObservableText.Address(name) == "ipv4")
            written.Append(trimmed.Replace("[.]", ".", StringComparison.Ordinal).Replace(".", "[.]", StringComparison.Ordinal)).Append(host[trimmed.Length..]);
        else
            written.Append(host);
        if (path >= 0)
            written.Append(rest[path..]);
    }
}
