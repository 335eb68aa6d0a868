using System.Globalization;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Backup;

/// <summary>How old the newest backup is; an installation younger than a week may have none yet.</summary>
internal sealed class BackupProbe(Database database, TimeProvider time) : IHealthProbe
{
    private const int Days = 7;

    private const string Look =
        """
        select (select max(made_at) from kernel.backups) as made, (select min(applied_at) from migrations.applied) as installed
        """;

    public string Name => "kernel.health.backup";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var row = (await database.FindAsync<Row>(Look, null, cancel))!;
        var now = time.GetUtcNow();
        var since = row.Made ?? row.Installed ?? now;
        var days = (int)(now - since).TotalDays;
        var state = days >= Days ? HealthState.Degraded : HealthState.Good;
        return row.Made is null
            ? new(state, "none yet", $"{Days} d", days) { ValueKey = "kernel.health.backup.none" }
            : new(state, string.Create(CultureInfo.InvariantCulture, $"{days} d"), $"{Days} d", days);
    }

    private sealed class Row
    {
        public DateTimeOffset? Made { get; set; }

        public DateTimeOffset? Installed { get; set; }
    }
}
