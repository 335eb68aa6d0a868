using System.Globalization;
using Appliance.Contracts;

namespace Appliance.Ui;

/// <summary>How sizes are said.</summary>
public static class Sizes
{
    /// <summary>Bytes as people say them; the units are the same in all six languages, and stand behind their number also where one writes from the right.</summary>
    public static string Bytes(long bytes) => Languages.IsRightToLeft(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName) ? $"\u2066{Said(bytes)}\u2069" : Said(bytes);

    private static string Said(long bytes) => bytes switch
    {
        < 1 << 10 => FormattableString.Invariant($"{bytes} B"),
        < 1 << 20 => FormattableString.Invariant($"{bytes / 1024.0:0.#} KiB"),
        < 1 << 30 => FormattableString.Invariant($"{bytes / 1048576.0:0.#} MiB"),
        _ => FormattableString.Invariant($"{bytes / 1073741824.0:0.##} GiB"),
    };
}
