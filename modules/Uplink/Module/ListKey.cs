using System.Globalization;

namespace Appliance.Uplink;

/// <summary>The key of a list's next page: time and id of the last row.</summary>
internal sealed record ListKey(DateTimeOffset At, Guid Id)
{
    public static string Write(DateTimeOffset at, Guid id) => string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks}-{id:N}");

    /// <summary>The key, or null for the first page and for a text that is none.</summary>
    public static ListKey? Read(string? text) =>
        text?.Split('-') is [var ticks, var id] && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= DateTime.MaxValue.Ticks && Guid.TryParseExact(id, "N", out var guid)
            ? new(new(at, TimeSpan.Zero), guid)
            : null;
}
