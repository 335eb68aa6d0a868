using System.Diagnostics;
using System.Globalization;
using System.Text;
using Appliance.Bench.Desk;
using Npgsql;

namespace Appliance.Bench;

/// <summary>
/// Records that come at a steady rate for some minutes while an operator looks at the inbox once a second: does the importer keep up, how far behind does it fall, and how
/// long does the page take meanwhile. <c>--storm</c> is one signature's 400,000 alerts an hour on top of what else comes.
/// </summary>
internal static class LoadBench
{
    private const int StormAnHour = 400_000;
    private const int Distinct = 100_000;
    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(500);

    public static Task RunAsync(BenchOptions options) => RunAsync(options, options.Rate, 0);

    public static Task StormAsync(BenchOptions options) => RunAsync(options, Math.Min(options.Rate, 2_000), StormAnHour / 3600);

    private static async Task RunAsync(BenchOptions options, int rate, int storm)
    {
        await using var host = await BenchHost.PrepareAsync();
        if (options.Stored > 0)
        {
            var open = await ConsoleData.WriteAsync(host.Owner, options.Stored, 1_000);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {options.Stored:N0} alerts stored before, {open:N0} groups of them open"));
        }
        var people = await host.PeopleAsync();
        await host.StartAsync();
        await using var database = NpgsqlDataSource.Create(host.Owner);
        using var client = await ConsoleBench.ClientAsync(host, people["amina"]);
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(options.Minutes));
        var feeder = new Feeder(Path.Combine(host.SensorFolder, "spool"), rate, storm);
        var feeding = Task.Run(() => feeder.RunAsync(s_beat, end.Token));
        var looks = new List<double>();
        var behind = new List<long>();
        var since = Stopwatch.GetTimestamp();
        var told = TimeSpan.Zero;
        while (!end.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            await client.GetStringAsync("/sense/inbox");
            looks.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            var written = feeder.Written;
            behind.Add(written - await LinesAsync(database));
            if (Stopwatch.GetElapsedTime(since) - told > TimeSpan.FromMinutes(1))
            {
                told = Stopwatch.GetElapsedTime(since);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    minute {told.TotalMinutes,2:0}: {written,10:N0} records written, {behind[^1],8:N0} waiting, the page {looks[^1],5:0} ms"));
            }
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
        await feeding;
        var fed = Stopwatch.GetElapsedTime(since);
        for (var tries = 0; await LinesAsync(database) < feeder.Written && tries < 1200; tries++)
            await Task.Delay(100);
        var drained = Stopwatch.GetElapsedTime(since) - fed;
        var lines = await LinesAsync(database);
        looks.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {feeder.Written:N0} records in {fed.TotalSeconds:0} s ({feeder.Written / fed.TotalSeconds:N0} a second), {lines:N0} acknowledged, the last {drained.TotalSeconds:0.0} s after the end"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  waiting: most {behind.Max():N0}, at the end {behind[^1]:N0} ({behind[^1] / (double)rate:0.0} s of the rate); inbox {looks.Count} times: median {looks[looks.Count / 2]:0} ms, p95 {looks[looks.Count * 95 / 100]:0} ms, most {looks[^1]:0} ms (wanted 1500)"));
        Console.WriteLine($"  {await AskAsync(database, "select format('%s alerts in %s groups, %s records kept', (select count(*) from sensing.alerts), (select count(*) from sensing.alert_groups), (select count(*) from sensing.events))")}");
    }

    private static async Task<long> LinesAsync(NpgsqlDataSource database) => Convert.ToInt64(await AskAsync(database, "select coalesce(sum(lines), 0)::bigint from sensing.bookmarks"), CultureInfo.InvariantCulture);

    private static async Task<object?> AskAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Writes segments as a sensor would, from lines made beforehand, so that what is measured is the reader.</summary>
    private sealed class Feeder
    {
        private readonly string _spool;
        private readonly int _rate;
        private readonly int _storm;
        private readonly byte[][] _alerts;
        private readonly byte[][] _events;
        private readonly byte[][] _stormy;
        private readonly Dictionary<string, int> _numbers = [];
        private long _written;

        public Feeder(string spool, int rate, int storm)
        {
            (_spool, _rate, _storm) = (spool, rate, storm);
            Directory.CreateDirectory(spool);
            var lines = Enumerable.Range(0, Distinct).Select(static i => (Alert: i % EveBacklog.AlertEvery == 0, Line: Encoding.UTF8.GetBytes(EveBacklog.Line(i) + "\n"))).ToLookup(static l => l.Alert, static l => l.Line);
            (_alerts, _events) = ([.. lines[true]], [.. lines[false]]);
            // One signature from a few hundred sources: stream noise as operators know it.
            _stormy = [.. Enumerable.Range(0, 500).Select(static i => Encoding.UTF8.GetBytes(EveBacklog.Storm(i) + "\n"))];
        }

        public long Written => Volatile.Read(ref _written);

        public async Task RunAsync(TimeSpan beat, CancellationToken cancel)
        {
            var since = Stopwatch.GetTimestamp();
            var (alerts, events, stormy) = (0, 0, 0);
            while (!cancel.IsCancellationRequested)
            {
                var due = (long)(Stopwatch.GetElapsedTime(since).TotalSeconds * _rate) - (alerts + events);
                var wanted = (int)Math.Min(due, 20_000);
                var noise = (int)(Stopwatch.GetElapsedTime(since).TotalSeconds * _storm) - stormy;
                var few = wanted / EveBacklog.AlertEvery;
                Put("alerts", [.. Enumerable.Range(alerts, few).Select(i => _alerts[i % _alerts.Length]), .. Enumerable.Range(stormy, noise).Select(i => _stormy[i % _stormy.Length])]);
                foreach (var part in Enumerable.Range(events, wanted - few).Chunk(5000))
                    Put("events", [.. part.Select(i => _events[i % _events.Length])]);
                (alerts, events, stormy) = (alerts + few, events + wanted - few, stormy + noise);
                try
                {
                    await Task.Delay(beat, cancel);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }

        private void Put(string stream, IReadOnlyList<byte[]> lines)
        {
            if (lines.Count == 0)
                return;
            var number = _numbers[stream] = _numbers.GetValueOrDefault(stream) + 1;
            var open = Path.Combine(_spool, string.Create(CultureInfo.InvariantCulture, $"{stream}-{number:D10}.open"));
            using (var file = File.Create(open))
            {
                foreach (var line in lines)
                    file.Write(line);
            }
            File.Move(open, Path.ChangeExtension(open, ".json"));
            Volatile.Write(ref _written, _written + lines.Count);
        }
    }
}
