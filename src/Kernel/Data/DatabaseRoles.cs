using System.Security.Cryptography;
using System.Text.Json;
using Appliance.Kernel.Modules;
using Dapper;
using Npgsql;

namespace Appliance.Kernel.Data;

/// <summary>The three roles: the owner (this connection), <c>app</c> (rows; only INSERT and SELECT on append-only tables) and <c>read</c> (reports).</summary>
/// <remarks>Login roles are named after the database, so that several appliances may share one server. Their passwords lie in <see cref="DatabaseAccess"/>.</remarks>
public static class DatabaseRoles
{
    private const string Ensure =
        """
        do $body$
        begin
            if not exists (select 1 from pg_roles where rolname = '{0}') then
                execute format('create role %I login', '{0}');
            end if;
        end
        $body$;
        """;

    private const string Schemas =
        "select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public') order by 1";

    /// <summary>Creates or repairs both login roles and grants, and answers how to log in as them.</summary>
    public static async Task<DatabaseAccess> ApplyAsync(NpgsqlDataSource owner, ModuleSet modules, DatabaseAccess? known, CancellationToken cancel)
    {
        await using var connection = await owner.OpenConnectionAsync(cancel);
        // Roles belong to the whole server: appliances that share one must not race here.
        await connection.ExecuteAsync("select pg_advisory_lock(hashtext('cirt.roles'))");
        var database = connection.Database;
        var access = known ?? DatabaseAccess.Generate(new NpgsqlConnectionStringBuilder(connection.ConnectionString) { Database = database }, owner.ConnectionString);
        foreach (var (name, password) in new[] { (access.AppRole, access.AppPassword), (access.ReadRole, access.ReadPassword) })
        {
            await connection.ExecuteAsync(Ensure.Replace("{0}", Safe(name), StringComparison.Ordinal));
            await connection.ExecuteAsync($"alter role {Quote(name)} with login nosuperuser nocreatedb nocreaterole password {Literal(password)}");
            await connection.ExecuteAsync($"grant connect on database {Quote(database)} to {Quote(name)}");
        }
        await connection.ExecuteAsync($"revoke connect on database {Quote(database)} from public; revoke create on schema public from public");
        foreach (var schema in await connection.QueryAsync<string>(Schemas))
            await GrantAsync(connection, schema, access);
        foreach (var table in modules.Modules.SelectMany(m => m.AppendOnly))
            await connection.ExecuteAsync($"revoke update, delete, truncate on {string.Join('.', table.Split('.').Select(Quote))} from {Quote(access.AppRole)}");
        return access;
    }

    private static async Task GrantAsync(NpgsqlConnection connection, string schema, DatabaseAccess access)
    {
        var (s, app, read) = (Quote(schema), Quote(access.AppRole), Quote(access.ReadRole));
        var rows = schema == "migrations" ? "select" : "select, insert, update, delete";
        await connection.ExecuteAsync(
            $"""
            grant usage on schema {s} to {app};
            grant {rows} on all tables in schema {s} to {app};
            grant usage, select on all sequences in schema {s} to {app};
            grant execute on all functions in schema {s} to {app};
            alter default privileges in schema {s} grant {rows} on tables to {app};
            """);
        // Password hashes, tokens and secrets are not for reports.
        if (schema is not ("identity" or "jobs" or "migrations"))
            await connection.ExecuteAsync(
                $"""
                grant usage on schema {s} to {read};
                grant select on all tables in schema {s} to {read};
                alter default privileges in schema {s} grant select on tables to {read};
                """);
    }

    private static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    private static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    private static string Safe(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
        ? name
        : throw new ArgumentException($"The database name gives the role name '{name}', which has characters other than letters, digits, _ and -. Choose another database name.");
}

/// <summary>How the host logs in to the database: written by <c>cirt migrate</c>, readable by the service user only.</summary>
public sealed record DatabaseAccess
{
    /// <summary>Connection string without user and password.</summary>
    public required string Server { get; init; }

    /// <summary>Login role of the host.</summary>
    public required string AppRole { get; init; }

    /// <summary>Its password.</summary>
    public required string AppPassword { get; init; }

    /// <summary>Login role for reports.</summary>
    public required string ReadRole { get; init; }

    /// <summary>Its password.</summary>
    public required string ReadPassword { get; init; }

    /// <summary>Connection string of the host.</summary>
    public string AppConnection() => new NpgsqlConnectionStringBuilder(Server)
    {
        Username = AppRole,
        Password = AppPassword,
        ApplicationName = "cirt",
        MaxPoolSize = 50,
        KeepAlive = 15,
    }.ConnectionString;

    /// <summary>Reads the file, or null where there is none.</summary>
    public static DatabaseAccess? Load(string file) =>
        File.Exists(file) ? JsonSerializer.Deserialize<DatabaseAccess>(File.ReadAllText(file)) : null;

    /// <summary>Writes the file so that only its owner can read it.</summary>
    public void Save(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var temporary = file + ".new";
        using (var stream = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
            JsonSerializer.Serialize(stream, this);
        File.Move(temporary, file, overwrite: true);
    }

    /// <summary>New passwords for a database reached by <paramref name="owner"/>.</summary>
    public static DatabaseAccess Generate(NpgsqlConnectionStringBuilder connected, string owner)
    {
        var server = new NpgsqlConnectionStringBuilder(owner) { Database = connected.Database };
        server.Remove("Username");
        server.Remove("Password");
        return new()
        {
            Server = server.ConnectionString,
            AppRole = connected.Database + "_app",
            AppPassword = RandomNumberGenerator.GetHexString(40, lowercase: true),
            ReadRole = connected.Database + "_read",
            ReadPassword = RandomNumberGenerator.GetHexString(40, lowercase: true),
        };
    }
}
