using System.Globalization;
using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Attachment names made harmless: no folder, no control or direction character, no leading dot, never empty, at most 150 characters.</summary>
internal static class FileNames
{
    private const int Longest = 150;

    public static string Safe(string? name, string contentType)
    {
        var last = (name ?? "").Split('/', '\\')[^1];
        var kept = new StringBuilder();
        foreach (var rune in last.EnumerateRunes())
        {
            // Format characters include those that turn the direction of text, which hide an extension.
            var category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                continue;
            kept.Append("<>:\"|?*".Contains((char)rune.Value, StringComparison.Ordinal) ? "_" : rune.ToString());
        }
        var safe = kept.ToString().Trim(' ', '.');
        if (safe.Length > Longest)
        {
            // The extension is what people look at: it is kept.
            var extension = Path.GetExtension(safe) is { Length: > 0 and <= 12 } e ? e : "";
            safe = safe[..(Longest - extension.Length)].TrimEnd('\ud800', ' ', '.') + extension;
        }
        return safe.Length > 0 ? safe : contentType == "message/rfc822" ? "message.eml" : "unnamed";
    }
}
