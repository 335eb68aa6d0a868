using System.Globalization;
using Npgsql;

namespace Appliance.Bench;

/// <summary>
/// How soon an idle host takes up a fact after its commit: single facts about organisations that nobody has, at uneven distances.
/// The transaction of the delivery stamps its own beginning; both clocks are this machine's.
/// </summary>
internal static class OutboxBench
{
    private const int Facts = 600;

    private const string Publish =
        """
        with fact as (
            insert into kernel.outbox_events (id, name, version, aggregate, body, occurred_at)
            values (@id, 'directory.constituent-changed', 1, 'constituent/' || @id, jsonb_build_object('eventId', @id, 'constituent', @id, 'occurredAt', now(), 'marking', @marking::jsonb), now())
            returning id, aggregate)
        insert into kernel.outbox_deliveries (event_id, subscription, aggregate, due_at)
        select id, 'directory/refresh-lookup', aggregate, now() from fact
        """;

    private const string Marking = """{"tlp":"amber","pap":"amber","exercise":false}""";

    public static async Task RunAsync(BenchOptions options)
    {
        await using var host = await BenchHost.PrepareAsync();
        await using var database = NpgsqlDataSource.Create(host.Owner);
        await host.StartAsync();
        // The first deliveries compile what they run.
        await MeasureAsync(database, 50);
        var (taken, done) = await MeasureAsync(database, Facts);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"""
              {Facts} facts, one at a time, from commit
                taken up     p50 {At(taken, 50),6:0.0} ms   p99 {At(taken, 99),6:0.0} ms   most {taken[^1],6:0.0} ms
                delivered    p50 {At(done, 50),6:0.0} ms   p99 {At(done, 99),6:0.0} ms   most {done[^1],6:0.0} ms
            """));
    }

    private static async Task<(List<double> Taken, List<double> Done)> MeasureAsync(NpgsqlDataSource database, int facts)
    {
        var (taken, done) = (new List<double>(), new List<double>());
        var pauses = new Random(1);
        await using var connection = await database.OpenConnectionAsync();
        for (var fact = 0; fact < facts; fact++)
        {
            await Task.Delay(pauses.Next(20, 150));
            var id = Guid.NewGuid();
            await using (var transaction = await connection.BeginTransactionAsync())
            {
                await using var publish = new NpgsqlCommand($"{Publish}; select pg_notify('cirt_outbox', '')", connection, transaction);
                publish.Parameters.AddWithValue("id", id);
                publish.Parameters.AddWithValue("marking", Marking);
                await publish.ExecuteNonQueryAsync();
                await transaction.CommitAsync();
            }

            var committed = TimeProvider.System.GetUtcNow();
            var began = await DoneAsync(connection, id);
            done.Add((TimeProvider.System.GetUtcNow() - committed).TotalMilliseconds);
            taken.Add(Math.Max(0, (began - committed).TotalMilliseconds));
        }

        taken.Sort();
        done.Sort();
        return (taken, done);
    }

    private static async Task<DateTimeOffset> DoneAsync(NpgsqlConnection connection, Guid id)
    {
        for (var tries = 0; tries < 5000; tries++)
        {
            await using var look = new NpgsqlCommand("select done_at from kernel.outbox_deliveries where event_id = @id and state = 'done'", connection);
            look.Parameters.AddWithValue("id", id);
            if (await look.ExecuteScalarAsync() is DateTime at)
                return new(at, TimeSpan.Zero);
            await Task.Delay(1);
        }

        throw new TimeoutException("a fact was not delivered");
    }

    private static double At(List<double> sorted, int percent) => sorted[Math.Min(sorted.Count - 1, sorted.Count * percent / 100)];
}
