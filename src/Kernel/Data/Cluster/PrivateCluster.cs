using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace Appliance.Kernel.Data;

/// <summary>What a private server is for, which decides what it may lose.</summary>
public enum ClusterUse
{
    /// <summary>Keeps its data: everything is written through to the disk.</summary>
    Kept,

    /// <summary>For one test run: nothing is forced to the disk, and all of it is deleted at the end.</summary>
    ThrowAway,
}

/// <summary>Whether the private server stands and runs.</summary>
/// <param name="Created">There is a data directory.</param>
/// <param name="Process">The server's process id, or null when it does not run.</param>
/// <param name="Major">The major version that wrote the data, or null when there is none.</param>
public sealed record ClusterState(bool Created, int? Process, int? Major);

/// <summary>A PostgreSQL server of our own in one directory, reached through a Unix socket only.</summary>
/// <remarks>
/// The directory holds <c>data/</c>, <c>log/</c>, <c>password</c> (0600, made once) and <c>start.lock</c>. The server runs as an ordinary
/// user and outlives the process that started it, so a killed host finds it again. Safe to use from several processes: start and stop take the lock.
/// </remarks>
public sealed partial class PrivateCluster
{
    /// <summary>The superuser, which only migration, backup and tests use.</summary>
    public const string Superuser = "cirt_root";

    /// <summary>Linux allows 107 bytes; some client libraries take a few for themselves.</summary>
    private const int LongestSocketPath = 99;

    private const string SocketName = ".s.PGSQL.5432";

    private readonly ClusterUse _use;

    private PrivateCluster(string directory, ClusterUse use) => (Folder, _use) = (directory, use);

    /// <summary>Everything that belongs to the server lies in here.</summary>
    public string Folder { get; }

    private string Data => Path.Combine(Folder, "data");

    private string Log => Path.Combine(Folder, "log");

    private string PasswordFile => Path.Combine(Folder, "password");

    private string PidFile => Path.Combine(Data, "postmaster.pid");

    /// <summary>Names the server in <paramref name="directory"/>. Touches nothing.</summary>
    public static PrivateCluster At(string directory, ClusterUse use = ClusterUse.Kept) => new(Path.GetFullPath(directory), use);

    /// <summary>Creates the server where there is none, starts it where it does not run, and answers when it takes connections.</summary>
    /// <returns>Connection string of the superuser to the database <c>postgres</c>.</returns>
    /// <exception cref="OperatorFault">PostgreSQL is missing or of another version, a directory cannot be entered, or the server refuses to start.</exception>
    public async Task<string> StartAsync(CancellationToken cancel = default)
    {
        Directory.CreateDirectory(Folder);
        using var held = await LockAsync(cancel);
        var user = OrdinaryUser.For(Folder);
        if (user is not null && !await user.CanEnterAsync(Folder, cancel))
        {
            throw new OperatorFault(
                "The database server cannot reach its directory.",
                $"It runs as {user.Name}, which may not enter {Folder} or one of the directories above it.",
                "Choose another place with --data (for example /var/lib/cirt), or start again as the ordinary user who owns the directory.");
        }

        var written = Major();
        var programs = PostgresPrograms.Find(written);
        if (written is null)
        {
            await CreateAsync(programs, user, cancel);
        }

        var address = Connection("postgres");
        if (RunningProcess() is not null && await AnswersAsync(address, cancel))
        {
            return address;
        }

        await ConfigureAsync(user, cancel);
        await StartServerAsync(programs, user, cancel);
        return address;
    }

    /// <summary>Stops the server: open transactions are rolled back, everything committed is on the disk. Does nothing when it does not run.</summary>
    public async Task StopAsync(CancellationToken cancel = default)
    {
        if (RunningProcess() is null)
        {
            return;
        }

        using var held = await LockAsync(cancel);
        var (program, arguments) = StopCommand();
        var answer = await Command.RunAsync(program, arguments, cancel);
        if (answer.Code != 0 && RunningProcess() is { } process)
        {
            throw new OperatorFault(
                "The database server did not stop.",
                $"Process {process} on {Folder}: {answer.Words}",
                $"Look at the newest file in {Log}, then try again.");
        }
    }

    /// <summary>Stops and deletes a throw-away server; waits for it, so that it can be called while the process ends.</summary>
    public void Discard()
    {
        if (_use != ClusterUse.ThrowAway)
        {
            throw new InvalidOperationException("only a throw-away server is deleted");
        }

        if (RunningProcess() is not null)
        {
            var (program, arguments) = StopCommand();
            Command.Run(program, arguments);
        }

        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Says whether the server stands and runs. Starts nothing.</summary>
    public ClusterState State() => new(Major() is not null, RunningProcess(), Major());

    /// <summary>Connection string of the superuser to <paramref name="database"/>. The server must have been created.</summary>
    public string Connection(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = SocketFolder(),
        Port = 5432,
        Database = database,
        Username = Superuser,
        Password = File.ReadAllText(PasswordFile).Trim(),
        ApplicationName = "cirt",
        IncludeErrorDetail = false,
    }.ConnectionString;

    private int? Major()
    {
        var marker = Path.Combine(Data, "PG_VERSION");
        return File.Exists(marker) ? int.Parse(File.ReadAllText(marker).Trim(), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>The process in postmaster.pid if it lives and works in our data directory; a left-over file names none.</summary>
    private int? RunningProcess()
    {
        try
        {
            var process = int.Parse(File.ReadLines(PidFile).First(), CultureInfo.InvariantCulture);
            var place = new DirectoryInfo($"/proc/{process}/cwd").ResolveLinkTarget(returnFinalTarget: true)?.FullName;
            return place == RealPath(Data) ? process : null;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or InvalidOperationException or FormatException)
        {
            // No file, a file being written, a process that is not there or not ours: it does not run.
            return null;
        }
    }

    private static string RealPath(string path)
    {
        // The server's working directory is reported without symbolic links, so ours is compared without them too.
        var answer = Command.Run("realpath", ["--", path]);
        return answer.Code == 0 ? answer.Output.Trim() : path;
    }

    private string SocketFolder()
    {
        var name = "cirt-" + Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Folder)))[..12];
        var session = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        string[] places =
        [
            Path.Combine(Folder, "run"),
            .. Environment.IsPrivilegedProcess ? [Path.Combine("/run", name)] : Array.Empty<string>(),
            .. string.IsNullOrEmpty(session) ? Array.Empty<string>() : [Path.Combine(session, name)],
            Path.Combine("/tmp", name),
        ];
        return places.First(place => System.Text.Encoding.UTF8.GetByteCount(Path.Combine(place, SocketName)) <= LongestSocketPath);
    }

    private async Task<FileStream> LockAsync(CancellationToken cancel)
    {
        var path = Path.Combine(Folder, "start.lock");
        var waited = 0;
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (waited++ < 300)
            {
                // Another start or stop of the same server is under way: the slowest, initdb on a busy disk, takes seconds.
                await Task.Delay(100, cancel);
            }
        }
    }
}
