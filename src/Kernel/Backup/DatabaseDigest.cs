using System.Globalization;
using Dapper;
using Npgsql;

namespace Appliance.Kernel.Backup;

/// <summary>Counts and hashes every table, so that a restored database can be held against the one it came from.</summary>
internal static class DatabaseDigest
{
    // Leaves of partitioned tables stand for their parents.
    private const string Names =
        """
        select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
        order by 1
        """;

    // A row's text must not depend on who asks.
    private const string SameText = "set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local extra_float_digits = 1; set local bytea_output = 'hex'; set local statement_timeout = 0";

    private const string Schema = "select module || '/' || lpad(number::text, 4, '0') || ' ' || checksum from migrations.applied order by module, number";

    /// <summary>All tables of the schemas of ours, within the transaction that is open on <paramref name="connection"/>.</summary>
    public static async Task<IReadOnlyList<TableDigest>> TablesAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await connection.ExecuteAsync(SameText);
        List<TableDigest> tables = [];
        foreach (var table in await connection.QueryAsync<string>(new CommandDefinition(Names, cancellationToken: cancel)))
            tables.Add(await OneAsync(connection, table, cancel));
        return tables;
    }

    /// <summary>The migrations that made the schema.</summary>
    public static async Task<IReadOnlyList<string>> SchemaAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        (await connection.QueryAsync<string>(new CommandDefinition(Schema, cancellationToken: cancel))).AsList();

    /// <summary>Says how <paramref name="now"/> differs from <paramref name="then"/>; empty when it does not.</summary>
    public static IReadOnlyList<string> Differences(IReadOnlyList<TableDigest> then, IReadOnlyList<TableDigest> now)
    {
        var found = now.ToDictionary(t => t.Table);
        List<string> differences = [];
        foreach (var table in then)
        {
            if (!found.Remove(table.Table, out var other))
                differences.Add($"{table.Table}: missing");
            else if (other.Rows != table.Rows)
                differences.Add(string.Create(CultureInfo.InvariantCulture, $"{table.Table}: {other.Rows} rows, {table.Rows} expected"));
            else if (other.Sum != table.Sum)
                differences.Add($"{table.Table}: the rows differ");
        }

        differences.AddRange(found.Keys.Select(name => $"{name}: not in the backup"));
        return differences;
    }

    private static async Task<TableDigest> OneAsync(NpgsqlConnection connection, string table, CancellationToken cancel)
    {
        var (rows, sum) = await connection.QuerySingleAsync<(long, string)>(new CommandDefinition(
            $"select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text from only {table} t",
            commandTimeout: 0,
            cancellationToken: cancel));
        return new(table, rows, sum);
    }
}
