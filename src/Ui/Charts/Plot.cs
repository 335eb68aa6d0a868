using System.Globalization;

namespace Appliance.Ui;

/// <summary>One bar of a bar chart or one country of a map.</summary>
/// <param name="Text">Its name, already translated; shown as untrusted text where <paramref name="Untrusted"/>.</param>
/// <param name="Value">How many.</param>
/// <param name="Href">The page that lists them.</param>
/// <param name="Style">As of <see cref="Series"/>.</param>
/// <param name="Untrusted">True for a name that came from outside.</param>
public sealed record Bar(string Text, long Value, string? Href = null, string Style = "a", bool Untrusted = false);

/// <summary>What the plots have in common.</summary>
internal static class Plot
{
    /// <summary>Shades of heat maps and maps: 0 for nothing, 1 to 5 by the cube root, so that one peak does not hide the rest.</summary>
    public static int Shade(long value, long max) =>
        value <= 0 || max <= 0 ? 0 : Math.Clamp((int)Math.Ceiling(5 * Math.Cbrt((double)value / max)), 1, 5);

    /// <summary>The least value of a shade, for the legend.</summary>
    public static long From(int shade, long max) => shade <= 1 ? 1 : (long)Math.Floor(max * Math.Pow((shade - 1) / 5.0, 3)) + 1;

    /// <summary>A number for an attribute of a drawing.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A count for people.</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.CurrentCulture);
}
