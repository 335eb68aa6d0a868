using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Kernel.Settings;

/// <summary>How a person wants the console.</summary>
/// <param name="Theme">system, light, dark or contrast.</param>
/// <param name="Density">comfortable or compact.</param>
/// <param name="TimeZone">IANA name; UTC where empty.</param>
/// <param name="Shortcuts">False switches single-key shortcuts off (WCAG 2.1.4).</param>
/// <param name="Others">Anything a page remembers: column widths, last filter. At most 16 KiB in all.</param>
public sealed record Preferences(string Theme = "system", string Density = "comfortable", string TimeZone = "UTC", bool Shortcuts = true, IReadOnlyDictionary<string, string>? Others = null);

/// <summary>Keeps each person's own preferences. Not in the audit trail: they change nothing for anybody else.</summary>
public sealed class PreferenceStore(Database database, TimeProvider time)
{
    private const string Read = "select body::text from kernel.preferences where user_id = @User";

    private const string Upsert =
        """
        insert into kernel.preferences (user_id, body, changed_at) values (@User, @Body::jsonb, @Now)
        on conflict (user_id) do update set body = excluded.body, changed_at = excluded.changed_at
        """;

    private const string SetLanguage = "update identity.users set language = @Language where id = @User";

    /// <summary>The person's preferences, or those everybody starts with.</summary>
    public async Task<Preferences> LoadAsync(Viewer viewer, CancellationToken cancel) =>
        await database.FindAsync<string>(Read, new { User = viewer.Id }, cancel) is { } body
            ? JsonSerializer.Deserialize<Preferences>(body, OutboxJson.Options)!
            : new Preferences();

    /// <summary>Keeps them. Unknown values become the ones everybody starts with.</summary>
    public async Task SaveAsync(Viewer viewer, Preferences preferences, CancellationToken cancel)
    {
        var body = JsonSerializer.Serialize(Checked(preferences), OutboxJson.Options);
        if (body.Length > 16 * 1024)
            body = JsonSerializer.Serialize(Checked(preferences) with { Others = null }, OutboxJson.Options);
        await database.ExecuteAsync(Upsert, new { User = viewer.Id, Body = body, Now = time.GetUtcNow() }, cancel);
    }

    /// <summary>Keeps the person's language; the viewer has it within five seconds.</summary>
    /// <returns>False for a language the product does not have.</returns>
    public async Task<bool> SaveLanguageAsync(Viewer viewer, string language, CancellationToken cancel) =>
        Languages.All.Contains(language) && await database.ExecuteAsync(SetLanguage, new { User = viewer.Id, Language = language }, cancel) == 1;

    private static Preferences Checked(Preferences given) => given with
    {
        Theme = given.Theme is "light" or "dark" or "contrast" ? given.Theme : "system",
        Density = given.Density == "compact" ? "compact" : "comfortable",
        TimeZone = TimeZoneInfo.TryFindSystemTimeZoneById(given.TimeZone, out _) ? given.TimeZone : "UTC",
    };
}
