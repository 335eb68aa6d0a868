using System.Globalization;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Backup;

/// <summary>How long ago a backup was last read through and found whole: one that nobody ever opened is a hope. An installation younger than that may lack it.</summary>
internal sealed class BackupCheckProbe(Database database, TimeProvider time) : IHealthProbe
{
    private const int Days = 90;

    private const string Look =
        """
        select (select max(at) from kernel.backup_checks where whole) as read, (select min(applied_at) from migrations.applied) as installed
        """;

    public string Name => "kernel.health.backup-check";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var row = (await database.FindAsync<Row>(Look, null, cancel))!;
        var now = time.GetUtcNow();
        var days = (int)(now - (row.Read ?? row.Installed ?? now)).TotalDays;
        var state = days >= Days ? HealthState.Degraded : HealthState.Good;
        return row.Read is null
            ? new(state, "none yet", $"{Days} d", days) { ValueKey = "kernel.health.backup.none" }
            : new(state, string.Create(CultureInfo.InvariantCulture, $"{days} d"), $"{Days} d", days);
    }

    private sealed class Row
    {
        public DateTimeOffset? Read { get; set; }

        public DateTimeOffset? Installed { get; set; }
    }
}
