using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Notices;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Handover;

/// <summary>What the next shift must know.</summary>
/// <param name="Text">In the team's own words, Markdown; at most 20,000 characters.</param>
/// <param name="Incidents">The incidents that go on, at most 100.</param>
internal sealed record HandoverText(string Text, IReadOnlyList<Guid> Incidents);

/// <summary>
/// Writes a handover down and tells everybody who may take it over. It is marked TLP:AMBER+STRICT, for it is the team's own; the incidents keep their own markings, so that each reader sees only theirs.
/// </summary>
internal sealed class HandOver(Database database, IStaff staff) : Act<HandoverText, Guid>(database)
{
    internal const string DeleteOld = "delete from ticketing.handovers where id in (select id from ticketing.handovers where at < @before limit 1000)";

    private const int Longest = 20_000;

    private const int Most = 100;

    private const string Insert =
        """
        insert into ticketing.handovers (id, at, by_id, by_name, text, tlp, pap, exercise)
        values (@Id, @Now, @By, @Name, @Text, @Tlp, @Pap, false)
        """;

    private const string Point =
        $"""
        insert into ticketing.handover_incidents (handover_id, incident_id)
        select @Id, m.id from ticketing.incidents m where m.id = any(@Incidents) and {Visible.RowsOfConstituents}
        """;

    public override Permission Permission => Permissions.HandOver;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, HandoverText request, CancellationToken cancel)
    {
        var text = (request.Text ?? "").Trim();
        Guid[] incidents = [.. (request.Incidents ?? []).Distinct()];
        if (text.Length == 0 && incidents.Length == 0)
            return Refuse.Invalid("ticketing.refused.handover-empty", nameof(request.Text));
        if (text.Length > Longest)
            return Refuse.Invalid("ticketing.refused.text-long", nameof(request.Text), Longest);
        if (incidents.Length > Most)
            return Refuse.Invalid("ticketing.refused.handover-many", nameof(request.Incidents), Most);
        var id = Guid.CreateVersion7();
        var own = new { Id = id, work.Now, By = work.Viewer.Id.Value, work.Viewer.Name, Text = text, Tlp = (short)Tlp.AmberStrict, Pap = (short)Pap.Amber };
        await work.ExecuteAsync(Insert, own, cancel);
        if (await work.ExecuteAsync(Point, Visible.With(work.Viewer, new { Id = id, Incidents = incidents }), cancel) != incidents.Length)
            return Refuse.NotFound("ticketing.refused.no-incident");
        work.Audit("ticketing.shift.handed-over", $"handover/{id}", new { incidents });
        var colleagues = await staff.WhoMayAsync(work.Viewer, Permissions.HandOver, cancel);
        await work.TellAsync(colleagues.Where(c => c.ReadsUpTo >= Tlp.AmberStrict).Select(c => new NewNotice(c.Id, "ticketing.notice.handed-over", $"handover/{id}", "/tickets/handover")), cancel);
        return id;
    }
}
