using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Appliance.Sensing.Intake;

/// <summary>EVE's time, <c>2026-11-21T18:50:00.000000+0000</c>, as PostgreSQL counts it: microseconds since 2000-01-01 UTC.</summary>
internal static class EveTime
{
    private static readonly DateTime s_epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static long Micros(DateTimeOffset time) => (time.UtcDateTime - s_epoch).Ticks / 10;

    public static DateTimeOffset Time(long micros) => new(s_epoch.AddTicks(micros * 10));

    public static bool TryParse(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        if (text.Length < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !Number(text[..4], out var year) || !Number(text[5..7], out var month) || !Number(text[8..10], out var day)
            || !Number(text[11..13], out var hour) || !Number(text[14..16], out var minute) || !Number(text[17..19], out var second)
            || year is < 1970 or > 9998 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
            return Slow(text, out micros);
        var rest = text[19..];
        long fraction = 0;
        if (rest[0] == '.')
        {
            var digits = 1;
            for (; digits < rest.Length && rest[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
            {
                if (digits <= 6)
                    fraction = (fraction * 10) + rest[digits] - '0';
            }
            for (var i = digits; i <= 6; i++)
                fraction *= 10;
            rest = rest[digits..];
        }
        if (!Offset(rest, out var minutes))
            return Slow(text, out micros);
        var days = (new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc) - s_epoch).Days;
        micros = ((((((days * 24L) + hour) * 60) + minute - minutes) * 60L) + second) * 1_000_000L + fraction;
        return true;
    }

    private static bool Offset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.Length == 1 && text[0] == 'Z')
            return true;
        if (text.Length is not (5 or 6) || text[0] is not ((byte)'+' or (byte)'-'))
            return false;
        if (!Number(text[1..3], out var hours) || !Number(text[^2..], out var rest) || hours > 15 || rest > 59)
            return false;
        minutes = ((hours * 60) + rest) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Number(ReadOnlySpan<byte> text, out int value) => Utf8Parser.TryParse(text, out value, out var used) && used == text.Length && value >= 0;

    /// <summary>Other engines write other ISO forms; anything else is no time.</summary>
    private static bool Slow(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        if (text.Length > 40 || !DateTimeOffset.TryParse(Encoding.UTF8.GetString(text), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return false;
        micros = Micros(time);
        return true;
    }
}
