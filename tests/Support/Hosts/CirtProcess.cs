using System.Collections.Concurrent;
using System.Diagnostics;

namespace Appliance.Tests;

/// <summary>A real process of the product: one verb, its output kept, stopped softly or killed.</summary>
public sealed class CirtProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Task _read;
    private TaskCompletionSource _news = New();

    private CirtProcess(Process process)
    {
        _process = process;
        _read = Task.WhenAll(KeepAsync(process.StandardOutput), KeepAsync(process.StandardError));
    }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>True once it ended, by whatever means.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Everything it wrote so far, both streams in the order of arrival.</summary>
    public string Output => string.Join('\n', _lines);

    /// <summary>Starts <c>cirt</c> with <paramref name="arguments"/>.</summary>
    /// <param name="arguments">The verb and its options.</param>
    /// <param name="environment">Set on top of ours; null removes.</param>
    public static CirtProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        StartProgram(Checkout.Cirt, arguments, environment);

    /// <summary>Starts another program under the same care.</summary>
    public static CirtProcess StartProgram(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new(process);
    }

    /// <summary>Runs <c>cirt</c> to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        await using var process = Start(arguments, environment);
        return (await process.EndAsync(TimeSpan.FromMinutes(2)), process.Output);
    }

    /// <summary>Waits for a line that <paramref name="wanted"/> accepts; fails with the whole output when the process ends or the time is over.</summary>
    public async Task<string> LineAsync(Func<string, bool> wanted, TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        while (true)
        {
            var news = Volatile.Read(ref _news).Task;
            if (_lines.FirstOrDefault(wanted) is { } line)
                return line;
            if (_read.IsCompleted)
                throw new InvalidOperationException($"the process ended with {await EndAsync(patience)} before it said what was waited for:\n{Output}");
            try
            {
                await Task.WhenAny(news, _read).WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"not said within {patience.TotalSeconds:0} s; said:\n{Output}");
            }
        }
    }

    /// <summary>Waits for its end and answers the exit code.</summary>
    public async Task<int> EndAsync(TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"did not end within {patience.TotalSeconds:0} s; said:\n{Output}");
        }

        await _read;
        return _process.ExitCode;
    }

    /// <summary>Asks it to stop, as the service manager would, and answers the exit code.</summary>
    public async Task<int> StopAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }

        return await EndAsync(TimeSpan.FromSeconds(40));
    }

    /// <summary>Ends it the hard way, as a power cut would, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Kills what still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task KeepAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            _lines.Enqueue(line);
            Interlocked.Exchange(ref _news, New()).SetResult();
        }
    }
}
