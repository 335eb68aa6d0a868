using System.Globalization;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Mail;

/// <summary>Health of outgoing mail: nothing held, failed or late.</summary>
internal sealed class MailOutProbe(Database database, IOptionsMonitor<MailOptions> options, TimeProvider time) : IHealthProbe
{
    private const string Counts =
        """
        select count(*) filter (where state = 'held') as held,
               count(*) filter (where state = 'failed' and settled_at > @Day) as failed,
               count(*) filter (where state in ('queued', 'unknown') and due_at < @Hour) as late
        from kernel.mail_recipients
        where state <> 'sent'
        """;

    public string Name => "kernel.mail-out";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var counts = (await database.FindAsync<CountRow>(Counts, new { Day = now.AddDays(-1), Hour = now.AddHours(-1) }, cancel))!;
        var value = string.Create(CultureInfo.InvariantCulture, $"{counts.Held} held, {counts.Failed} failed, {counts.Late} late");
        var state = options.CurrentValue.Sendmail.Length == 0 || counts.Held + counts.Failed + counts.Late > 0 ? HealthState.Degraded : HealthState.Good;
        return new(state, value, "0", counts.Held, counts.Failed, counts.Late) { ValueKey = "kernel.mail-out.value" };
    }

    private sealed record CountRow(long Held, long Failed, long Late);
}

/// <summary>Health of incoming mail: the maildir can be read, nothing waits, little is quarantined.</summary>
internal sealed class MailInProbe(Database database, IOptionsMonitor<MailOptions> options, TimeProvider time) : IHealthProbe
{
    private const string Counts =
        """
        -- every row: a health check counts, it shows no message
        select count(*) filter (where state = 'stored' and received_at < @Minutes) as waiting,
               count(*) filter (where state = 'quarantined' and received_at > @Day) as quarantined
        from kernel.mail_in
        where state <> 'parsed'
        """;

    public string Name => "kernel.mail-in";

    public async Task<HealthReading> ReadAsync(CancellationToken cancel)
    {
        var folder = options.CurrentValue.Maildir;
        if (folder.Length == 0)
            return new(HealthState.Degraded, "not set", "", "-") { ValueKey = "kernel.mail-in.unset" };
        if (!Directory.Exists(Path.Combine(folder, "new")))
            return new(HealthState.Failed, "no maildir", "", folder) { ValueKey = "kernel.mail-in.missing" };
        var now = time.GetUtcNow();
        var counts = (await database.FindAsync<CountRow>(Counts, new { Day = now.AddDays(-1), Minutes = now.AddMinutes(-5) }, cancel))!;
        var state = counts.Waiting > 0 ? HealthState.Failed : counts.Quarantined > 0 ? HealthState.Degraded : HealthState.Good;
        var value = string.Create(CultureInfo.InvariantCulture, $"{counts.Waiting} waiting, {counts.Quarantined} quarantined");
        return new(state, value, "0", folder, counts.Waiting, counts.Quarantined) { ValueKey = "kernel.mail-in.value" };
    }

    private sealed record CountRow(long Waiting, long Quarantined);
}
