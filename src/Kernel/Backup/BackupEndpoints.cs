using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Backup;

/// <summary>Backups over <c>/api/v1/kernel/backups</c>. The recovery key is made and used on the page or the machine alone.</summary>
internal static class BackupEndpoints
{
    public static void Describe(IModuleBuilder builder) => builder
        .Endpoint("GET", "backups", KernelPermissions.ManageBackups, (Viewer viewer, ShowBackups show, CancellationToken cancel) => show.RunAsync(viewer, default, cancel))
        .Endpoint("POST", "backups", KernelPermissions.ManageBackups, (Viewer viewer, OrderBackup order, CancellationToken cancel) => order.RunAsync(viewer, default, cancel))
        .Endpoint("GET", "backups/{id:guid}/file", KernelPermissions.ManageBackups, FileAsync);

    private static async Task<object> FileAsync(Viewer viewer, TakeBackup take, Guid id, CancellationToken cancel)
    {
        var outcome = await take.RunAsync(viewer, id, cancel);
        // Encrypted to a key that is not here: what is taken along opens nowhere without the card.
        return outcome.TryGet(out var file)
            ? FileDownload.Answer(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan), Path.GetFileName(file))
            : outcome;
    }
}

/// <summary>Gives a backup out, and notes who took it.</summary>
internal sealed class TakeBackup(Database database, BackupFolder folder) : Act<Guid, string>(database)
{
    private const string Find = "select file from kernel.backups where id = @Id";

    public override Permission Permission => KernelPermissions.ManageBackups;

    protected override async Task<Outcome<string>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await work.FindAsync<string>(Find, new { Id = request }, cancel) is not { } noted || folder.Find(noted) is not { } file)
            return Refuse.NotFound("kernel.backup.gone");
        work.Audit("kernel.backup.taken", $"backup/{request}");
        return file;
    }
}
