using System.Collections.Frozen;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Kernel.Settings;

/// <summary>Settings of the site that change while the host runs: key to JSON value. Read from memory, at most five seconds old; thread-safe.</summary>
/// <remarks>Written through <see cref="ChangeSetting"/> only, so that every change is in the audit trail. No secrets: those lie in the keys folder.</remarks>
public interface ISettings
{
    /// <summary>The value, or default where it is not set or no longer reads as <typeparamref name="T"/>.</summary>
    ValueTask<T?> FindAsync<T>(string key, CancellationToken cancel);

    /// <summary>All that is set, as JSON.</summary>
    ValueTask<IReadOnlyDictionary<string, string>> AllAsync(CancellationToken cancel);
}

/// <summary>The keys that more than one room reads.</summary>
public static class SettingKeys
{
    /// <summary>Name of the team, as it signs.</summary>
    public const string OrganisationName = "organisation.name";

    /// <summary>Mail address of the team.</summary>
    public const string OrganisationMail = "organisation.mail";

    /// <summary>Two-letter country code.</summary>
    public const string OrganisationCountry = "organisation.country";

    /// <summary>Address of this site as people reach it, without path: <c>https://cirt.example</c>. Used in mailed links.</summary>
    public const string SiteAddress = "site.address";

    /// <summary>Two-letter language of the site.</summary>
    public const string SiteLanguage = "site.language";

    /// <summary>True as long as the sample country is in the database.</summary>
    public const string SamplePresent = "sample.present";

    /// <summary>True once the set-up wizard was finished.</summary>
    public const string SetupDone = "setup.done";
}

/// <summary>Reads the settings as one snapshot.</summary>
internal sealed class StoredSettings(Database database, TimeProvider time) : ISettings
{
    private const string All = "select key, value::text as value from kernel.settings";

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(5);

    private volatile Snapshot? _snapshot;

    public async ValueTask<T?> FindAsync<T>(string key, CancellationToken cancel)
    {
        if (!(await AllAsync(cancel)).TryGetValue(key, out var json))
            return default;
        try
        {
            return JsonSerializer.Deserialize<T>(json, OutboxJson.Options);
        }
        catch (JsonException)
        {
            // Written by another release: the default is the safe reading.
            return default;
        }
    }

    public async ValueTask<IReadOnlyDictionary<string, string>> AllAsync(CancellationToken cancel)
    {
        if (_snapshot is { } known && time.GetElapsedTime(known.ReadAt) < s_fresh)
            return known.Values;
        var at = time.GetTimestamp();
        IReadOnlyList<SettingRow> rows;
        try
        {
            rows = await database.QueryAsync<SettingRow>(All, null, cancel);
        }
        catch (Exception fault) when (_snapshot is not null && DatabaseTrouble.Is(fault))
        {
            return _snapshot.Values;
        }
        var snapshot = new Snapshot(rows.ToFrozenDictionary(r => r.Key, r => r.Value), at);
        _snapshot = snapshot;
        return snapshot.Values;
    }

    public void Forget() => _snapshot = null;

    private sealed record Snapshot(FrozenDictionary<string, string> Values, long ReadAt);

    private sealed record SettingRow(string Key, string Value);
}

/// <summary>One setting.</summary>
/// <param name="Key">Dotted lower-case words: <c>organisation.name</c>; a module's own begin with its id.</param>
/// <param name="Value">Any JSON value, at most 64 KiB; null takes the setting away.</param>
public sealed record SettingChange(string Key, object? Value);

/// <summary>Changes a setting. Needs <c>kernel.settings.manage</c>.</summary>
public sealed class ChangeSetting(Database database, ISettings settings) : Act<SettingChange, Done>(database)
{
    private const string Read = "select value::text from kernel.settings where key = @Key for update";

    private const string Upsert =
        """
        insert into kernel.settings (key, value, changed_at, changed_by) values (@Key, @Value::jsonb, @Now, @By)
        on conflict (key) do update set value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by
        """;

    private const string Drop = "delete from kernel.settings where key = @Key";

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageSettings;

    /// <inheritdoc/>
    protected override async Task<Outcome<Done>> HandleAsync(Work work, SettingChange request, CancellationToken cancel)
    {
        if (request.Key.Length is < 3 or > 200 || !request.Key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_') || !request.Key.Contains('.', StringComparison.Ordinal))
            return Refuse.Invalid("kernel.setting.key", "key", request.Key);
        var value = JsonSerializer.Serialize(request.Value, OutboxJson.Options);
        if (value.Length > 64 * 1024)
            return Refuse.Invalid("kernel.setting.long", request.Key);
        var before = await work.FindAsync<string>(Read, new { request.Key }, cancel);
        if (request.Value is null)
            await work.ExecuteAsync(Drop, new { request.Key }, cancel);
        else
            await work.ExecuteAsync(Upsert, new { request.Key, Value = value, work.Now, By = work.Viewer.Id }, cancel);
        work.Audit("kernel.setting.changed", $"setting/{request.Key}", new { before, after = request.Value is null ? null : value });
        return default(Done);
    }

    /// <inheritdoc/>
    protected override Task CommittedAsync(SettingChange request, Done answer, CancellationToken cancel)
    {
        (settings as StoredSettings)?.Forget();
        return Task.CompletedTask;
    }
}
