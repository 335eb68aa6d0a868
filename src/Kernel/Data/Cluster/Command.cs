using System.ComponentModel;
using System.Diagnostics;

namespace Appliance.Kernel.Data;

/// <summary>Runs one short program of the distribution to its end, without a shell, and returns what it said.</summary>
internal static class Command
{
    /// <summary>The exit code, standard output and standard error of a program that ended.</summary>
    internal sealed record Answer(int Code, string Output, string Error)
    {
        /// <summary>The program's own words, on one line.</summary>
        public string Words => string.Join("; ", (Error + "\n" + Output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct());
    }

    internal static async Task<Answer> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancel)
    {
        using var process = Begin(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        try
        {
            await process.WaitForExitAsync(cancel);
            return new(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>For the end of a process, where nothing can be awaited, and for answers that take a millisecond.</summary>
    internal static Answer Run(string program, IEnumerable<string> arguments)
    {
        using var process = Begin(program, arguments);
        // Standard error first would block on a full output pipe, so one of the two is read beside.
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    private static Process Begin(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        try
        {
            var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception absent)
        {
            throw new OperatorFault(
                "A program of the operating system is missing.",
                $"{program}: {absent.Message}.",
                $"Install the package that holds it (apt-file search bin/{Path.GetFileName(program)}), then start again.",
                absent);
        }
    }
}
