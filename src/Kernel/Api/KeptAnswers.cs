using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Api;

/// <summary>What became of a request that carries a key.</summary>
public enum KeptState
{
    /// <summary>Never seen: do it.</summary>
    Fresh,

    /// <summary>Done before: give the answer again.</summary>
    Answered,

    /// <summary>The same key came with another request.</summary>
    OtherRequest,

    /// <summary>It is being done right now.</summary>
    Running,

    /// <summary>It was begun and the host ended before its answer was kept: done or not, nobody can say here.</summary>
    Unknown,
}

/// <summary>An answer as kept.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Media type, or null without a body.</param>
/// <param name="Location">Where the made thing is, or empty.</param>
/// <param name="Tag">Entity tag, or empty.</param>
/// <param name="Body">The bytes.</param>
public sealed record KeptAnswer(int Status, string? ContentType, string Location, string Tag, byte[] Body);

/// <summary>Remembers answers to requests that carry an idempotency key, per credential, for two days. Thread-safe.</summary>
public sealed class KeptAnswers(Database database, TimeProvider time)
{
    private const string Insert =
        """
        insert into kernel.kept_answers (holder, key, request, begun_at) values (@Holder, @Key, @Request, @Now)
        on conflict (holder, key) do nothing
        """;

    private const string Find = "select request, begun_at, status, content_type, location, tag, body from kernel.kept_answers where holder = @Holder and key = @Key";

    private const string Keep =
        """
        update kernel.kept_answers set status = @Status, content_type = @ContentType, location = @Location, tag = @Tag, body = @Body
        where holder = @Holder and key = @Key
        """;

    private const string Drop = "delete from kernel.kept_answers where holder = @Holder and key = @Key";

    /// <summary>No request runs longer.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    /// <summary>Claims the key for this request, or says what became of it.</summary>
    public async Task<(KeptState State, KeptAnswer? Answer)> BeginAsync(Viewer viewer, string key, byte[] request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        if (await database.ExecuteAsync(Insert, new { Holder = viewer.Id, Key = key, Request = request, Now = now }, cancel) == 1)
            return (KeptState.Fresh, null);
        if (await database.FindAsync<KeptRow>(Find, new { Holder = viewer.Id, Key = key }, cancel) is not { } row)
            return (KeptState.Running, null);
        if (!row.Request.AsSpan().SequenceEqual(request))
            return (KeptState.OtherRequest, null);
        return row.Status is { } status
            ? (KeptState.Answered, new(status, row.ContentType, row.Location ?? "", row.Tag ?? "", row.Body ?? []))
            : (now - row.BegunAt < s_longest ? KeptState.Running : KeptState.Unknown, null);
    }

    /// <summary>Keeps the answer.</summary>
    public Task KeepAsync(Viewer viewer, string key, KeptAnswer answer, CancellationToken cancel) =>
        database.ExecuteAsync(Keep, new { Holder = viewer.Id, Key = key, answer.Status, answer.ContentType, answer.Location, answer.Tag, answer.Body }, cancel);

    /// <summary>Nothing was done: the key is free again.</summary>
    public Task ForgetAsync(Viewer viewer, string key, CancellationToken cancel) => database.ExecuteAsync(Drop, new { Holder = viewer.Id, Key = key }, cancel);

    private sealed class KeptRow
    {
        public byte[] Request { get; set; } = [];

        public DateTimeOffset BegunAt { get; set; }

        public int? Status { get; set; }

        public string? ContentType { get; set; }

        public string? Location { get; set; }

        public string? Tag { get; set; }

        public byte[]? Body { get; set; }
    }
}
