using System.Globalization;
using Appliance.Contracts;
using Quartz;

namespace Appliance.Kernel.Backup;

/// <summary>The nightly backup, where a folder is named for it: writes one, then removes its own oldest beyond the number to keep.</summary>
internal sealed class BackupJob(MakeBackup make, BackupFolder folder) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        if (!folder.IsNamed)
        {
            context.Result = "no folder is named for backups (kernel:backup:folder)";
            return;
        }

        var file = folder.NewFile();
        var (summary, took) = await make.RunAsync(Viewer.System("kernel"), file, cancellationToken);
        folder.Trim();
        if (summary.Lost.Count > 0)
            throw new JobExecutionException($"{Path.GetFileName(file)} was written, but these stored files are lost on this machine: {string.Join("; ", summary.Lost.Take(5))}");
        context.Result = string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file)}: {summary.Bytes} bytes in {took.TotalSeconds:0.0} s");
    }
}
