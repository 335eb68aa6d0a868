using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;

namespace Appliance.Bench.Desk;

/// <summary>A month's report over the console bench's year: the whole of it as the page asks for it, then each section alone, and what was late.</summary>
internal static class ReportBench
{
    private const int Times = 5;

    // Every alert in the roll-up, a tenth of the groups decided, mail about the incidents: what a report reads beyond the desks.
    private const string Rest =
        """
        delete from sensing.group_hours;
        insert into sensing.group_hours (group_id, hour, alerts) select group_id, date_trunc('hour', received_at, 'UTC'), count(*) from sensing.alerts group by 1, 2 order by 2;
        insert into sensing.group_history (id, group_id, act_id, at, actor_id, actor_name, action)
        select gen_random_uuid(), id, gen_random_uuid(), last_received, gen_random_uuid(), 'bench', case state when 'closed' then 'closed' else 'escalated' end from sensing.alert_groups where state in ('closed', 'escalated') order by last_received;
        update ticketing.incidents set taken_at = opened_at + interval '20 minutes';
        insert into ticketing.timeline (id, incident_id, at, kind, internal, actor_id, actor_name) select gen_random_uuid(), id, opened_at + interval '1 hour', 'mail-out', false, gen_random_uuid(), 'bench' from ticketing.incidents;
        """;

    public static async Task RunAsync(BenchOptions options)
    {
        await using var host = await BenchHost.PrepareAsync();
        await ConsoleData.WriteAsync(host.Owner, options.Alerts, options.Incidents);
        await using (var owner = NpgsqlDataSource.Create(host.Owner))
        {
            foreach (var sql in new[] { Rest, "vacuum analyze" })
            {
                await using var command = owner.CreateCommand(sql);
                command.CommandTimeout = 3600;
                await command.ExecuteNonQueryAsync();
            }

            await using var counted = owner.CreateCommand("select (select count(*) from sensing.alerts), (select count(*) from sensing.group_hours), (select count(*) from ticketing.incidents)");
            await using var row = await counted.ExecuteReaderAsync();
            await row.ReadAsync();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {row.GetInt64(0):N0} alerts in {row.GetInt64(1):N0} hours of groups, {row.GetInt64(2):N0} incidents"));
        }

        var people = await host.PeopleAsync();
        await host.StartAsync();
        using var client = await ConsoleBench.ClientAsync(host, people["amina"]);
        var to = TimeProvider.System.GetUtcNow();
        var from = to.AddDays(-30);
        var period = string.Create(CultureInfo.InvariantCulture, $"kind=custom&from={from:yyyy-MM-dd}&to={to:yyyy-MM-dd}");
        var all = await TimeAsync(client, "31 days, all sections", period);
        foreach (var section in all.GetProperty("sections").EnumerateArray().Select(s => s.GetProperty("name").GetString()!))
            await TimeAsync(client, section, $"{period}&sections={section}");
        await TimeAsync(client, "the last 8 hours, all sections", "kind=shift");
        await TimeAsync(client, "a year, all sections", string.Create(CultureInfo.InvariantCulture, $"kind=custom&from={to.AddDays(-365):yyyy-MM-dd}&to={to:yyyy-MM-dd}"));
    }

    private static async Task<JsonElement> TimeAsync(HttpClient client, string what, string query)
    {
        var (taken, late, answer) = (new List<double>(), 0, default(JsonElement));
        for (var i = 0; i < Times; i++)
        {
            var since = Stopwatch.GetTimestamp();
            answer = await client.GetFromJsonAsync<JsonElement>($"/api/v1/console/report.json?{query}");
            taken.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
            late += answer.GetProperty("sections").EnumerateArray().Count(s => s.GetProperty("state").GetString() != "counted");
        }

        taken.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-34} median {taken[Times / 2],6:0} ms   most {taken[^1],6:0} ms   late {late}"));
        return answer;
    }
}
