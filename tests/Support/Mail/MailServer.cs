using System.Diagnostics;
using System.Globalization;

namespace Appliance.Tests;

/// <summary>A real mail server, OpenSMTPD, on a high port of loopback: whatever is handed to it lies in a maildir, and nothing leaves the machine.</summary>
/// <remarks>It needs root and its package. One at a time on a machine, because its control socket has a fixed place; the second waits.</remarks>
public sealed class MailServer : IAsyncDisposable
{
    private static readonly string s_lock = Path.Combine(Path.GetTempPath(), "cirt-test-mail.lock");

    private readonly CirtProcess _process;
    private readonly FileStream _held;
    private readonly string _folder;

    private MailServer(CirtProcess process, FileStream held, string folder, int port) => (_process, _held, _folder, Port) = (process, held, folder, port);

    /// <summary>Null where it can run, else why not: for Assert.SkipWhen.</summary>
    public static string? Absence =>
        !Environment.IsPrivilegedProcess ? "a mail server for tests needs root"
        : !File.Exists("/usr/sbin/smtpd") ? "the package opensmtpd is missing"
        : null;

    /// <summary>SMTP on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The program that hands a message over, compatible with sendmail.</summary>
    public static string Sendmail => "/usr/sbin/sendmail";

    /// <summary>Everything received, as files.</summary>
    public string Maildir => Path.Combine(_folder, "maildir");

    /// <summary>Starts it.</summary>
    public static async Task<MailServer> StartAsync()
    {
        var held = await LockAsync();
        var folder = Directory.CreateTempSubdirectory("cirt-mail-").FullName;
        var port = FreePort.Take();
        await File.WriteAllTextAsync(
            Path.Combine(folder, "smtpd.conf"),
            string.Create(CultureInfo.InvariantCulture, $$"""
            listen on 127.0.0.1 port {{port}}
            listen on socket
            table everyone { "@" = "nobody" }
            action "keep" maildir "{{folder}}/maildir" virtual <everyone>
            match from any for any action "keep"

            """));
        Run("install", "--directory", "--mode=0700", "--owner=nobody", "--group=nogroup", Path.Combine(folder, "maildir"));
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute | UnixFileMode.GroupExecute);
        var process = CirtProcess.StartProgram("/usr/sbin/smtpd", ["-d", "-v", "-f", Path.Combine(folder, "smtpd.conf")]);
        try
        {
            await process.LineAsync(line => line.Contains("offline scanning done", StringComparison.Ordinal), TimeSpan.FromSeconds(20));
        }
        catch
        {
            await process.DisposeAsync();
            await held.DisposeAsync();
            throw;
        }

        return new(process, held, folder, port);
    }

    /// <summary>Waits until at least <paramref name="count"/> messages lie there, and answers all of them, oldest first.</summary>
    public async Task<IReadOnlyList<string>> MessagesAsync(int count, TimeSpan? patience = null)
    {
        var end = Stopwatch.GetTimestamp() + (long)((patience ?? TimeSpan.FromSeconds(20)).TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            var files = Path.Exists(Path.Combine(Maildir, "new")) ? new DirectoryInfo(Path.Combine(Maildir, "new")).GetFiles() : [];
            if (files.Length >= count)
                return [.. files.OrderBy(file => file.LastWriteTimeUtc).Select(file => File.ReadAllText(file.FullName))];
            if (Stopwatch.GetTimestamp() > end)
                throw new TimeoutException($"{files.Length} of {count} messages arrived; the server says:\n{_process.Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>Stops it and deletes what it kept.</summary>
    public async ValueTask DisposeAsync()
    {
        await Failed.KeepAsync("smtpd.log", _process.Output);
        await _process.StopAsync();
        await _process.DisposeAsync();
        await _held.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<FileStream> LockAsync()
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return new FileStream(s_lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (tries < 1200)
            {
                await Task.Delay(100);
            }
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
