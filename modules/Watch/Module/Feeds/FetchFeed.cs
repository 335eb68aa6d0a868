using System.Security.Cryptography;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Watch.Desk;
using Appliance.Watch.Syndication;
using Microsoft.Extensions.Logging;

namespace Appliance.Watch.Feeds;

/// <summary>Looks at one source: download, keep the bytes, read, put new entries on the desk, note how it went. One transaction after the download.</summary>
internal sealed class FetchFeed(Database database, FeedDownload download, TakeItems take, ILogger<FetchFeed> log)
{
    private const string Find =
        """
        select id, name, url, kind, every_minutes, mapping::text as mapping, item_tlp, exercise, failures, etag, last_modified
        from watch.feeds
        where id = @Id and archived_at is null
        """;

    private const string KeepRaw = "insert into watch.raw_documents (sha256, content, stored_at) values (@Sha256, @Content, @Now) on conflict (sha256) do update set stored_at = excluded.stored_at";

    private const string Note =
        """
        insert into watch.fetches (id, feed_id, at, outcome, status, sha256, bytes, entries, fresh, detail)
        values (@Id, @Feed, @Now, @Outcome, @Status, @Sha256, @Bytes, @Entries, @Fresh, @Detail)
        """;

    private const string MarkRead =
        """
        update watch.feeds
        set state = case when @Outcome = 'unchanged' and state in ('fresh', 'empty') then state when @Entries > 0 or @Outcome = 'unchanged' then 'fresh' else 'empty' end,
          failures = 0, last_fetch_at = @Now, last_success_at = @Now, last_item_at = case when @Fresh > 0 then @Now else last_item_at end,
          last_error = null, next_at = @Next, etag = @ETag, last_modified = @LastModified
        where id = @Feed
        """;

    private const string MarkFailed =
        """
        update watch.feeds
        set state = case when state = 'paused' then state else 'failing' end, failures = failures + 1, last_fetch_at = @Now, last_error = @Detail, next_at = @Next
        where id = @Feed
        """;

    /// <summary>Answers the number of new items, or null when the source failed.</summary>
    public async Task<int?> RunAsync(Guid id, CancellationToken cancel)
    {
        var feed = await database.FindAsync<FeedRow>(Find, new { Id = id }, cancel);
        if (feed is null || !Uri.TryCreate(feed.Url, UriKind.Absolute, out var address))
            return null;
        try
        {
            var answer = await download.GetAsync(address, feed.Etag, feed.LastModified, cancel);
            return await TakeAsync(feed, answer, cancel);
        }
        catch (FeedUnreadException fault)
        {
            await FailAsync(feed, null, fault.Message, cancel);
            return null;
        }
    }

    /// <summary>Reads a file that someone carried here as if the source had sent it.</summary>
    public async Task<Outcome<int>> TakeCarriedAsync(Work work, Guid id, byte[] content, CancellationToken cancel)
    {
        var feed = await work.FindAsync<FeedRow>(Find, new { Id = id }, cancel);
        if (feed is null)
            return Refuse.NotFound("watch.refused.no-feed");
        var source = Uri.TryCreate(feed.Url, UriKind.Absolute, out var address) ? address : null;
        var reading = Read(feed, content, source, null);
        if (reading.Feed is not { } document)
            return Refuse.Invalid("watch.refused.not-a-feed", null, reading.Fault ?? "");
        return await WriteAsync(work, feed, document, new(200, content, null, source ?? new Uri("about:blank"), feed.Etag, feed.LastModified), "carried", cancel);
    }

    private async Task<int?> TakeAsync(FeedRow feed, FeedAnswer answer, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("watch"), cancel);
        if (answer.Content is null)
        {
            await work.ExecuteAsync(Note, new { Id = Guid.CreateVersion7(), Feed = feed.Id, work.Now, Outcome = "unchanged", answer.Status, Sha256 = (byte[]?)null, Bytes = 0L, Entries = 0, Fresh = 0, Detail = (string?)null }, cancel);
            await work.ExecuteAsync(MarkRead, new { Feed = feed.Id, Outcome = "unchanged", Entries = 0, Fresh = 0, work.Now, Next = Next(work, feed), answer.ETag, answer.LastModified }, cancel);
            await work.CommitAsync(cancel);
            return 0;
        }
        var reading = Read(feed, answer.Content, answer.Address, answer.ContentType);
        if (reading.Feed is not { } document)
        {
            await FailAsync(feed, answer, reading.Fault ?? "", cancel);
            return null;
        }
        var fresh = await WriteAsync(work, feed, document, answer, "feed", cancel);
        await work.CommitAsync(cancel);
        Log.FeedRead(log, feed.Id, document.Entries.Count, fresh);
        return fresh;
    }

    private static FeedReading Read(FeedRow feed, byte[] content, Uri? source, string? contentType)
    {
        var mapping = JsonSerializer.Deserialize<CsvMapping>(feed.Mapping, OutboxJson.Options) ?? new();
        if (feed.Kind == "csv")
            return CsvFeed.Read(content, source, mapping);
        var reading = FeedReader.Read(content, source, contentType);
        // A carried file may be either.
        return reading.Feed is null && feed.Kind == "carried" ? CsvFeed.Read(content, source, mapping) : reading;
    }

    private async Task<int> WriteAsync(Work work, FeedRow feed, FeedDocument document, FeedAnswer answer, string origin, CancellationToken cancel)
    {
        var sha256 = SHA256.HashData(answer.Content!);
        var fetch = Guid.CreateVersion7();
        await work.ExecuteAsync(KeepRaw, new { Sha256 = sha256, answer.Content, work.Now }, cancel);
        var marking = new Marking((Tlp)feed.ItemTlp, Pap.Clear, feed.Exercise);
        var fresh = await take.RunAsync(work, new(origin, feed.Name, feed.Id, fetch, marking, feed.Url, document.Entries), cancel);
        await work.ExecuteAsync(Note, new { Id = fetch, Feed = feed.Id, work.Now, Outcome = "read", answer.Status, Sha256 = sha256, Bytes = answer.Content!.LongLength, Entries = document.Entries.Count, Fresh = fresh, Detail = document.Damage }, cancel);
        await work.ExecuteAsync(MarkRead, new { Feed = feed.Id, Outcome = "read", Entries = document.Entries.Count, Fresh = fresh, work.Now, Next = Next(work, feed), answer.ETag, answer.LastModified }, cancel);
        return fresh;
    }

    private async Task FailAsync(FeedRow feed, FeedAnswer? answer, string reason, CancellationToken cancel)
    {
        reason = PlainText.Literal(reason, 500);
        await using var work = await database.BeginAsync(Viewer.System("watch"), cancel);
        byte[]? sha256 = null;
        if (answer?.Content is { } content)
        {
            sha256 = SHA256.HashData(content);
            await work.ExecuteAsync(KeepRaw, new { Sha256 = sha256, Content = content, work.Now }, cancel);
        }
        await work.ExecuteAsync(Note, new { Id = Guid.CreateVersion7(), Feed = feed.Id, work.Now, Outcome = "failed", answer?.Status, Sha256 = sha256, Bytes = answer?.Content?.LongLength ?? 0L, Entries = 0, Fresh = 0, Detail = reason }, cancel);
        // A dead source is asked less and less, at least once a day.
        var wait = TimeSpan.FromMinutes(Math.Min(feed.EveryMinutes * Math.Pow(2, Math.Min(feed.Failures, 8)), Math.Max(1440, feed.EveryMinutes)));
        await work.ExecuteAsync(MarkFailed, new { Feed = feed.Id, work.Now, Detail = reason, Next = work.Now + wait }, cancel);
        await work.CommitAsync(cancel);
        Log.FeedFailed(log, feed.Id, feed.Failures + 1, reason);
    }

    private static DateTimeOffset Next(Work work, FeedRow feed) => work.Now + TimeSpan.FromMinutes(feed.EveryMinutes);

    private sealed class FeedRow
    {
        public Guid Id { get; init; }

        public string Name { get; init; } = "";

        public string Url { get; init; } = "";

        public string Kind { get; init; } = "";

        public int EveryMinutes { get; init; }

        public string Mapping { get; init; } = "{}";

        public short ItemTlp { get; init; }

        public bool Exercise { get; init; }

        public int Failures { get; init; }

        public string? Etag { get; init; }

        public string? LastModified { get; init; }
    }
}
