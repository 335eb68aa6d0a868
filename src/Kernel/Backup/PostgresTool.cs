using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Appliance.Kernel.Data;
using Npgsql;

namespace Appliance.Kernel.Backup;

/// <summary>pg_dump and pg_restore of the server's own version, logged in as a connection string says. The password travels in the child's environment only.</summary>
internal static class PostgresTool
{
    /// <summary>Starts the tool with its standard streams redirected.</summary>
    public static Process Start(string tool, int major, NpgsqlConnectionStringBuilder login, IEnumerable<string> arguments)
    {
        var programs = PostgresPrograms.All();
        var program = (programs.FirstOrDefault(p => p.Major == major) ?? programs.FirstOrDefault(p => p.Major > major))?[tool]
            ?? throw new OperatorFault($"{tool} is not installed.", $"The server is PostgreSQL {major}; its programs were not found here.", $"Install them (as root: apt-get install postgresql-client-{major}).");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["PGHOST"] = login.Host ?? "/run/postgresql";
        start.Environment["PGPORT"] = login.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGDATABASE"] = login.Database ?? "";
        if (login.Username is { Length: > 0 } user)
            start.Environment["PGUSER"] = user;
        if (login.Password is { Length: > 0 } password)
            start.Environment["PGPASSWORD"] = password;
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException($"{tool} did not start");
        }
        catch (Win32Exception absent)
        {
            throw new OperatorFault($"{tool} is not installed.", absent.Message, $"Install it (as root: apt-get install postgresql-client-{major}).", absent);
        }
    }

    /// <summary>Waits for the end; a code other than 0 becomes a fault in the tool's own words.</summary>
    public static async Task EndAsync(Process process, Task<string> words, string wrong, CancellationToken cancel)
    {
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
            throw new OperatorFault(wrong, string.Join("; ", (await words).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(5)), "Mend what it names, then try again.");
    }
}
