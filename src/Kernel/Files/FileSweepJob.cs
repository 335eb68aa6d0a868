using System.Globalization;
using Quartz;

namespace Appliance.Kernel.Files;

/// <summary>Deletes files that nobody owns any more.</summary>
internal sealed class FileSweepJob(FileStore files) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var total = 0;
        for (var swept = 1; swept > 0; total += swept)
            swept = await files.SweepAsync(cancellationToken);
        context.Result = string.Create(CultureInfo.InvariantCulture, $"{total} files");
    }
}
