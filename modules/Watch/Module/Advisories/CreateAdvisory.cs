using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Permissions;

namespace Appliance.Watch.Advisories;

/// <summary>A new advisory.</summary>
/// <param name="FromItem">The item of the desk it answers, which then points here.</param>
internal sealed record AdvisoryToCreate(AdvisoryFields Fields, Guid? FromItem = null);

/// <summary>An advisory's identity and the number people say.</summary>
internal sealed record AdvisoryCreated(AdvisoryId Id, string Number);

/// <summary>Begins an advisory as a draft and gives it its number.</summary>
internal sealed class CreateAdvisory(Database database) : Act<AdvisoryToCreate, AdvisoryCreated>(database)
{
    private const string NextNumber =
        """
        insert into watch.advisory_numbers (year, last)
        values (@Year, 1)
        on conflict (year) do update set last = watch.advisory_numbers.last + 1
        returning last
        """;

    private const string Insert =
        """
        insert into watch.advisories (id, number, title, severity, summary, body, cves, observables, links, language, author_id, author, from_item, created_at, changed_at, tlp, pap, exercise)
        values (@Id, @Number, @Title, @Severity, @Summary, @Body, @Cves, @Observables::jsonb, @Links, @Language, @AuthorId, @Author, @FromItem, @Now, @Now, @Tlp, @Pap, @Exercise)
        """;

    private const string Point =
        $"""
        update watch.items m
        set state = 'advisory', advisory_id = @Advisory, decided_by = @By, decided_at = @Now
        where m.id = @Item and m.advisory_id is null and {Visible.Rows}
        """;

    public override Permission Permission => Permissions.WriteAdvisories;

    protected override async Task<Outcome<AdvisoryCreated>> HandleAsync(Work work, AdvisoryToCreate request, CancellationToken cancel)
    {
        var fields = request.Fields.Tidy();
        var faults = fields.Faults().ToList();
        if (faults.Count > 0)
            return Outcome<AdvisoryCreated>.Refused(faults);
        var id = AdvisoryId.New();
        var last = await work.FindAsync<int>(NextNumber, new { work.Now.Year }, cancel);
        var number = string.Create(CultureInfo.InvariantCulture, $"ADV-{work.Now.Year}-{last:0000}");
        await work.ExecuteAsync(
            Insert,
            new
            {
                Id = id.Value,
                Number = number,
                fields.Title,
                Severity = (short)fields.Severity,
                fields.Summary,
                fields.Body,
                Cves = fields.Cves.ToArray(),
                Observables = JsonSerializer.Serialize(fields.Observables, OutboxJson.Options),
                Links = fields.Links.ToArray(),
                fields.Language,
                AuthorId = work.Viewer.Id.Value,
                Author = work.Viewer.Name,
                request.FromItem,
                work.Now,
                Tlp = (short)fields.Tlp,
                Pap = (short)fields.Pap,
                fields.Exercise,
            },
            cancel);
        if (request.FromItem is { } item && await work.ExecuteAsync(Point, Visible.With(work.Viewer, new { Advisory = id.Value, By = work.Viewer.Name, work.Now, Item = item }), cancel) == 0)
            return Refuse.Conflict("watch.refused.item-taken");
        work.Audit("watch.advisory.created", $"advisory/{id}", new { Number = number });
        return new AdvisoryCreated(id, number);
    }
}
