using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Mail.Parse;
using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Print;

/// <summary>Makes PDF of documents, each in a process of its own: what strangers wrote is shaped by native libraries. Two at a time, others wait. Thread-safe.</summary>
public sealed class PdfPrinter(ILogger<PdfPrinter> log) : IDisposable
{
    private const int MostBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _two = new(2);

    /// <summary>The file's bytes, or why there are none.</summary>
    public async Task<Outcome<byte[]>> PrintAsync(PrintDocument document, CancellationToken cancel)
    {
        var input = JsonSerializer.SerializeToUtf8Bytes(document, PrintVerb.Json);
        if (input.Length > PrintVerb.MostBytes)
            return Refuse.Invalid("kernel.refused.print", null, $"{input.Length} > {PrintVerb.MostBytes} bytes");
        await _two.WaitAsync(cancel);
        try
        {
            return await RunAsync(input, cancel);
        }
        catch (Exception fault) when (fault is IOException or Win32Exception or TimeoutException)
        {
            KernelLog.PrintFailed(log, fault.Message);
            return Refuse.Unavailable("kernel.refused.print", fault.Message);
        }
        finally
        {
            _two.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _two.Dispose();

    private static async Task<byte[]> RunAsync(byte[] input, CancellationToken cancel)
    {
        using var process = new Process { StartInfo = ConfinedStart.Of(Path.Combine(AppContext.BaseDirectory, "cirt"), "print") };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(s_patience);
        process.Start();
        try
        {
            var said = process.StandardError.ReadToEndAsync(limit.Token);
            var output = ReadAsync(process.StandardOutput.BaseStream, limit.Token);
            // One that ended early says why by itself.
            await process.StandardInput.BaseStream.WriteAsync(input, limit.Token).AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            process.StandardInput.BaseStream.Dispose();
            var file = await output;
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0 ? file : throw new IOException((await said).Trim() is { Length: > 0 } why ? why : $"the printer ended with {process.ExitCode}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"the printer did not end within {s_patience.TotalSeconds:0} s");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static async Task<byte[]> ReadAsync(Stream output, CancellationToken cancel)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[65536];
        int read;
        while ((read = await output.ReadAsync(buffer, cancel)) > 0)
        {
            kept.Write(buffer, 0, read);
            if (kept.Length > MostBytes)
                throw new IOException($"the file has more than {MostBytes} bytes");
        }
        return kept.ToArray();
    }
}
