using System.Text.RegularExpressions;
using Xunit;

namespace Appliance.Integration.Access;

/// <summary>
/// What a person may not see, no request of theirs changes: every endpoint that changes something is called by everyone who holds its right, with the keys of RED rows
/// in its path and in every id of its body. Neither those rows nor anything that hangs on them is different afterwards.
/// </summary>
[Collection("access")]
public sealed partial class UntouchedTests(AccessWorld world)
{
    [Fact]
    public async Task Nobody_changes_a_row_that_they_may_not_see()
    {
        var before = await RedAsync();
        List<string> wrong = [];
        var (asked, done) = (0, 0);
        foreach (var endpoint in AccessMap.Modules.Modules.SelectMany(m => m.Endpoints).Where(e => e.Method != "GET" && e.Permission is not null))
        {
            foreach (var role in AccessWorld.People.Where(r => AccessMap.Granted(r).Contains(endpoint.Permission!.Value.Id)))
            {
                foreach (var id in world.Keys.GetValueOrDefault(endpoint.ModuleId, [Guid.Empty.ToString()]).Where(k => Guid.TryParse(k, out _)))
                {
                    asked++;
                    var path = Parameter().Replace(endpoint.Path, id);
                    var (status, body) = await world.AskAsync(role, endpoint.Method, path, Bodies.For(endpoint, id));
                    if (status >= 500 && status != 503)
                        wrong.Add($"{role} {endpoint.Method} {path} with {Bodies.For(endpoint, id)}: {status}");
                    done += status < 300 ? 1 : 0;
                }
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{asked} requests, {done} of them did something of their own");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong.Distinct().Take(20)));
        Assert.NotEqual(0, done);
        var after = await RedAsync();
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        Assert.Empty(before.Where(b => after[b.Key] != b.Value).Select(b => b.Key));
    }

    /// <summary>A digest of the RED rows of every marked table, and of the rows of other tables that point at them.</summary>
    private async Task<Dictionary<string, string>> RedAsync()
    {
        var digests = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var table in await world.MarkedTablesAsync())
        {
            digests[table] = await DigestAsync($"select t::text as row from {table} t where t.tlp = 4 and t::text like '%{AccessWorld.Canary}%'");
            foreach (var child in await world.TextsAsync($"""
                select format('%s|%I|%I', c.conrelid::regclass, a.attname, p.attname)
                from pg_constraint c
                join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
                join pg_attribute p on p.attrelid = c.confrelid and p.attnum = c.confkey[1]
                where c.contype = 'f' and c.confrelid = '{table}'::regclass and array_length(c.conkey, 1) = 1
                """))
            {
                var (of, key, target) = child.Split('|') switch { [var a, var b, var c] => (a, b, c), _ => throw new InvalidOperationException(child) };
                digests[$"{of}.{key}"] = await DigestAsync($"select c::text as row from {of} c join {table} t on t.{target} = c.{key} where t.tlp = 4");
            }
        }

        return digests;
    }

    private async Task<string> DigestAsync(string rows) => (await world.TextsAsync($"select count(*) || ' ' || coalesce(md5(string_agg(r.row, '|' order by r.row)), '') from ({rows}) r"))[0];

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();
}
