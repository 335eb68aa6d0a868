using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Watch.Feeds;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Words;

/// <summary>A product, vendor or other word to look for.</summary>
internal sealed record WordLine(Guid Id, string Word, string Note, string AddedBy, DateTimeOffset AddedAt);

/// <summary>A word to look for from now on.</summary>
internal sealed record WordToAdd(string Word, string Note = "");

/// <summary>Adds a word; items that come after it are matched.</summary>
internal sealed class AddWord(Database database) : Act<WordToAdd, Guid>(database)
{
    private const string Insert = "insert into watch.words (id, word, note, added_by, added_at) values (@Id, @Word, @Note, @By, @Now) on conflict do nothing";

    public override Permission Permission => Permissions.DecideItems;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, WordToAdd request, CancellationToken cancel)
    {
        var word = PlainText.Literal(request.Word ?? "", 101);
        if (word.Length is < 2 or > 100)
            return Refuse.Invalid("watch.refused.word", nameof(request.Word), 2, 100);
        var id = Guid.CreateVersion7();
        if (await work.ExecuteAsync(Insert, new { Id = id, Word = word, Note = PlainText.Literal(request.Note ?? "", 500), By = work.Viewer.Name, work.Now }, cancel) == 0)
            return Refuse.Conflict("watch.refused.word-twice", word);
        work.Audit("watch.word.added", $"word/{id}", new { Word = word });
        return id;
    }
}

/// <summary>Stops looking for a word.</summary>
internal sealed class RemoveWord(Database database) : Act<Guid, Done>(database)
{
    private const string Delete = "delete from watch.words where id = @Id";

    public override Permission Permission => Permissions.DecideItems;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Delete, new { Id = request }, cancel) == 0)
            return Refuse.NotFound("watch.refused.no-word");
        work.Audit("watch.word.removed", $"word/{request}");
        return default(Done);
    }
}

/// <summary>Lists the words.</summary>
internal sealed class ListWords(Database database) : Query<Done, IReadOnlyList<WordLine>>
{
    private const string Select = "select id, word, note, added_by, added_at from watch.words order by lower(word)";

    public override Permission Permission => Permissions.ReadItems;

    protected override async Task<Outcome<IReadOnlyList<WordLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        Answer.Of(await database.QueryAsync<WordLine>(Select, null, cancel));
}
