using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Notices;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Handover;

/// <summary>Which handover is taken over.</summary>
/// <param name="Handover">Its id.</param>
/// <param name="Answer">A question or a word back, at most 2,000 characters; may be empty.</param>
internal sealed record HandoverAccepted(Guid Handover, string Answer = "");

/// <summary>Takes a handover over, once, by somebody else than who wrote it; the writer is told.</summary>
internal sealed class AcceptHandover(Database database) : Act<HandoverAccepted, Done>(database)
{
    private const int Longest = 2000;

    private const string Find = $"select m.by_id, m.accepted_name from ticketing.handovers m where m.id = @Id and {Visible.Rows} for update";

    private const string Accept = "update ticketing.handovers set accepted_at = @Now, accepted_by = @By, accepted_name = @Name, answer = @Answer where id = @Id";

    public override Permission Permission => Permissions.HandOver;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, HandoverAccepted request, CancellationToken cancel)
    {
        var answer = (request.Answer ?? "").Trim();
        if (answer.Length > Longest)
            return Refuse.Invalid("ticketing.refused.text-long", nameof(request.Answer), Longest);
        if (await work.FindAsync<Row>(Find, Visible.With(work.Viewer, new { Id = request.Handover }), cancel) is not { } row)
            return Refuse.NotFound("ticketing.refused.no-handover");
        if (row.AcceptedName is { } known)
            return Refuse.Conflict("ticketing.refused.handover-taken", known);
        if (row.ById == work.Viewer.Id.Value)
            return Refuse.Conflict("ticketing.refused.handover-own");
        await work.ExecuteAsync(Accept, new { Id = request.Handover, work.Now, By = work.Viewer.Id.Value, work.Viewer.Name, Answer = answer }, cancel);
        work.Audit("ticketing.shift.taken-over", $"handover/{request.Handover}");
        await work.TellAsync([new NewNotice(new(row.ById), "ticketing.notice.taken-over", $"handover/{request.Handover}", "/tickets/handover")], cancel);
        return default(Done);
    }

    private sealed class Row
    {
        public Guid ById { get; init; }

        public string? AcceptedName { get; init; }
    }
}
