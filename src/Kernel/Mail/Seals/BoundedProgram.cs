using System.Diagnostics;

namespace Appliance.Kernel.Mail;

/// <summary>Runs a program of the distribution without a shell and with an empty environment, bounded in time and output.</summary>
internal static class BoundedProgram
{
    private const int Seconds = 20;

    private const long MostOutput = 50L * 1024 * 1024;

    /// <summary>Runs it with <paramref name="input"/> on standard input. Throws <see cref="TimeoutException"/> when it takes too long or writes too much.</summary>
    public static async Task<(int Exit, byte[] Output, string Errors)> RunAsync(string program, string home, IEnumerable<string> arguments, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = "/" };
        start.Environment.Clear();
        start.Environment["GNUPGHOME"] = home;
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["LANG"] = "C.UTF-8";
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(TimeSpan.FromSeconds(Seconds));
        using var process = new Process { StartInfo = start };
        process.Start();
        try
        {
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            var output = ReadAsync(process.StandardOutput.BaseStream, timeout.Token);
            await FeedAsync(process, input, timeout.Token);
            var bytes = await output;
            var said = await errors;
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, bytes, said);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"{Path.GetFileName(program)} did not answer within {Seconds} s");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static async Task FeedAsync(Process process, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, cancel);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has seen enough and closed its end; its answer says why.
            process.StandardInput.BaseStream.Dispose();
        }
    }

    private static async Task<byte[]> ReadAsync(Stream output, CancellationToken cancel)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[65536];
        int read;
        while ((read = await output.ReadAsync(buffer, cancel)) > 0)
        {
            if (kept.Length + read > MostOutput)
                throw new TimeoutException($"more than {MostOutput} bytes came out");
            kept.Write(buffer, 0, read);
        }
        return kept.ToArray();
    }
}
