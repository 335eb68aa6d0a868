using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;

namespace Appliance.Ticketing.Classification;

/// <summary>A type of the team's own, below one of the taxonomy.</summary>
/// <param name="Code">Class, type and its own part: <c>fraud/phishing/parcel-notice</c>. It never changes.</param>
/// <param name="Names">By language; at least one.</param>
internal sealed record LocalType(Guid Id, string Code, int Version, IReadOnlyDictionary<string, string> Names, DateTimeOffset ChangedAt, string ChangedBy, DateTimeOffset? RetiredAt)
{
    /// <summary>In <paramref name="language"/>, else in English, else in any.</summary>
    public string Name(CultureInfo language) =>
        Names.GetValueOrDefault(language.TwoLetterISOLanguageName) ?? Names.GetValueOrDefault("en") ?? Names.OrderBy(n => n.Key, StringComparer.Ordinal).First().Value;
}

/// <summary>The team's own types as pages and paper name them: a copy of the table, read anew after every change here and each half minute.</summary>
internal sealed class LocalTypes(Database database)
{
    /// <summary>So many may stand; they are read whole.</summary>
    public const int Most = 500;

    private const string Every = "select t.id, t.code, t.version, t.names::text as names, t.changed_at, t.changed_by, t.retired_at from ticketing.local_types t order by t.code limit 1000";

    private const string InUse = "select t.code from ticketing.local_types t where t.code = any(@Codes) and t.retired_at is null";

    private volatile IReadOnlyDictionary<string, LocalType> _known = new Dictionary<string, LocalType>();

    /// <summary>Those that can be chosen below a type of the taxonomy, by code.</summary>
    public IEnumerable<LocalType> Below(string rsitType) => _known.Values.Where(t => t.RetiredAt is null && Rsit.TypeOf(t.Code) == rsitType).OrderBy(t => t.Code, StringComparer.Ordinal);

    /// <summary>A code in words: the taxonomy's type, and below it the team's own.</summary>
    public string Name(IText text, string code, CultureInfo? language = null)
    {
        var culture = language ?? CultureInfo.CurrentUICulture;
        var type = text.In(culture, $"ticketing.rsit.{Rsit.TypeOf(code)}");
        return Rsit.IsLocal(code) ? $"{type} › {(_known.TryGetValue(code, out var own) ? own.Name(culture) : code.Split('/')[2])}" : type;
    }

    /// <summary>Reads the table.</summary>
    public async Task RefreshAsync(CancellationToken cancel) => _known = (await AllAsync(database, cancel)).ToDictionary(t => t.Code, StringComparer.Ordinal);

    public static async Task<IReadOnlyList<LocalType>> AllAsync(Database database, CancellationToken cancel) => [.. (await database.QueryAsync<TypeRow>(Every, null, cancel)).Select(r => r.Read())];

    /// <summary>Codes that look like the team's own and cannot be chosen: none of that name, or out of use.</summary>
    public static async Task<IEnumerable<Refusal>> MissingAsync(Work work, IReadOnlyList<string> codes, CancellationToken cancel)
    {
        var own = codes.Where(Rsit.IsLocal).ToArray();
        return own.Length == 0 ? [] : own.Except(await work.QueryAsync<string>(InUse, new { Codes = own }, cancel)).Select(code => Refuse.Invalid("ticketing.refused.rsit", "RsitType", code));
    }

    private sealed class TypeRow
    {
        public Guid Id { get; set; }

        public string Code { get; set; } = "";

        public int Version { get; set; }

        public string Names { get; set; } = "{}";

        public DateTimeOffset ChangedAt { get; set; }

        public string ChangedBy { get; set; } = "";

        public DateTimeOffset? RetiredAt { get; set; }

        public LocalType Read() => new(Id, Code, Version, JsonSerializer.Deserialize<Dictionary<string, string>>(Names, OutboxJson.Options)!, ChangedAt, ChangedBy, RetiredAt);
    }
}
