using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Playbooks;

/// <summary>A playbook that is out of use, or in use again.</summary>
internal sealed record RetireRequest(Guid Playbook, bool Retired = true);

/// <summary>Takes a playbook out of use, or back into it: it is neither suggested nor started then. Its versions and the tasks that came from it stay.</summary>
internal sealed class RetirePlaybook(Database database) : Act<RetireRequest, Done>(database)
{
    private const string Update = "update ticketing.playbooks set retired_at = case when @Retired then @Now end, changed_at = @Now, changed_by = @By where id = @Playbook";

    public override Permission Permission => Permissions.Playbooks;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, RetireRequest request, CancellationToken cancel)
    {
        if (await PlaybookShelf.LockAsync(work, request.Playbook, cancel) is not { } found)
            return Refuse.NotFound("ticketing.refused.no-playbook");
        if (found.RetiredAt is not null == request.Retired)
            return Refuse.Conflict("ticketing.refused.same", InLanguage.Of(found.Fields.Names));
        await work.ExecuteAsync(Update, new { request.Playbook, request.Retired, work.Now, By = work.Viewer.Name }, cancel);
        work.Audit(request.Retired ? "ticketing.playbook.retired" : "ticketing.playbook.restored", $"playbook/{request.Playbook}", new { found.Version });
        return default(Done);
    }
}
