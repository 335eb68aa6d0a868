using System.Globalization;
using Appliance.Kernel.Data;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Settings;
using Dapper;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Appliance.Kernel.Jobs;

/// <summary>Applies the retention rules of all modules, in small steps, daily.</summary>
internal sealed class RetentionJob(Database database, ModuleSet modules, ISettings settings, TimeProvider time, ILogger<RetentionJob> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var faults = new List<string>();
        long total = 0;
        foreach (var rule in modules.Modules.SelectMany(m => m.Retention))
            try
            {
                total += await ApplyAsync(rule, cancellationToken);
            }
            catch (Npgsql.NpgsqlException fault)
            {
                // One table must not keep the others from shrinking.
                KernelLog.RetentionFailed(log, rule.Table, fault);
                faults.Add($"{rule.Table}: {fault.Message}");
            }
        if (faults.Count > 0)
            throw new InvalidOperationException(string.Join("; ", faults));
        context.Result = string.Create(CultureInfo.InvariantCulture, $"{total} rows");
    }

    /// <summary>Applies one rule until nothing is left to delete; answers the number of rows.</summary>
    internal async Task<long> ApplyAsync(RetentionRule rule, CancellationToken cancel)
    {
        var days = await settings.FindAsync<int?>($"retention.{rule.Table}", cancel) ?? rule.KeepDays;
        var before = time.GetUtcNow().AddDays(-days);
        long total = 0;
        while (true)
        {
            var rows = await StepAsync(rule.Sql, before, cancel);
            total += rows;
            if (rows <= 0)
                return total;
        }
    }

    private async Task<long> StepAsync(string sql, DateTimeOffset before, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var reader = await connection.ExecuteReaderAsync(new CommandDefinition(sql, new { before }, commandTimeout: 600, cancellationToken: cancel));
        // A deletion answers the rows it touched; a function that drops partitions answers them as its value.
        long answered = reader.FieldCount > 0 && await reader.ReadAsync(cancel) && !await reader.IsDBNullAsync(0, cancel) ? Convert.ToInt64(reader.GetValue(0), CultureInfo.InvariantCulture) : 0;
        await reader.CloseAsync();
        return reader.RecordsAffected > 0 ? reader.RecordsAffected : answered;
    }
}
