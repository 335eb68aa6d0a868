using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Appliance.Ticketing.Notices;
using Quartz;

namespace Appliance.Ticketing.Evidence;

/// <summary>A file that is to be destroyed.</summary>
internal sealed record DestroyRequest(Guid Evidence, string Reason);

/// <summary>Destroys a file: its key is erased at once, which leaves noise, and the noise leaves the store within a day. Name, hashes and custody stay.</summary>
internal sealed class DestroyEvidence(Database database, FileStore files) : Act<DestroyRequest, Done>(database)
{
    private const string Erase = "update ticketing.evidence m set stored = null, sealed_key = null, destroyed_at = @Now where m.id = @Id";

    public override Permission Permission => Permissions.Destroy;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, DestroyRequest request, CancellationToken cancel)
    {
        var reason = KeepEvidence.Line(request.Reason);
        if (reason.Length is < 5 or > KeepEvidence.LongestNote)
            return Refuse.Invalid("ticketing.refused.evidence-reason", nameof(request.Reason), KeepEvidence.LongestNote);
        if (await EvidenceRow.LockAsync(work, request.Evidence, cancel) is not { } row)
            return Refuse.NotFound("ticketing.refused.no-evidence");
        if (row.DestroyedAt is not null)
            return Refuse.Conflict("ticketing.refused.evidence-destroyed", row.Label);
        await RunAsync(work, files, row, reason, cancel);
        return default(Done);
    }

    internal static async Task RunAsync(Work work, FileStore files, EvidenceRow row, string reason, CancellationToken cancel)
    {
        await files.DisownAsync(work, EvidenceVault.OwnerOf(row.Id), null, cancel);
        await work.ExecuteAsync(Erase, new { row.Id, work.Now }, cancel);
        await Custody.AddAsync(work, row, "destroyed", "", reason, cancel);
        await Custody.TellAsync(work, row, "destroyed", cancel);
    }
}

/// <summary>Every night: what was kept for incidents that have been closed for longer than the setting says is destroyed, and files of messages that nobody sent within a week leave.</summary>
[DisallowConcurrentExecution]
internal sealed class DestroyOldJob(Database database, FileStore files, TicketingOptions options) : IJob
{
    private const string Due =
        """
        -- every row: what is kept is destroyed by age alone, no person sees the result
        select m.id
        from ticketing.evidence m
        join ticketing.incidents i on i.id = m.incident_id
        join ticketing.incidents r on r.id = coalesce(i.root_id, i.id)
        where m.destroyed_at is null and r.closed_at < @Before
        order by r.closed_at, m.id
        limit 200
        """;

    private const string Forgotten =
        """
        -- every row: drafts that nobody sent leave by age alone
        select m.id from ticketing.notice_files m where m.added_at < @Before limit 200
        """;

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await RunAsync(cancellationToken);

    /// <summary>One round; answers how many were destroyed.</summary>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("ticketing"), cancel);
        foreach (var file in await work.QueryAsync<Guid>(Forgotten, new { Before = work.Now.AddDays(-7) }, cancel))
            await DetachFile.DropAsync(work, files, file, cancel);
        if (options.EvidenceDaysAfterClose == 0)
        {
            await work.CommitAsync(cancel);
            return 0;
        }
        var count = 0;
        foreach (var id in await work.QueryAsync<Guid>(Due, new { Before = work.Now.AddDays(-options.EvidenceDaysAfterClose) }, cancel))
        {
            if (await EvidenceRow.LockAsync(work, id, cancel) is not { DestroyedAt: null } row)
                continue;
            await DestroyEvidence.RunAsync(work, files, row, $"closed for {options.EvidenceDaysAfterClose} days", cancel);
            count++;
        }
        await work.CommitAsync(cancel);
        return count;
    }
}
