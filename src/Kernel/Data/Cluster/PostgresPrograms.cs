using System.Globalization;

namespace Appliance.Kernel.Data;

/// <summary>The PostgreSQL server programs on this machine: one folder per major version.</summary>
/// <param name="Folder">Holds initdb, pg_ctl and postgres.</param>
/// <param name="Major">For example 15.</param>
public sealed record PostgresPrograms(string Folder, int Major)
{
    /// <summary>The oldest major version that the appliance supports.</summary>
    public const int Oldest = 15;

    private const string Distribution = "/usr/lib/postgresql";

    /// <summary>Path of one program.</summary>
    public string this[string program] => Path.Combine(Folder, program);

    /// <summary>Finds the programs for a data directory: exactly <paramref name="wanted"/> when it exists already, else the newest supported.</summary>
    /// <exception cref="OperatorFault">None fits.</exception>
    public static PostgresPrograms Find(int? wanted) => Choose(All(), wanted);

    /// <summary>Every set of server programs found, newest first: the distribution's versioned folders, then the PATH.</summary>
    public static IReadOnlyList<PostgresPrograms> All()
    {
        List<PostgresPrograms> found = [];
        if (Directory.Exists(Distribution))
        {
            foreach (var folder in Directory.GetDirectories(Distribution))
            {
                if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var major))
                {
                    Add(found, Path.Combine(folder, "bin"), () => major);
                }
            }
        }

        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            Add(found, folder, () => MajorOf(Command.Run(Path.Combine(folder, "postgres"), ["--version"]).Output));
        }

        return [.. found.OrderByDescending(programs => programs.Major)];
    }

    internal static PostgresPrograms Choose(IReadOnlyList<PostgresPrograms> all, int? wanted)
    {
        var fitting = wanted is null
            ? all.FirstOrDefault(programs => programs.Major >= Oldest)
            : all.FirstOrDefault(programs => programs.Major == wanted);
        if (fitting is not null)
        {
            return fitting;
        }

        var present = all.Count == 0 ? "none" : string.Join(", ", all.Select(programs => $"{programs.Major} in {programs.Folder}"));
        throw wanted is null
            ? new OperatorFault(
                "PostgreSQL is not installed.",
                $"The appliance needs version {Oldest} or later; found: {present}.",
                "Install it (as root: apt-get install postgresql), or set CIRT_DATABASE to the connection string of a server.")
            : new OperatorFault(
                "The database was made by a PostgreSQL that is not installed.",
                $"Its files are of version {wanted}; found: {present}.",
                $"Install that version again (as root: apt-get install postgresql-{wanted}), or move the data with pg_upgrade.");
    }

    /// <summary>Reads the major version out of <c>postgres --version</c>.</summary>
    internal static int MajorOf(string version)
    {
        var digits = version.SkipWhile(sign => !char.IsAsciiDigit(sign)).TakeWhile(char.IsAsciiDigit);
        return int.TryParse(string.Concat(digits), NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0;
    }

    private static void Add(List<PostgresPrograms> found, string folder, Func<int> major)
    {
        if (new[] { "initdb", "pg_ctl", "postgres" }.All(name => File.Exists(Path.Combine(folder, name)))
            && found.TrueForAll(programs => programs.Folder != folder))
        {
            found.Add(new(folder, major()));
        }
    }
}
