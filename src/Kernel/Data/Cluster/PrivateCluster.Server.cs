using System.Security.Cryptography;
using Npgsql;

namespace Appliance.Kernel.Data;

/// <summary>Making, configuring and starting the server.</summary>
public sealed partial class PrivateCluster
{
    private async Task CreateAsync(PostgresPrograms programs, OrdinaryUser? user, CancellationToken cancel)
    {
        // Made beside and renamed, so that a data directory is whole or not there, wherever this is interrupted.
        var making = Data + ".new";
        if (Directory.Exists(making))
        {
            Directory.Delete(making, recursive: true);
        }

        await OwnFolderAsync(making, user, cancel);
        await OwnFolderAsync(Log, user, cancel);
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        await PutAsync(PasswordFile, password + "\n", null, cancel);
        var handed = Path.Combine(Log, "first-password");
        await PutAsync(handed, password + "\n", user, cancel);
        try
        {
            List<string> arguments =
            [
                "--pgdata", making, "--username", Superuser, "--pwfile", handed, "--auth", "scram-sha-256",
                "--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums", "--no-instructions",
            ];
            if (_use == ClusterUse.ThrowAway)
            {
                arguments.Add("--no-sync");
            }

            var answer = await RunAsAsync(user, programs["initdb"], arguments, cancel);
            if (answer.Code != 0)
            {
                throw new OperatorFault(
                    "The database could not be created.",
                    $"initdb on {Data}: {answer.Words}",
                    "Check that the disk has room and that the directory can be written, then start again.");
            }
        }
        finally
        {
            File.Delete(handed);
        }

        await PutAsync(
            Path.Combine(making, "postgresql.conf"),
            "# Settings of this server are in cirt.conf, written again at each start; put your own in local.conf.\ninclude 'cirt.conf'\ninclude_if_exists 'local.conf'\n",
            user,
            cancel);
        Directory.Move(making, Data);
    }

    private async Task ConfigureAsync(OrdinaryUser? user, CancellationToken cancel)
    {
        var socket = SocketFolder();
        await OwnFolderAsync(socket, user, cancel);
        await PutAsync(Path.Combine(Data, "cirt.conf"), Settings(socket, Log, _use), user, cancel);
    }

    internal static string Settings(string socket, string log, ClusterUse use)
    {
        List<string> lines =
        [
            "listen_addresses = ''",
            $"unix_socket_directories = '{Quote(socket)}'",
            "unix_socket_permissions = 0700",
            "port = 5432",
            "password_encryption = 'scram-sha-256'",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            "datestyle = 'iso, ymd'",
            "max_wal_senders = 0",
            "wal_level = minimal",
        ];
        lines.AddRange(use == ClusterUse.ThrowAway
            ? ["fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 300", "shared_buffers = 128MB", "max_wal_size = 2GB"]
            :
            [
                "max_connections = 120", "shared_buffers = 256MB", "work_mem = 16MB", "wal_compression = on", "max_wal_size = 2GB", "jit = off",
                "logging_collector = on", $"log_directory = '{Quote(log)}'", "log_filename = 'postgresql-%a.log'", "log_rotation_age = 1d",
                "log_truncate_on_rotation = on", "log_line_prefix = '%m [%p] %q%u@%d '",
            ]);
        return string.Join('\n', lines) + "\n";
    }

    private async Task StartServerAsync(PostgresPrograms programs, OrdinaryUser? user, CancellationToken cancel)
    {
        var first = Path.Combine(Log, "start.log");
        var answer = await RunAsAsync(user, programs["pg_ctl"], ["start", "--pgdata", Data, "--log", first, "--wait", "--timeout", "60", "--silent"], cancel);
        if (answer.Code != 0)
        {
            var said = File.Exists(first) ? string.Join("; ", File.ReadLines(first).TakeLast(4)) : answer.Words;
            throw new OperatorFault(
                "The database server did not start.",
                $"pg_ctl on {Data}: {said}",
                $"Look at {first} and the newest file beside it, mend what they name, then start again.");
        }
    }

    private (string Program, IReadOnlyList<string> Arguments) StopCommand()
    {
        var programs = PostgresPrograms.Find(Major());
        IReadOnlyList<string> arguments = ["stop", "--pgdata", Data, "--mode", _use == ClusterUse.ThrowAway ? "immediate" : "fast", "--wait", "--timeout", "60", "--silent"];
        return OrdinaryUser.For(Data) is { } user ? user.Wrap(programs["pg_ctl"], arguments) : (programs["pg_ctl"], arguments);
    }

    private static async Task<bool> AnswersAsync(string address, CancellationToken cancel)
    {
        try
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address) { Pooling = false, Timeout = 5 }.ConnectionString);
            await connection.OpenAsync(cancel);
            return true;
        }
        catch (NpgsqlException)
        {
            // Starting, stopping or stuck: pg_ctl finds out which and says so.
            return false;
        }
    }

    private static Task<Command.Answer> RunAsAsync(OrdinaryUser? user, string program, IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        var (wrapped, line) = user?.Wrap(program, arguments) ?? (program, arguments);
        return Command.RunAsync(wrapped, line, cancel);
    }

    /// <summary>A directory that only its owner may enter.</summary>
    private static async Task OwnFolderAsync(string folder, OrdinaryUser? user, CancellationToken cancel)
    {
        string[] owner = user is null ? [] : [$"--owner={user.Uid}", $"--group={user.Gid}"];
        await MustAsync("install", ["--directory", "--mode=0700", .. owner, "--", folder], cancel);
    }

    /// <summary>A file that only its owner may read, put in place whole.</summary>
    private static async Task PutAsync(string path, string text, OrdinaryUser? user, CancellationToken cancel)
    {
        var part = path + ".new";
        File.Delete(part);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        await using (var stream = new FileStream(part, options))
            await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancel);

        if (user is not null)
        {
            await MustAsync("chown", [$"{user.Uid}:{user.Gid}", "--", part], cancel);
        }

        File.Move(part, path, overwrite: true);
    }

    private static async Task MustAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        var answer = await Command.RunAsync(program, arguments, cancel);
        if (answer.Code != 0)
        {
            throw new OperatorFault(
                "A file or directory of the database could not be put in place.",
                $"{program} {string.Join(' ', arguments)}: {answer.Words}",
                "Check who owns the directory and that the disk has room, then start again.");
        }
    }

    private static string Quote(string text) => text.Replace("'", "''", StringComparison.Ordinal);
}
