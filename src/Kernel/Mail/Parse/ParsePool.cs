using System.Collections.Concurrent;
using System.ComponentModel;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>What came of one document: JSON, or why there is none.</summary>
/// <param name="Json">The parser's answer, or null.</param>
/// <param name="Fault">Why there is none.</param>
internal sealed record ParseResult(byte[]? Json, string? Fault);

/// <summary>
/// A few warmed-up parser processes. One that is slow, dies or grows is killed and replaced; the document is then tried once more, alone in a fresh process, and
/// after that given up, so that the caller quarantines it. Thread-safe.
/// </summary>
internal sealed class ParsePool(IOptionsMonitor<MailOptions> options, ILogger<ParsePool> log) : IDisposable
{
    private readonly SemaphoreSlim _room = new(options.CurrentValue.ParserProcesses);
    private readonly ConcurrentBag<ParserProcess> _idle = [];
    private int _closed;

    /// <summary>Starts the processes, so that the first message finds one warm. Failure is left to the first document.</summary>
    public Task WarmAsync(CancellationToken cancel) =>
        Task.WhenAll(Enumerable.Range(0, options.CurrentValue.ParserProcesses).Select(_ => AskAsync(Frames.Ready, default, cancel)));

    /// <summary>Parses one message.</summary>
    public async Task<(ParsedMail? Mail, string? Fault)> MailAsync(ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        var result = await AskAsync(Frames.Mail, message, cancel);
        if (result.Json is null)
            return (null, result.Fault);
        var mail = JsonSerializer.Deserialize<ParsedMail>(result.Json, ParseVerb.Json);
        return mail?.Tree is null ? (null, "no message can be seen in it") : (mail, null);
    }

    /// <summary>One document of one kind.</summary>
    public async Task<ParseResult> AskAsync(byte kind, ReadOnlyMemory<byte> document, CancellationToken cancel)
    {
        await _room.WaitAsync(cancel);
        try
        {
            try
            {
                return new(await OnceAsync(kind, document, fresh: false, cancel), null);
            }
            catch (ParserFault)
            {
                // Once more in a process that has seen nothing else: the fault may have been its neighbour's.
                return new(await OnceAsync(kind, document, fresh: true, cancel), null);
            }
        }
        catch (ParserFault fault)
        {
            return new(null, fault.Message);
        }
        finally
        {
            _room.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Interlocked.Exchange(ref _closed, 1);
        while (_idle.TryTake(out var parser))
            parser.Dispose();
        _room.Dispose();
    }

    private async Task<byte[]> OnceAsync(byte kind, ReadOnlyMemory<byte> document, bool fresh, CancellationToken cancel)
    {
        var settings = options.CurrentValue;
        if (fresh || !_idle.TryTake(out var parser))
            parser = Start(settings);
        var keep = false;
        try
        {
            // Starting takes part of the first answer's time.
            var answer = await parser.AskAsync(kind, document, TimeSpan.FromSeconds(settings.ParseSeconds + (parser.Jobs == 0 ? 10 : 0)), cancel);
            var megabytes = parser.Megabytes();
            keep = !fresh && parser.Jobs < settings.ParserJobs && megabytes <= settings.ParserMegabytes && Volatile.Read(ref _closed) == 0;
            return answer;
        }
        catch (ParserFault fault)
        {
            KernelLog.ParserReplaced(log, parser.Id, fault.Message);
            throw;
        }
        finally
        {
            if (keep)
                _idle.Add(parser);
            else
                parser.Dispose();
        }
    }

    private static ParserProcess Start(MailOptions settings)
    {
        var program = settings.Parser.Length > 0 ? settings.Parser : Path.Combine(AppContext.BaseDirectory, "cirt");
        try
        {
            return ParserProcess.Start(program);
        }
        catch (Win32Exception fault)
        {
            throw new ParserFault($"{program} cannot be started: {fault.Message}");
        }
    }
}
