using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Appliance.Bench;

/// <summary>Runs of the peer, each kept under artifacts by what went into it, so that a second look at the same captures and rules costs nothing.</summary>
internal sealed class PeerRuns(string command, string folder)
{
    private static readonly string[] s_quiet = ["-k", "none", "--runmode", "single"];

    /// <summary>The log of run number <paramref name="run"/> over one capture.</summary>
    /// <param name="rules">None: detection is off.</param>
    /// <param name="more">More of the command line, such as --set.</param>
    /// <exception cref="InvalidOperationException">It did not end well.</exception>
    public async Task<string> OfAsync(string capture, string? rules, int run, IReadOnlyList<string> more)
    {
        string place = Path.Combine(folder, Key([capture], rules, more), $"run{run}");
        string log = Path.Combine(place, "eve.json");
        if (File.Exists(Path.Combine(place, "done")))
            return log;
        if (Directory.Exists(place))
            Directory.Delete(place, recursive: true);
        Directory.CreateDirectory(place);
        await RunAsync(command, ["-r", capture, "-l", place, .. s_quiet, .. Detection(rules), .. more]);
        await File.WriteAllTextAsync(Path.Combine(place, "done"), "");
        return log;
    }

    /// <summary>The folder that holds a log for each capture, each met by a peer that has seen nothing else: one process fed through its socket.</summary>
    /// <param name="root">The captures lie below it.</param>
    /// <param name="captures">Paths relative to <paramref name="root"/>.</param>
    public async Task<string> OfEachAsync(string root, IReadOnlyList<string> captures, string? rules, IReadOnlyList<string> more)
    {
        string place = Path.Combine(folder, Key(captures.Select(c => Path.Combine(root, c)), rules, more), "each");
        if (File.Exists(Path.Combine(place, "done")))
            return place;
        for (int next = 0; next < captures.Count;)
            next = await FeedAsync(root, captures, next, place, rules, more);
        await File.WriteAllTextAsync(Path.Combine(place, "done"), "");
        return place;
    }

    /// <summary>Feeds a process until all captures are done, or it breaks down: then with the one after the capture that broke it begins the next.</summary>
    private async Task<int> FeedAsync(string root, IReadOnlyList<string> captures, int first, string place, string? rules, IReadOnlyList<string> more)
    {
        Directory.CreateDirectory(place);
        // the path of a socket is short
        string socket = Path.Combine(Path.GetTempPath(), $"cirt-peer-{Environment.ProcessId}.socket");
        File.Delete(socket);
        using Process process = Start(command, [$"--unix-socket={socket}", "-l", place, .. s_quiet, "--set", "runmode=single", .. Detection(rules), .. more]);
        int next = first;
        try
        {
            using PeerSocket talk = await PeerSocket.ConnectAsync(socket, process);
            for (; next < captures.Count; next++)
            {
                string into = Path.Combine(place, captures[next]);
                Directory.CreateDirectory(into);
                await talk.ReplayAsync(Path.Combine(root, captures[next]), into);
            }

            await talk.AskAsync("shutdown");
        }
        catch (IOException)
        {
            Console.WriteLine($"  The peer broke down over {captures[next]}; it starts anew with what follows.");
            next++;
        }

        await process.WaitForExitAsync();
        File.Delete(socket);
        return next;
    }

    private static string[] Detection(string? rules) => rules is null ? ["--disable-detection"] : ["-S", rules];

    /// <summary>Runs a program of Suricata's command line to its end.</summary>
    public static async Task RunAsync(string command, IEnumerable<string> line)
    {
        using Process process = Start(command, line);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{command} ended with {process.ExitCode}: {process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)}");
    }

    private static Process Start(string command, IEnumerable<string> line)
    {
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var process = new Process { StartInfo = new ProcessStartInfo(words[0], [.. words[1..], .. line]) { RedirectStandardOutput = true, RedirectStandardError = true } };
        // what it says is in its own log; a full pipe would stop it
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static string Key(IEnumerable<string> captures, string? rules, IReadOnlyList<string> more)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in captures.Append(rules).OfType<string>())
        {
            using FileStream content = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(content));
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
        }

        // the words that name files below the kit differ from machine to machine; what they set does not
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join(' ', more.Select(word => word.Split('=')[0]))));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
