using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Backup;

/// <summary>Has a backup written now, away from the page.</summary>
internal sealed class OrderBackup(Database database, DataFolder data, BackupDesk desk) : Act<Done, Done>(database)
{
    public override Permission Permission => KernelPermissions.ManageBackups;

    protected override Task<Outcome<Done>> HandleAsync(Work work, Done request, CancellationToken cancel)
    {
        if (RecoveryKey.Recipient(data) is null)
            return Task.FromResult<Outcome<Done>>(Refuse.Conflict("kernel.backup.no-key"));
        if (!desk.Order(new(work.Viewer)))
            return Task.FromResult<Outcome<Done>>(Refuse.Conflict("kernel.backup.busy"));
        work.Audit("kernel.backup.ordered", "appliance");
        return Task.FromResult<Outcome<Done>>(default(Done));
    }
}

/// <summary>Which backup to read through, with the key from the card.</summary>
/// <param name="Backup">Its id.</param>
/// <param name="Key">The line of the card, or the whole card.</param>
internal sealed record BackupToCheck(Guid Backup, string Key)
{
    public override string ToString() => $"backup {Backup}";
}

/// <summary>Has a backup read from the first byte to the last, away from the page. The key is used once and kept nowhere.</summary>
internal sealed class CheckBackup(Database database, BackupFolder folder, BackupDesk desk) : Act<BackupToCheck, Done>(database)
{
    private const string Find = "select file from kernel.backups where id = @Id";

    public override Permission Permission => KernelPermissions.ManageBackups;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, BackupToCheck request, CancellationToken cancel)
    {
        if (AgeProgram.FindSecret(request.Key ?? "") is not { } secret)
            return Refuse.Invalid("kernel.backup.not-a-key", "key");
        if (await work.FindAsync<string>(Find, new { Id = request.Backup }, cancel) is not { } noted || folder.Find(noted) is not { } file)
            return Refuse.NotFound("kernel.backup.gone");
        if (!desk.Order(new(work.Viewer, request.Backup, file, secret)))
            return Refuse.Conflict("kernel.backup.busy");
        work.Audit("kernel.backup.check-ordered", $"backup/{request.Backup}");
        return default(Done);
    }
}

/// <summary>A new key, shown once.</summary>
/// <param name="Recipient">The half that stays.</param>
/// <param name="Secret">The half that opens backups.</param>
internal sealed record NewRecoveryKey(string Recipient, string Secret)
{
    public override string ToString() => Recipient;
}

/// <summary>Makes the recovery key; with the request true, another one in its place.</summary>
internal sealed class MakeRecoveryKey(Database database, DataFolder data) : Act<bool, NewRecoveryKey>(database)
{
    public override Permission Permission => KernelPermissions.ManageBackups;

    protected override async Task<Outcome<NewRecoveryKey>> HandleAsync(Work work, bool request, CancellationToken cancel)
    {
        if (!request && RecoveryKey.Recipient(data) is not null)
            return Refuse.Conflict("kernel.backup.key-known");
        var (recipient, secret) = await AgeProgram.NewPairAsync(cancel);
        work.Audit("kernel.backup.key-made", "appliance", new { replaced = request });
        return new NewRecoveryKey(recipient, secret);
    }

    protected override Task CommittedAsync(bool request, NewRecoveryKey answer, CancellationToken cancel) => RecoveryKey.KeepAsync(data, answer.Recipient, cancel);
}
