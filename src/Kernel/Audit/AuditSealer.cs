using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Appliance.Kernel.Audit;

/// <summary>Seals audit rows into a hash chain within a second of their commit, one process at a time, so that writers never queue on it.</summary>
/// <remarks>Each seal holds SHA-256 over the previous seal and the row's canonical text. <see cref="AuditChain.VerifyAsync"/> recomputes it.</remarks>
public sealed class AuditSealer(Database database, TimeProvider time, ILogger<AuditSealer> log) : BackgroundService
{
    private const string Head = "select seq, hash from audit.seals order by seq desc limit 1";

    private const string Unsealed =
        """
        select e.id, e.at, e.actor_id, e.actor_name, e.action, e.subject, e.detail::text as detail
        from audit.entries e
        left join audit.seals s on s.entry_id = e.id
        where s.entry_id is null and e.at > @Since
        order by e.at, e.id
        limit 500
        """;

    /// <summary>Looking through the whole trail is for the start and once an hour: a transaction does not stay open for a day.</summary>
    private static readonly TimeSpan s_recent = TimeSpan.FromDays(1);

    private DateTimeOffset _allLookedAt = DateTimeOffset.MinValue;

    private const string Insert = "insert into audit.seals (seq, entry_id, hash) values (@Seq, @EntryId, @Hash)";

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await SealBatchAsync(stoppingToken) > 0)
                {
                }
                await Task.Delay(TimeSpan.FromMilliseconds(500), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
            {
                KernelLog.SealerInterrupted(log, fault.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Seals at most 500 rows; answers how many.</summary>
    public async Task<int> SealBatchAsync(CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
        await work.ExecuteAsync("select pg_advisory_xact_lock(hashtext('cirt.audit.seal'))", null, cancel);
        var all = work.Now - _allLookedAt > TimeSpan.FromHours(1);
        var rows = await work.QueryAsync<AuditRow>(Unsealed, new { Since = all ? DateTimeOffset.UnixEpoch : work.Now - s_recent }, cancel);
        if (rows.Count == 0)
        {
            if (all)
                _allLookedAt = work.Now;
            return 0;
        }
        var head = await work.FindAsync<SealRow>(Head, null, cancel) ?? new SealRow(0, new byte[32]);
        var seals = new List<object>(rows.Count);
        var (seq, hash) = (head.Seq, head.Hash);
        foreach (var row in rows)
        {
            hash = Hash(hash, row);
            seals.Add(new { Seq = ++seq, EntryId = row.Id, Hash = hash });
        }
        await work.ExecuteAsync(Insert, seals, cancel);
        await work.CommitAsync(cancel);
        return rows.Count;
    }

    internal static byte[] Hash(byte[] previous, AuditRow row)
    {
        // Length-prefixed fields: no two different rows share a text.
        var text = new StringBuilder();
        foreach (var field in (ReadOnlySpan<string>)[row.Id.ToString(), row.At.UtcDateTime.ToString("O"), row.ActorId.ToString(), row.ActorName, row.Action, row.Subject, row.Detail])
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{field.Length}:{field};");
        return SHA256.HashData([.. previous, .. Encoding.UTF8.GetBytes(text.ToString())]);
    }

    internal sealed record SealRow(long Seq, byte[] Hash);
}
