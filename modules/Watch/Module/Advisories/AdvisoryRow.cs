using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;

namespace Appliance.Watch.Advisories;

/// <summary>An advisory as stored: the text being worked on, or a revision as it was published.</summary>
internal sealed class AdvisoryRow
{
    private const string Columns =
        """
        m.id, m.number, m.state, m.revision, m.title, m.severity, m.summary, m.body, m.cves, m.observables::text as observables, m.links, m.language,
          m.author_id, m.author, m.editors, m.submitted_at, m.approved_by, m.approved_by_id, m.approved_at, m.returned_reason, m.published_at, m.withdrawn_at, m.withdrawn_reason,
          m.from_item, m.version, m.created_at, m.changed_at, m.tlp, m.pap, m.exercise
        """;

    public const string Find = $"select {Columns} from watch.advisories m where m.id = @Id and {Visible.Rows} for update";

    public const string FindByNumber = $"select {Columns} from watch.advisories m where m.number = @Number and {Visible.Rows}";

    public const string FindRevision =
        $"""
        select a.id, a.number, 'published' as state, m.revision, m.title, m.severity, m.summary, m.body, m.cves, m.observables::text as observables, m.links, m.language,
          m.author, m.approved_by, m.published_at, a.withdrawn_at, a.withdrawn_reason, m.tlp, m.pap, m.exercise
        from watch.advisory_revisions m
        join (select id, number, withdrawn_at, withdrawn_reason
          -- every row: the revision's own marking, which the fragment checks, is the one that counts
          from watch.advisories) a on a.id = m.advisory_id
        where a.number = @Number and (@Revision = 0 or m.revision = @Revision) and {Visible.Rows}
        order by m.revision desc
        limit 1
        """;

    public Guid Id { get; init; }

    public string Number { get; init; } = "";

    public string State { get; init; } = "";

    public int Revision { get; init; }

    public string Title { get; init; } = "";

    public short Severity { get; init; }

    public string Summary { get; init; } = "";

    public string Body { get; init; } = "";

    public string[] Cves { get; init; } = [];

    public string Observables { get; init; } = "[]";

    public string[] Links { get; init; } = [];

    public string Language { get; init; } = "en";

    public Guid AuthorId { get; init; }

    public string Author { get; init; } = "";

    public Guid[] Editors { get; init; } = [];

    public DateTimeOffset? SubmittedAt { get; init; }

    public string? ApprovedBy { get; init; }

    public Guid? ApprovedById { get; init; }

    public DateTimeOffset? ApprovedAt { get; init; }

    public string? ReturnedReason { get; init; }

    public DateTimeOffset? PublishedAt { get; init; }

    public DateTimeOffset? WithdrawnAt { get; init; }

    public string? WithdrawnReason { get; init; }

    public Guid? FromItem { get; init; }

    public int Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ChangedAt { get; init; }

    public short Tlp { get; init; }

    public short Pap { get; init; }

    public bool Exercise { get; init; }

    public Marking Marking => new((Tlp)Tlp, (Pap)Pap, Exercise);

    /// <summary>True for whoever wrote any of the present text.</summary>
    public bool IsWrittenBy(UserId person) => AuthorId == person.Value || Editors.Contains(person.Value);

    public AdvisoryFields Fields() => new()
    {
        Title = Title,
        Severity = Severity,
        Tlp = (Tlp)Tlp,
        Pap = (Pap)Pap,
        Exercise = Exercise,
        Summary = Summary,
        Body = Body,
        Cves = Cves,
        Observables = JsonSerializer.Deserialize<List<Observable>>(Observables, OutboxJson.Options) ?? [],
        Links = Links,
        Language = Language,
    };
}
