using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Appliance.Kernel.Mail;

/// <summary>Hands queued messages over, one recipient at a time: journalled and committed before, settled after.</summary>
/// <remarks>
/// A recipient found journalled but unsettled at start is of unknown outcome: it is shown as such and repeated with the same bytes and Message-ID, which lets
/// the other side drop the second copy.
/// </remarks>
internal sealed class MailSender(Database database, IOptionsMonitor<MailOptions> options, TimeProvider time, ILogger<MailSender> log) : BackgroundService
{
    private const string Claim =
        """
        -- every row: the sender takes the next recipient in line, approved before it was queued
        update kernel.mail_recipients r
        set handing_since = @Now, tries = r.tries + 1
        from kernel.mail_out o, kernel.mail_raw w
        where o.id = r.mail_id and w.sha256 = o.sha256 and (r.mail_id, r.address) = (
            select c.mail_id, c.address
            from kernel.mail_recipients c
            where c.state in ('queued', 'unknown') and c.due_at <= @Now and c.handing_since is null
            order by c.due_at
            limit 1
            for update skip locked)
        returning r.mail_id, r.address, r.tries, o.sender, o.about, o.created_at, w.bytes, o.tlp, o.pap, o.exercise, o.named
        """;

    private const string Settle =
        """
        update kernel.mail_recipients
        set state = @State, handing_since = null, due_at = @Due, settled_at = @Settled, reason = @Reason
        where mail_id = @MailId and address = @Address
        """;

    private const string Interrupted =
        """
        -- every row: whatever was being handed over when the host stopped
        update kernel.mail_recipients r
        set state = 'unknown', handing_since = null, due_at = @Due, reason = 'stopped while it was handed over'
        from kernel.mail_out o
        where o.id = r.mail_id and r.handing_since is not null
        returning r.mail_id, r.address, r.tries, o.about, o.created_at, o.tlp, o.pap, o.exercise, o.named
        """;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var recovered = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!recovered)
                    await RecoverAsync(stoppingToken);
                recovered = true;
                while (await SendOneAsync(stoppingToken))
                {
                }
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
            {
                KernelLog.MailInterrupted(log, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Marks what an earlier process left unsettled. One host works on a database, so nothing found here is still under way.</summary>
    public async Task<int> RecoverAsync(CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
        var rows = await work.QueryAsync<SendRow>(Interrupted, new { Due = work.Now }, cancel);
        foreach (var row in rows)
        {
            KernelLog.MailOutcomeUnknown(log, row.MailId);
            work.Publish(row.Changed("unknown"));
        }
        await work.CommitAsync(cancel);
        return rows.Count;
    }

    /// <summary>Hands one due message over; false when none is due. Public for tests that step.</summary>
    public async Task<bool> SendOneAsync(CancellationToken cancel)
    {
        var settings = options.CurrentValue;
        if (settings.Sendmail.Length == 0)
            return false;
        SendRow? row;
        await using (var claim = await database.BeginAsync(Viewer.System("kernel"), cancel))
        {
            row = await claim.FindAsync<SendRow>(Claim, new { claim.Now }, cancel);
            if (row is null)
                return false;
            await claim.CommitAsync(cancel);
        }
        var result = await SendmailProgram.RunAsync(settings, row.Sender, row.Address, row.Bytes, cancel);
        // The outcome is written even when the host is stopping: it is known now and would be unknown later.
        await SettleAsync(row, result, settings, CancellationToken.None);
        cancel.ThrowIfCancellationRequested();
        return true;
    }

    private async Task SettleAsync(SendRow row, HandOver result, MailOptions settings, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
        var old = work.Now - row.CreatedAt > TimeSpan.FromHours(settings.GiveUpHours);
        var state = result.Kind switch
        {
            HandOverKind.Taken => "sent",
            HandOverKind.Refused => "failed",
            HandOverKind.Unknown => old ? "failed" : "unknown",
            _ => old ? "failed" : "queued",
        };
        var due = work.Now + Wait(row.Tries);
        await work.ExecuteAsync(Settle, new { row.MailId, row.Address, State = state, Due = due, Settled = state is "sent" or "failed" ? work.Now : (DateTimeOffset?)null, result.Reason }, cancel);
        work.Publish(row.Changed(state));
        await work.CommitAsync(cancel);
        Instruments.MailHandedOver(state);
        if (state != "sent")
            KernelLog.MailNotSent(log, row.MailId, row.Tries, state);
    }

    /// <summary>30 s, doubled with each try, at most two hours.</summary>
    internal static TimeSpan Wait(int tries) => TimeSpan.FromSeconds(Math.Min(7200, 30 * Math.Pow(2, Math.Max(0, tries - 1))));

    private sealed class SendRow : MailStore.MarkedRow
    {
        public Guid MailId { get; set; }

        public string Address { get; set; } = "";

        public int Tries { get; set; }

        public string Sender { get; set; } = "";

        public string About { get; set; } = "";

        public DateTimeOffset CreatedAt { get; set; }

        public byte[] Bytes { get; set; } = [];

        public MailStateChanged Changed(string state) => new() { Mail = new(MailId), Subject = About, Recipient = Address, State = state, Marking = Marking() };
    }
}
