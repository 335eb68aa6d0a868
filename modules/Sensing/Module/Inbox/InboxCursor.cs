using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Appliance.Sensing.Inbox;

/// <summary>The place behind the last row of a page: score, time, id, and a mark of the filter it belongs to.</summary>
internal sealed record InboxCursor(short Score, DateTimeOffset At, Guid Id)
{
    public static string Write(InboxRow last, string filter) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{last.Score}|{last.LastReceived.UtcTicks}|{last.Id}|{Mark(filter)}")));

    /// <summary>Null when the text is none of ours or belongs to another filter: the first page is shown then.</summary>
    public static InboxCursor? Read(string? text, string filter)
    {
        if (string.IsNullOrEmpty(text) || text.Length > 200 || !Base64Url.IsValid(text))
            return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|');
        return parts.Length == 4
            && short.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var score)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks < DateTime.MaxValue.Ticks
            && Guid.TryParse(parts[2], out var id)
            && parts[3] == Mark(filter)
                ? new(score, new DateTimeOffset(ticks, TimeSpan.Zero), id)
                : null;
    }

    private static string Mark(string filter) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(filter)))[..8];
}
