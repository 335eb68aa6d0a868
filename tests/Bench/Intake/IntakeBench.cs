using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Appliance.Bench;

/// <summary>
/// A backlog in the spool, then the host: rows a second while all indexes live, per tenth of the backlog, so that a cost that grows with the table is seen.
/// One record in twenty is an alert, which also moves its group, its hour and its figures.
/// </summary>
internal static class IntakeBench
{
    private const int Parts = 10;

    public static async Task RunAsync(BenchOptions options)
    {
        await using var host = await BenchHost.PrepareAsync();
        var (records, bytes) = EveBacklog.Write(Path.Combine(host.SensorFolder, "spool"), options.Records);
        await using var database = NpgsqlDataSource.Create(host.Owner);
        await host.StartAsync();
        var marks = new List<(long Done, TimeSpan At)>();
        var since = Stopwatch.GetTimestamp();
        for (var done = 0L; done < records;)
        {
            done = await AskAsync(database, "select coalesce(sum(lines), 0)::bigint from sensing.bookmarks");
            if (done > 0)
                marks.Add((done, Stopwatch.GetElapsedTime(since)));
            if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromMinutes(20))
                throw new TimeoutException($"{done} of {records} records after 20 minutes");
            await Task.Delay(50);
        }

        var rows = await AskAsync(database, "select (select count(*) from sensing.events) + (select count(*) from sensing.alerts)");
        Print(marks, records, bytes, rows);
        if (options.Fever is not { } fever)
            return;
        await host.StopAsync();
        // Spool segments that were read may be gone: the peer gets the same lines anew.
        var spool = Directory.CreateDirectory(Path.Combine(host.SensorFolder, "peer")).FullName;
        EveBacklog.Write(spool, options.Records);
        await host.TrustAsync("fever");
        var (rate, written) = await FeverPeer.RunAsync(fever, host.Owner, spool, records);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  fever, an unlogged table without index: {written:N0} rows, {rate:N0} records a second"));
    }

    private static void Print(List<(long Done, TimeSpan At)> marks, long records, long bytes, long rows)
    {
        var (start, end) = (marks[0], marks[^1]);
        var seconds = (end.At - start.At).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {records:N0} records, {bytes / 1048576.0:N0} MiB, {rows:N0} rows: {(end.Done - start.Done) / seconds:N0} records a second"));
        for (var part = 1; part <= Parts; part++)
        {
            var (from, to) = (Mark(marks, records * (part - 1) / Parts), Mark(marks, records * part / Parts));
            if (to.At > from.At)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {part,2}/{Parts}  {(to.Done - from.Done) / (to.At - from.At).TotalSeconds,8:N0} records a second"));
        }
    }

    private static (long Done, TimeSpan At) Mark(List<(long Done, TimeSpan At)> marks, long done) => marks.First(m => m.Done >= Math.Min(done, marks[^1].Done));

    private static async Task<long> AskAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }
}
