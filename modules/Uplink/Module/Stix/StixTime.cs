using System.Globalization;

namespace Appliance.Uplink.Stix;

/// <summary>Times as STIX and TAXII write them: UTC, with a Z.</summary>
internal static class StixTime
{
    /// <summary>With milliseconds, for <c>created</c> and <c>modified</c> (STIX 2.1, section 3.2).</summary>
    public static string Stix(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>With six digits, for everything in TAXII 2.1 (section 1.6.1 of its text, "timestamp").</summary>
    public static string Taxii(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Cut to milliseconds.</summary>
    public static DateTimeOffset Milliseconds(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);

    /// <summary>Reads an RFC 3339 time in UTC with a Z and any number of fraction digits; more than seven are cut.</summary>
    public static bool TryRead(string? text, out DateTimeOffset time)
    {
        time = default;
        if (text is null || text.Length is < 20 or > 40 || text[^1] is not 'Z' || text[10] is not 'T')
            return false;
        var body = text.AsSpan(0, text.Length - 1);
        if (body.Length > 19)
        {
            if (body[19] != '.' || body.Length == 20)
                return false;
            foreach (var c in body[20..])
                if (!char.IsAsciiDigit(c))
                    return false;
            body = body.Length > 27 ? body[..27] : body;
        }
        ReadOnlySpan<char> format = "yyyy-MM-dd'T'HH:mm:ss";
        var pattern = body.Length > 19 ? $"{format}.{new string('f', body.Length - 20)}" : format.ToString();
        // Second 60 is a leap second: taken as the last instant before it.
        Span<char> copy = stackalloc char[body.Length];
        body.CopyTo(copy);
        if (copy[17] == '6' && copy[18] == '0')
            (copy[17], copy[18]) = ('5', '9');
        return DateTimeOffset.TryParseExact(copy, pattern, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }
}
