using System.Globalization;

namespace Appliance.Kernel.Data;

/// <summary>The account that runs what must not run as root: the private database server, the host, the sensor.</summary>
/// <param name="Name">Its name in the user database.</param>
/// <param name="Uid">Its number.</param>
/// <param name="Gid">The number of its group.</param>
public sealed record OrdinaryUser(string Name, uint Uid, uint Gid)
{
    /// <summary>True when this process is root and so can, and must, hand work to an ordinary user.</summary>
    public static bool IsNeeded => Environment.IsPrivilegedProcess;

    /// <summary>Picks the account for work on <paramref name="directory"/>; null when this process is an ordinary user already.</summary>
    /// <remarks>The owner of the directory if that is an ordinary user, else the account of the distribution's PostgreSQL, else <c>nobody</c>.</remarks>
    public static OrdinaryUser? For(string directory)
    {
        if (!IsNeeded)
        {
            return null;
        }

        var known = Read(File.ReadLines("/etc/passwd"));
        return OwnerOf(directory, known)
            ?? known.FirstOrDefault(user => user.Name == "postgres")
            ?? known.FirstOrDefault(user => user.Name == "nobody")
            ?? throw new OperatorFault(
                "There is no ordinary user to run the database and the host as.",
                "/etc/passwd holds neither postgres nor nobody, and neither may run as root.",
                "Install PostgreSQL (apt-get install postgresql), which brings the user postgres, or start again as an ordinary user.");
    }

    /// <summary>The command line that runs <paramref name="program"/> as this user, without supplementary groups.</summary>
    /// <param name="program">Absolute path or name on the PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="capabilities">Capabilities to keep, for example <c>net_raw</c>; none by default.</param>
    public (string Program, IReadOnlyList<string> Arguments) Wrap(string program, IEnumerable<string> arguments, params string[] capabilities)
    {
        List<string> line = [$"--reuid={Number(Uid)}", $"--regid={Number(Gid)}", "--clear-groups"];
        var kept = string.Concat(capabilities.Select(name => $",+{name}"));
        line.Add($"--inh-caps=-all{kept}");
        if (capabilities.Length > 0)
        {
            line.Add($"--ambient-caps=-all{kept}");
        }

        return ("setpriv", [.. line, "--", program, .. arguments]);
    }

    /// <summary>True when this user can enter <paramref name="directory"/>, which takes the search right on every parent.</summary>
    public async Task<bool> CanEnterAsync(string directory, CancellationToken cancel)
    {
        var (program, arguments) = Wrap("test", ["-x", directory]);
        return (await Command.RunAsync(program, arguments, cancel)).Code == 0;
    }

    internal static IReadOnlyList<OrdinaryUser> Read(IEnumerable<string> passwd)
    {
        List<OrdinaryUser> users = [];
        foreach (var line in passwd)
        {
            var fields = line.Split(':');
            if (fields.Length >= 4
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var uid)
                && uint.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out var gid))
            {
                users.Add(new(fields[0], uid, gid));
            }
        }

        return users;
    }

    private static OrdinaryUser? OwnerOf(string directory, IReadOnlyList<OrdinaryUser> known)
    {
        for (var place = Path.GetFullPath(directory); place is not null; place = Path.GetDirectoryName(place))
        {
            if (Directory.Exists(place))
            {
                var owner = Command.Run("stat", ["-c", "%u", place]).Output.Trim();
                return known.FirstOrDefault(user => user.Uid != 0 && Number(user.Uid) == owner);
            }
        }

        return null;
    }

    private static string Number(uint id) => id.ToString(CultureInfo.InvariantCulture);
}
