using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Appliance.Kernel.Data;
using Appliance.Kernel.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Webhooks;

/// <summary>Tells webhooks what happened, through the one way out, each delivery until it is taken or given up after a day. A claim lasts two minutes, so that a killed host repeats what it did not note.</summary>
internal sealed class WebhookSender(Database database, OutgoingHttp http, WebhookSecrets secrets, TimeProvider time, ILogger<WebhookSender> log) : BackgroundService
{
    private const string Claim =
        """
        update kernel.webhook_deliveries d
        set due_at = @Lease, tries = d.tries + 1
        from kernel.webhooks w
        where w.id = d.webhook_id and d.id in (
            select c.id from kernel.webhook_deliveries c
            join kernel.webhooks a on a.id = c.webhook_id and a.active
            where c.state = 'waiting' and c.due_at <= @Now
            order by c.due_at
            limit 20
            for update of c skip locked)
        returning d.id, d.name, d.body, d.tries, w.url, w.secret, w.old_secret, w.old_until
        """;

    private const string Note =
        """
        update kernel.webhook_deliveries
        set state = @State, status = @Status, answer = @Answer, due_at = @Due, done_at = case when @State = 'waiting' then null else @Now end
        where id = @Id
        """;

    private static readonly TimeSpan[] s_waits =
        [TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6), TimeSpan.FromHours(15)];

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RoundAsync(stoppingToken) > 0)
                    continue;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (DatabaseTrouble.Is(fault))
            {
                KernelLog.WebhooksInterrupted(log, fault.Message);
            }
            await Task.Delay(s_pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Tells what is due, four at a time; answers how many there were.</summary>
    internal async Task<int> RoundAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var due = await database.QueryAsync<DueRow>(Claim, new { Now = now, Lease = now.AddMinutes(2) }, cancel);
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancel }, async (row, token) => await TellAsync(row, token));
        return due.Count;
    }

    private async Task TellAsync(DueRow row, CancellationToken cancel)
    {
        var (status, answer) = await SendAsync(row, cancel);
        var now = time.GetUtcNow();
        var taken = status is >= 200 and < 300;
        var last = row.Tries > s_waits.Length;
        await database.ExecuteAsync(
            Note,
            new { row.Id, State = taken ? "delivered" : last ? "failed" : "waiting", Status = status, Answer = Cut(answer), Due = taken || last ? now : now + s_waits[row.Tries - 1], Now = now },
            cancel);
    }

    private async Task<(int? Status, string Answer)> SendAsync(DueRow row, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, row.Url) { Content = new StringContent(row.Body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        request.Headers.Add("Cirt-Event", row.Name);
        request.Headers.Add("Cirt-Delivery", row.Id.ToString());
        try
        {
            var now = time.GetUtcNow();
            string[] keys = row.OldUntil > now && row.OldSecret is { } old ? [secrets.Unprotect(row.Secret), secrets.Unprotect(old)] : [secrets.Unprotect(row.Secret)];
            request.Headers.Add("Cirt-Signature", WebhookSecrets.Sign(keys, now, row.Body));
            await using var answer = await http.SendAsync(request, new(64 * 1024) { Time = TimeSpan.FromSeconds(15), Redirects = false }, cancel);
            return ((int)answer.Response.StatusCode, Encoding.UTF8.GetString(await answer.ReadAllAsync()));
        }
        catch (Exception fault) when (fault is HttpRequestException or TimeoutException or IOException)
        {
            return (null, fault.Message);
        }
        catch (CryptographicException)
        {
            // The appliance's keys are others than when it was made: somebody restored the database without them.
            return (null, "its secret cannot be read any more: give it a new one");
        }
    }

    private static string Cut(string text) => string.Concat(text.Where(c => !char.IsControl(c)).Take(500));

    private sealed class DueRow
    {
        public Guid Id { get; set; }

        public string Name { get; set; } = "";

        public string Body { get; set; } = "";

        public int Tries { get; set; }

        public string Url { get; set; } = "";

        public string Secret { get; set; } = "";

        public string? OldSecret { get; set; }

        public DateTimeOffset? OldUntil { get; set; }
    }
}
