using System.Data.Common;
using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Dapper;
using Npgsql;

namespace Appliance.Sensing.Filter;

/// <summary>Asks what could stand at the caret of a query bar.</summary>
/// <param name="Text">The bar as it is.</param>
/// <param name="Caret">In UTF-16 units, as browsers count.</param>
/// <param name="WindowHours">The window of the page.</param>
/// <param name="View">The tab of the page, where it has tabs.</param>
internal sealed record QueryHintsRequest(string Text, int Caret, int WindowHours = 24, string View = "inbox");

/// <summary>One suggestion.</summary>
/// <param name="Insert">What takes the place: ready to stand in the bar, quoted where it must be.</param>
/// <param name="Text">What is offered. Values come from the wire: untrusted.</param>
/// <param name="AboutKey">Resource key of what it means.</param>
/// <param name="About">The words of the record instead: untrusted.</param>
/// <param name="Count">How many rows have it, of those that were looked at; null where nothing was counted.</param>
/// <param name="AtLeast">True when there are more rows than were looked at.</param>
internal sealed record QueryHint(string Insert, string Text, string? AboutKey = null, string? About = null, long? Count = null, bool AtLeast = false);

/// <summary>What could stand there.</summary>
/// <param name="From">First character that a suggestion replaces, from 0.</param>
/// <param name="To">Behind the last one.</param>
/// <param name="Items">At most ten.</param>
/// <param name="Partial">True when the time was over before the values were counted.</param>
internal sealed record QueryHintsAnswer(int From, int To, IReadOnlyList<QueryHint> Items, bool Partial = false);

/// <summary>A value with how often it was found.</summary>
internal sealed class HintRow
{
    public string Value { get; init; } = "";
    public string? About { get; init; }
    public long Count { get; init; }
    public long Looked { get; init; }
}

/// <summary>
/// What a bar offers while somebody types: the fields of its grammar, then the values that the newest rows of the window have, as far as the viewer may see them. Never more than a third of a
/// second and ten lines: who types does not wait.
/// </summary>
internal abstract class QueryHints(Database database, TimeProvider time) : Query<QueryHintsRequest, QueryHintsAnswer>
{
    /// <summary>Lines offered at most.</summary>
    public const int Most = 10;

    /// <summary>Rows looked at, the newest first. Above that the counts are of these rows, and say so.</summary>
    public const int Looked = 10_000;

    /// <summary>As long as the bar accepts.</summary>
    private const int LongestText = 2000;

    private static readonly TimeSpan s_budget = TimeSpan.FromMilliseconds(300);

    public override Permission Permission => Permissions.Read;

    /// <summary>The fields this bar understands, in the order they are offered.</summary>
    protected abstract IReadOnlyList<string> Fields { get; }

    /// <summary>Whether values come with how often they were found.</summary>
    protected virtual bool Counts => true;

    /// <summary>What <c>is:</c> understands here.</summary>
    protected virtual IReadOnlyList<string> Traits => FilterTerms.Traits;

    /// <summary>The constant query behind the values of <paramref name="field"/>, or null where no value can be offered.</summary>
    protected abstract string? SqlOf(string field);

    /// <summary>The parameters of <see cref="SqlOf"/>, with the viewer's own.</summary>
    protected abstract DynamicParameters Parameters(Viewer viewer, QueryHintsRequest request, DateTimeOffset since);

    protected override async Task<Outcome<QueryHintsAnswer>> HandleAsync(Viewer viewer, QueryHintsRequest request, CancellationToken cancel)
    {
        if (request.Text.Length > LongestText)
            return new QueryHintsAnswer(0, 0, []);
        var at = QueryCaret.At(request.Text, request.Caret);
        if (at.Field is null)
            return new QueryHintsAnswer(at.From, at.To, [.. FieldsLike(at.Typed)]);
        var field = at.Field == "has" ? "is" : at.Field;
        if (!Fields.Contains(field))
            return new QueryHintsAnswer(at.From, at.To, []);
        if (field is "after" or "before")
            return new QueryHintsAnswer(at.From, at.To, [.. Days().Where(d => d.Insert.StartsWith(at.Typed, StringComparison.Ordinal))]);
        var (rows, partial) = SqlOf(field) is { } sql ? await CountAsync(sql, viewer, request, at.Typed, cancel) : ([], false);
        return new QueryHintsAnswer(at.From, at.To, [.. (Words(field) is { } words ? Known(field, words, rows, at.Typed) : rows.Select(r => HintOf(field, r))).Take(Most)], partial);
    }

    private IEnumerable<QueryHint> FieldsLike(string typed) =>
        Fields.Where(f => f.StartsWith(typed, StringComparison.OrdinalIgnoreCase)).Select(f => new QueryHint($"{f}:", $"{f}:", $"sensing.query.field.{f}"));

    private IEnumerable<QueryHint> Days()
    {
        var today = time.GetUtcNow().UtcDateTime.Date;
        foreach (var (days, key) in new[] { (0, "today"), (1, "yesterday"), (7, "week"), (30, "month") })
        {
            var day = today.AddDays(-days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            yield return new(day, day, $"sensing.query.day.{key}");
        }
    }

    /// <summary>The words of a field that knows its words; others hold what the wire brought.</summary>
    private IReadOnlyList<string>? Words(string field) => field switch { "is" => Traits, "sev" => ["1", "2", "3", "4"], _ => null };

    private IEnumerable<QueryHint> Known(string field, IReadOnlyList<string> words, IReadOnlyList<HintRow> rows, string typed)
    {
        var found = rows.ToDictionary(r => r.Value, StringComparer.Ordinal);
        foreach (var word in words.Where(w => w.StartsWith(typed, StringComparison.OrdinalIgnoreCase)))
        {
            var row = found.GetValueOrDefault(word);
            yield return new(word, word, field == "sev" ? $"sensing.severity.{word}" : $"sensing.query.is.{word}", Count: rows.Count == 0 ? null : row?.Count ?? 0, AtLeast: row?.Looked >= Looked);
        }
    }

    private QueryHint HintOf(string field, HintRow row) => new(Quoted(field, row.Value), row.Value, About: row.About, Count: Counts ? row.Count : null, AtLeast: row.Looked >= Looked);

    /// <summary>Blanks and commas would end the value; a quote within cannot be said at all and is left out by the query.</summary>
    private static string Quoted(string field, string value) => field is not ("ip" or "src" or "dst") && value.AsSpan().ContainsAny(" ,()\t\u00a0") ? $"\"{value}\"" : value;

    private async Task<(IReadOnlyList<HintRow> Rows, bool Partial)> CountAsync(string sql, Viewer viewer, QueryHintsRequest request, string typed, CancellationToken cancel)
    {
        var parameters = Parameters(viewer, request, time.GetUtcNow().AddHours(-Math.Clamp(request.WindowHours, 1, Inbox.InboxFilter.LongestWindowHours)));
        parameters.AddDynamicParams(new { like = typed.Length == 0 ? null : FilterTerms.Escaped(typed) + "%", rows = Looked, most = Most });
        await using var connection = await database.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "select set_config('statement_timeout', @milliseconds, true)",
                new { milliseconds = ((int)s_budget.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) },
                transaction,
                cancellationToken: cancel));
            return ((await connection.QueryAsync<HintRow>(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancel))).AsList(), false);
        }
        catch (DbException fault) when (fault is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } && !cancel.IsCancellationRequested)
        {
            return ([], true);
        }
    }
}
