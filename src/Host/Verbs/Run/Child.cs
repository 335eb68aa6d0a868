using System.Diagnostics;
using Appliance.Kernel.Data;

namespace Appliance.Host.Verbs.Run;

/// <summary>One of our own processes under <c>cirt run</c>: its lines are printed with its name before them.</summary>
/// <remarks>It lives in a session of its own, so that Ctrl-C reaches it through us and in our order.</remarks>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly Task _output;

    private Child(string name, Process process, Action<string> line)
    {
        (Name, _process) = (name, process);
        _output = Task.WhenAll(CopyAsync(process.StandardOutput, line), CopyAsync(process.StandardError, line));
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>After <see cref="HasEnded"/>.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts <paramref name="program"/>, as <paramref name="user"/> where this process is root.</summary>
    public static Child Start(string name, string program, IReadOnlyList<string> arguments, OrdinaryUser? user, IReadOnlyDictionary<string, string?> environment, Action<string> line, params string[] capabilities)
    {
        var (wrapped, words) = user?.Wrap(program, arguments, capabilities) ?? (program, arguments);
        var start = new ProcessStartInfo("setsid", ["--", wrapped, .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var (key, value) in environment)
            start.Environment[key] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start");
        process.StandardInput.Close();
        return new(name, process, line);
    }

    /// <summary>Waits for its end and the last of its output.</summary>
    public async Task<int> EndAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        await _output.WaitAsync(cancel);
        return _process.ExitCode;
    }

    /// <summary>Asks it to stop, and kills it when <paramref name="patience"/> is over.</summary>
    /// <returns>False when it had to be killed.</returns>
    public async Task<bool> StopAsync(TimeSpan patience)
    {
        if (HasEnded)
            return true;

        using var asked = Process.Start("kill", ["-TERM", $"{Id}"]);
        using var deadline = new CancellationTokenSource(patience);
        try
        {
            await EndAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await EndAsync(CancellationToken.None);
            return false;
        }
    }

    public void Dispose() => _process.Dispose();

    private static async Task CopyAsync(StreamReader from, Action<string> line)
    {
        while (await from.ReadLineAsync() is { } text)
            line(text);
    }
}
