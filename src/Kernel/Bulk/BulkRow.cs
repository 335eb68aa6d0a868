using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Outbox;

namespace Appliance.Kernel.Bulk;

/// <summary>An act on many as stored.</summary>
internal sealed class BulkRow
{
    /// <summary>How long after its end an act can be taken back, and its end is told.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(24);

    /// <summary>For the table aliased <c>r</c>; takes <c>@Since</c>, the begin of the <see cref="Window"/>.</summary>
    public const string Columns =
        """
        r.id, r.user_id, r.act, r.title_key, r.said_key, r.argument::text as argument, r.query::text as query, r.undo_of, r.state, r.reason::text as reason, r.total, r.done, r.left_over, r.parts,
        r.chosen_to, r.worked_to, r.started_at, r.ended_at,
        r.undo_of is null and r.ended_at > @Since
          and exists (select 1 from kernel.bulk_parts p where p.run_id = r.id and p.undone_by is null)
          and not exists (select 1 from kernel.bulk_runs u where u.undo_of = r.id and u.ended_at is null) as undoable
        """;

    public Guid Id { get; set; }

    public UserId UserId { get; set; }

    public string Act { get; set; } = "";

    public string TitleKey { get; set; } = "";

    public string SaidKey { get; set; } = "";

    public string Argument { get; set; } = "{}";

    public string? Query { get; set; }

    public Guid? UndoOf { get; set; }

    public string State { get; set; } = "";

    public string? Reason { get; set; }

    public int Total { get; set; }

    public int Done { get; set; }

    public int LeftOver { get; set; }

    public int Parts { get; set; }

    public Guid ChosenTo { get; set; }

    public Guid WorkedTo { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public bool Undoable { get; set; }

    public static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);

    public BulkState ToState(BulkCatalog catalog) => new(
        Id, TitleKey, SaidKey, Enum.Parse<BulkStage>(State, ignoreCase: true), Total, Done, LeftOver, StartedAt, EndedAt, Reason is null ? null : KeptRefusal.Read(Reason), Undoable && catalog.TakesBack(Act), UndoOf);
}

/// <summary>A refusal as JSON: numbers stay numbers, so that they are written in the reader's way.</summary>
internal sealed record KeptRefusal(RefusalKind Kind, string Key, IReadOnlyList<JsonElement> Arguments)
{
    public static string Write(Refusal refusal) =>
        JsonSerializer.Serialize(new { refusal.Kind, refusal.Key, refusal.Arguments }, OutboxJson.Options);

    public static Refusal Read(string text)
    {
        var kept = JsonSerializer.Deserialize<KeptRefusal>(text, OutboxJson.Options)!;
        return new(kept.Kind, kept.Key, null, [.. kept.Arguments.Select(a => a.ValueKind == JsonValueKind.Number ? (object)a.GetDouble() : a.ToString())]);
    }
}
