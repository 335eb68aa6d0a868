using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Notices;
using Appliance.Kernel.Permissions;

namespace Appliance.Watch.Advisories;

/// <summary>An advisory in the version that the viewer sees.</summary>
internal sealed record AdvisoryStep(AdvisoryId Id, int Version, string Reason = "");

/// <summary>One step of the way from draft to published: from a state to the next, in the version that the person saw.</summary>
internal abstract class AdvisoryStepAct(Database database) : Act<AdvisoryStep, Done>(database)
{
    /// <summary>States it may start from.</summary>
    protected abstract IReadOnlyList<string> From { get; }

    protected abstract string Update { get; }

    protected abstract string AuditWord { get; }

    /// <summary>True where those who wrote it are told that a colleague took this step.</summary>
    protected virtual bool TellsAuthors => true;

    /// <summary>More that must hold; null when it does.</summary>
    protected virtual IReadOnlyList<Refusal> Check(Work work, AdvisoryRow row, AdvisoryStep request) => [];

    protected override async Task<Outcome<Done>> HandleAsync(Work work, AdvisoryStep request, CancellationToken cancel)
    {
        var row = await work.FindAsync<AdvisoryRow>(AdvisoryRow.Find, Visible.With(work.Viewer, new { Id = request.Id.Value }), cancel);
        if (row is null)
            return Refuse.NotFound("watch.refused.no-advisory");
        if (row.Version != request.Version)
            return Refuse.Changed("watch.refused.advisory-changed", row.Number);
        if (!From.Contains(row.State))
            return Refuse.Conflict("watch.refused.advisory-state", row.Number);
        var faults = Check(work, row, request);
        if (faults.Count > 0)
            return Outcome<Done>.Refused(faults);
        await work.ExecuteAsync(Update, new { Id = row.Id, By = work.Viewer.Name, ById = work.Viewer.Id.Value, Reason = request.Reason.Trim(), work.Now }, cancel);
        work.Audit($"watch.advisory.{AuditWord}", $"advisory/{request.Id}", new { row.Number, row.Version });
        if (TellsAuthors)
            await work.TellAsync(row.Editors.Append(row.AuthorId).Distinct().Select(a => new NewNotice(new(a), $"watch.notice.{AuditWord}", $"advisory/{request.Id}", $"/watch/advisories/{row.Number}", row.Number)), cancel);
        return default(Done);
    }

    protected static IReadOnlyList<Refusal> NeedsReason(AdvisoryStep request) =>
        request.Reason.Trim().Length is 0 or > 1_000 ? [Refuse.Invalid("watch.refused.reason", nameof(request.Reason), 1_000)] : [];
}

/// <summary>Asks a colleague to read it.</summary>
internal sealed class SubmitAdvisory(Database database) : AdvisoryStepAct(database)
{
    public override Permission Permission => Permissions.WriteAdvisories;

    protected override IReadOnlyList<string> From => ["draft"];

    protected override string Update => "update watch.advisories set state = 'review', submitted_at = @Now, returned_reason = null, version = version + 1, changed_at = @Now where id = @Id";

    protected override string AuditWord => "submitted";

    protected override bool TellsAuthors => false;

    protected override IReadOnlyList<Refusal> Check(Work work, AdvisoryRow row, AdvisoryStep request) => [.. row.Fields().Missing()];
}

/// <summary>A second person says that it may go out. Whoever wrote any of it cannot.</summary>
internal sealed class ApproveAdvisory(Database database) : AdvisoryStepAct(database)
{
    public override Permission Permission => Permissions.ApproveAdvisories;

    protected override IReadOnlyList<string> From => ["review"];

    protected override string Update => "update watch.advisories set state = 'approved', approved_by = @By, approved_by_id = @ById, approved_at = @Now, version = version + 1, changed_at = @Now where id = @Id";

    protected override string AuditWord => "approved";

    protected override IReadOnlyList<Refusal> Check(Work work, AdvisoryRow row, AdvisoryStep request) =>
        row.IsWrittenBy(work.Viewer.Id) ? [Refuse.Forbidden("watch.refused.own-advisory", row.Number)] : [];
}

/// <summary>Gives it back to its author with a reason.</summary>
internal sealed class ReturnAdvisory(Database database) : AdvisoryStepAct(database)
{
    public override Permission Permission => Permissions.ApproveAdvisories;

    protected override IReadOnlyList<string> From => ["review", "approved"];

    protected override string Update =>
        "update watch.advisories set state = 'draft', submitted_at = null, approved_by = null, approved_by_id = null, approved_at = null, returned_reason = @Reason, version = version + 1, changed_at = @Now where id = @Id";

    protected override string AuditWord => "returned";

    protected override IReadOnlyList<Refusal> Check(Work work, AdvisoryRow row, AdvisoryStep request) => NeedsReason(request);
}

/// <summary>Takes it back, published or not. It stays readable with the reason.</summary>
internal sealed class WithdrawAdvisory(Database database) : AdvisoryStepAct(database)
{
    public override Permission Permission => Permissions.PublishAdvisories;

    protected override IReadOnlyList<string> From => ["draft", "review", "approved", "published"];

    protected override string Update => "update watch.advisories set state = 'withdrawn', withdrawn_at = @Now, withdrawn_reason = @Reason, version = version + 1, changed_at = @Now where id = @Id";

    protected override string AuditWord => "withdrawn";

    protected override IReadOnlyList<Refusal> Check(Work work, AdvisoryRow row, AdvisoryStep request) => NeedsReason(request);
}
