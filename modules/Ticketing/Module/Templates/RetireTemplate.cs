using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;

namespace Appliance.Ticketing.Templates;

/// <summary>A template that is out of use, or in use again.</summary>
internal sealed record TemplateRetirement(Guid Template, bool Retired = true);

/// <summary>Takes a template out of use, or back into it. What was opened from it stays.</summary>
internal sealed class RetireTemplate(Database database) : Act<TemplateRetirement, Done>(database)
{
    private const string Update = "update ticketing.templates set retired_at = case when @Retired then @Now end, changed_at = @Now, changed_by = @By where id = @Template";

    public override Permission Permission => Permissions.Playbooks;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, TemplateRetirement request, CancellationToken cancel)
    {
        if (await work.FindAsync<TemplateRow>(TemplateRow.ForChange, Visible.With(work.Viewer, new { request.Template }), cancel) is not { } found)
            return Refuse.NotFound("ticketing.refused.no-template");
        if (found.RetiredAt is not null == request.Retired)
            return Refuse.Conflict("ticketing.refused.same", found.Name);
        await work.ExecuteAsync(Update, new { request.Template, request.Retired, work.Now, By = work.Viewer.Name }, cancel);
        work.Audit(request.Retired ? "ticketing.template.retired" : "ticketing.template.restored", $"template/{request.Template}", new { found.Version });
        return default(Done);
    }
}
