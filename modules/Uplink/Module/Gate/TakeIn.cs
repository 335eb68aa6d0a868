using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Uplink.Stix;

namespace Appliance.Uplink.Gate;

/// <summary>A confirmed incident waits at the gate.</summary>
internal sealed class IncidentConfirmedHandler(TakeIn takeIn) : IEventHandler<IncidentConfirmed>
{
    public Task HandleAsync(IncidentConfirmed fact, Work work, CancellationToken cancel) =>
        takeIn.RunAsync(work, fact, ShareSource.Of(fact), JsonSerializer.Serialize(fact, OutboxJson.Options), cancel);
}

/// <summary>A published advisory waits at the gate.</summary>
internal sealed class AdvisoryPublishedHandler(TakeIn takeIn) : IEventHandler<AdvisoryPublished>
{
    public Task HandleAsync(AdvisoryPublished fact, Work work, CancellationToken cancel) =>
        takeIn.RunAsync(work, fact, ShareSource.Of(fact), JsonSerializer.Serialize(fact, OutboxJson.Options), cancel);
}

/// <summary>Puts a fact on the outbox as a pending share with its bundle built. Nothing leaves by this.</summary>
internal sealed class TakeIn(NodeStore nodes, ShareDrafts drafts, UplinkOptions options)
{
    private const string Known =
        """
        -- every row: an event is taken in once, whoever may see its share
        select exists (select 1 from uplink.shares where source_event = @Event)
        """;

    private const string Before =
        """
        -- every row: revisions are counted over all of a subject, and nobody sees the result
        select coalesce(max(m.revision), 0) as revision, coalesce(max(m.generation), 0) as generation, max(m.modified) as modified,
               (select min(f.created) from uplink.shares f where f.subject = @Subject and f.generation = coalesce(max(m.generation), 0)) as created,
               coalesce(bool_or(m.state = 'withdrawn' and m.generation = (select max(g.generation) from uplink.shares g where g.subject = @Subject)), false) as spent
        from uplink.shares m
        where m.subject = @Subject
        """;

    private const string Supersede =
        "update uplink.shares set state = 'superseded', closed_at = @Now, closed_by = 'uplink' where subject = @Subject and state in ('pending', 'signed')";

    private const string Insert =
        """
        insert into uplink.shares (id, subject, kind, number, title, revision, generation, source_event, source, tlp, pap, exercise, named, state, rule, main_id,
            created, modified, draft, withheld, closed_by, closed_at, arrived_at)
        values (@Id, @Subject, @Kind, @Number, @Title, @Revision, @Generation, @Event, @Source::jsonb, @Tlp, @Pap, @Exercise, @Named, @State, @Rule, @MainId,
            @Created, @Modified, @Draft, @Withheld::jsonb, @ClosedBy, @ClosedAt, @Now)
        """;

    public async Task RunAsync(Work work, EventRecord fact, ShareSource source, string stored, CancellationToken cancel)
    {
        if (await work.FindAsync<bool>(Known, new { Event = fact.EventId.Value }, cancel))
            return;
        var node = await nodes.ReadAsync(cancel);
        var before = await work.FindAsync<History>(Before, new { source.Subject }, cancel) ?? new();
        await work.ExecuteAsync(Supersede, new { source.Subject, work.Now }, cancel);

        var generation = before.Spent ? before.Generation + 1 : before.Generation;
        var modified = StixTime.Milliseconds(work.Now);
        if (before.Modified >= modified)
            modified = before.Modified.Value.AddMilliseconds(1);
        var created = before.Spent || before.Created is null ? modified : before.Created.Value;
        var id = Guid.CreateVersion7();
        var (bundle, stays) = drafts.Build(node, id, source, generation, created, modified);
        var rule = GateRules.RuleFor(source.Marking, options.FourEyes);
        // What no rule lets out is closed at once and says why, instead of waiting for a decision that cannot be made.
        var forbidden = GateRules.Forbids(rule);
        await work.ExecuteAsync(
            Insert,
            new
            {
                Id = id,
                source.Subject,
                source.Kind,
                source.Number,
                source.Title,
                Revision = before.Revision + 1,
                Generation = generation,
                Event = fact.EventId.Value,
                Source = stored,
                Tlp = (short)source.Marking.Tlp,
                Pap = (short)source.Marking.Pap,
                source.Marking.Exercise,
                Named = (source.Marking.Named ?? []).Select(n => n.Value).ToArray(),
                State = forbidden ? "returned" : "pending",
                Rule = rule,
                MainId = BundleBuilder.MainId(node, source.Kind, ShareDrafts.NameOf(source.Subject, generation)),
                Created = created,
                Modified = modified,
                Draft = bundle,
                Withheld = JsonSerializer.Serialize(stays, OutboxJson.Options),
                ClosedBy = forbidden ? "uplink" : null,
                ClosedAt = forbidden ? work.Now : (DateTimeOffset?)null,
                work.Now,
            },
            cancel);
        work.Audit("uplink.share.arrived", $"share/{id}", new { source.Subject, Revision = before.Revision + 1, source.Marking.Tlp, Rule = rule, Withheld = stays.Count });
    }

    private sealed class History
    {
        public int Revision { get; set; }

        public int Generation { get; set; }

        public DateTimeOffset? Modified { get; set; }

        public DateTimeOffset? Created { get; set; }

        public bool Spent { get; set; }
    }
}
