using System.Diagnostics;
using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>One <c>cirt parse</c> process, asked one document at a time. Disposing kills it.</summary>
internal sealed class ParserProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _said = new();

    private ParserProcess(Process process) => _process = process;

    /// <summary>Documents answered.</summary>
    public int Jobs { get; private set; }

    /// <summary>Process number, for the log.</summary>
    public int Id { get; private set; }

    /// <summary>Starts one with an environment that holds nothing of the host's.</summary>
    public static ParserProcess Start(string program)
    {
        var process = new Process { StartInfo = ConfinedStart.Of(program, "parse") };
        var parser = new ParserProcess(process);
        process.ErrorDataReceived += (_, line) => parser.Note(line.Data);
        process.Start();
        process.BeginErrorReadLine();
        parser.Id = process.Id;
        return parser;
    }

    /// <summary>One document. Throws when the process ends, breaks the frame or is too slow; then it must be disposed.</summary>
    public async Task<byte[]> AskAsync(byte kind, ReadOnlyMemory<byte> document, TimeSpan limit, CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(limit);
        try
        {
            await Frames.WriteAsync(_process.StandardInput.BaseStream, kind, document, timeout.Token);
            var answer = await Frames.ReadAsync(_process.StandardOutput.BaseStream, ParseLimits.Bytes, timeout.Token) ?? throw new EndOfStreamException("it ended");
            Jobs++;
            return answer;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ParserFault($"no answer within {limit.TotalSeconds:0} s");
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException or ObjectDisposedException)
        {
            throw new ParserFault(await WhyEndedAsync(fault));
        }
    }

    /// <summary>Memory in use, megabytes.</summary>
    public long Megabytes()
    {
        _process.Refresh();
        return _process.HasExited ? 0 : _process.WorkingSet64 / (1024 * 1024);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Id != 0 && !_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private async Task<string> WhyEndedAsync(Exception fault)
    {
        using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _process.WaitForExitAsync(moment.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited)
            return fault.Message;
        string said;
        lock (_said)
            said = _said.ToString().Trim();
        return $"ended with {_process.ExitCode}{(said.Length > 0 ? $": {said}" : "")}";
    }

    private void Note(string? line)
    {
        lock (_said)
        {
            if (line is not null && _said.Length < 400)
                _said.Append(line.Length > 200 ? line[..200] : line).Append(' ');
        }
    }
}

/// <summary>The parser did not answer one document.</summary>
internal sealed class ParserFault(string message) : Exception(message);
