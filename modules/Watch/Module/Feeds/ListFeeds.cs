using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Feeds;

/// <summary>A source with how it does.</summary>
internal sealed class FeedLine
{
    public Guid Id { get; init; }

    public int Version { get; init; }

    public string Name { get; init; } = "";

    public string Url { get; init; } = "";

    public string Kind { get; init; } = "";

    public int EveryMinutes { get; init; }

    public short ItemTlp { get; init; }

    public bool Exercise { get; init; }

    /// <summary>waiting, fresh, late, silent, empty, failing, paused.</summary>
    public string State { get; init; } = "";

    public int Failures { get; init; }

    public DateTimeOffset? LastFetchAt { get; init; }

    public DateTimeOffset? LastSuccessAt { get; init; }

    public DateTimeOffset? LastItemAt { get; init; }

    public string? LastError { get; init; }

    public DateTimeOffset NextAt { get; init; }

    public double ItemsPerDay { get; init; }

    public string Mapping { get; init; } = "{}";

    public FeedFields Fields() => new()
    {
        Name = Name,
        Url = Url,
        Kind = Kind,
        EveryMinutes = EveryMinutes,
        Tlp = (Tlp)ItemTlp,
        Exercise = Exercise,
        Mapping = JsonSerializer.Deserialize<CsvMapping>(Mapping, OutboxJson.Options) ?? new(),
    };
}

/// <summary>Lists the sources, troubled ones first. Silence is a state of its own: a quiet source and a dead one look alike otherwise.</summary>
internal sealed class ListFeeds(Database database, TimeProvider time) : Query<Done, IReadOnlyList<FeedLine>>
{
    private const string Select =
        """
        select f.id, f.version, f.name, f.url, f.kind, f.every_minutes, f.item_tlp, f.exercise, f.failures, f.last_fetch_at, f.last_success_at, f.last_item_at, f.last_error,
          f.next_at, f.mapping::text as mapping,
          case
            when f.state in ('fresh', 'empty') and f.kind <> 'carried' and f.next_at < @Now - make_interval(mins => 2 * f.every_minutes) then 'late'
            when f.state in ('fresh', 'empty') and f.last_item_at < @Now - interval '30 days' then 'silent'
            else f.state
          end as state,
          (select count(*) / 14.0 from watch.item_sources s where s.feed_id = f.id and s.seen_at > @Now - interval '14 days')::float8 as items_per_day
        from watch.feeds f
        where f.archived_at is null
        order by case f.state when 'failing' then 0 else 1 end, lower(f.name)
        """;

    public override Permission Permission => Permissions.ReadItems;

    protected override async Task<Outcome<IReadOnlyList<FeedLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        Answer.Of(await database.QueryAsync<FeedLine>(Select, new { Now = time.GetUtcNow() }, cancel));
}

/// <summary>Outcomes of interface types, which the language does not convert by itself.</summary>
internal static class Answer
{
    public static Outcome<IReadOnlyList<T>> Of<T>(IReadOnlyList<T> items) => OutcomeOf<IReadOnlyList<T>>(items);

    private static Outcome<T> OutcomeOf<T>(T value) => value;
}
