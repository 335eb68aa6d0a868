using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Reads header values as they stand in the message.</summary>
internal static class HeaderLines
{
    /// <summary>Unfolded and trimmed, bytes above 127 as Latin-1: the form in which two readers can be compared.</summary>
    public static string Unfold(ReadOnlySpan<byte> raw)
    {
        if (raw.Length > ParseLimits.HeaderLength)
            raw = raw[..ParseLimits.HeaderLength];
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            // A fold is a line end before a blank: the line end goes, the blank stays.
            if (raw[i] is not ((byte)'\r' or (byte)'\n'))
                text.Append((char)raw[i]);
        }
        return text.ToString().Trim(' ', '\t');
    }

    /// <summary>The media type stated, lower case; null when there is none or it is malformed.</summary>
    public static string? MediaType(string? value)
    {
        if (value is null)
            return null;
        var type = value.AsSpan();
        if (type.IndexOf(';') is >= 0 and var end)
            type = type[..end];
        type = type.Trim();
        var slash = type.IndexOf('/');
        return slash > 0 && IsToken(type[..slash]) && IsToken(type[(slash + 1)..]) ? type.ToString().ToLowerInvariant() : null;
    }

    /// <summary>The ids between angle brackets, in order; bare words where there are no brackets.</summary>
    public static IEnumerable<string> MessageIds(string value)
    {
        if (!value.Contains('<', StringComparison.Ordinal))
            return value.Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries).Where(w => w.Contains('@', StringComparison.Ordinal));
        return value.Split('<').Skip(1).Select(p => p.Split('>')[0].Trim().Replace(" ", "", StringComparison.Ordinal)).Where(p => p.Length is > 0 and <= 900);
    }

    private static bool IsToken(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (c is <= ' ' or >= '\x7f' || "()<>@,;:\\\"/[]?=".Contains(c, StringComparison.Ordinal))
                return false;
        return text.Length > 0;
    }
}
