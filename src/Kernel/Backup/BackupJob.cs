using System.Globalization;
using Appliance.Contracts;
using Quartz;

namespace Appliance.Kernel.Backup;

/// <summary>The nightly backup, where a folder is named for it: writes one, then removes its own oldest beyond the number to keep.</summary>
internal sealed class BackupJob(MakeBackup make, KernelOptions options, TimeProvider time) : IJob
{
    private const string Extension = ".cirt-backup";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        if (options.Backup.Folder.Length == 0)
        {
            context.Result = "no folder is named for backups (kernel:backup:folder)";
            return;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"cirt-{time.GetUtcNow():yyyyMMdd-HHmmss}{Extension}");
        var (summary, took) = await make.RunAsync(Viewer.System("kernel"), Path.Combine(options.Backup.Folder, name), cancellationToken);
        // Names carry the time, so their order is the order of age.
        foreach (var old in Directory.GetFiles(options.Backup.Folder, "cirt-*" + Extension).OrderDescending(StringComparer.Ordinal).Skip(options.Backup.Keep))
            File.Delete(old);
        if (summary.Lost.Count > 0)
            throw new JobExecutionException($"{name} was written, but these stored files are lost on this machine: {string.Join("; ", summary.Lost.Take(5))}");
        context.Result = string.Create(CultureInfo.InvariantCulture, $"{name}: {summary.Bytes} bytes in {took.TotalSeconds:0.0} s");
    }
}
