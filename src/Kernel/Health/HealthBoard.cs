using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.Logging;

namespace Appliance.Kernel.Health;

/// <summary>One check with what it saw.</summary>
/// <param name="Name">The probe's name; <c>{Name}.title</c> and <c>{Name}.fix</c> are resource keys.</param>
/// <param name="Reading">What it saw.</param>
/// <param name="Since">When it was first seen in this state; not before the host started.</param>
public sealed record HealthLine(string Name, HealthReading Reading, DateTimeOffset Since);

/// <summary>All checks of one moment.</summary>
/// <param name="State">The worst of them.</param>
/// <param name="At">When they were read.</param>
/// <param name="Lines">By name.</param>
public sealed record HealthReport(HealthState State, DateTimeOffset At, IReadOnlyList<HealthLine> Lines);

/// <summary>Asks all probes at once, each with two seconds, at most once in five seconds however many ask. Thread-safe.</summary>
public sealed class HealthBoard(IEnumerable<IHealthProbe> probes, TimeProvider time, ILogger<HealthBoard> log) : IDisposable
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _one = new(1);
    // Written by whoever holds the semaphore.
    private readonly Dictionary<string, (HealthState State, DateTimeOffset Since)> _entered = new(StringComparer.Ordinal);
    private volatile HealthReport? _last;

    /// <summary>The checks, at most five seconds old.</summary>
    public async Task<HealthReport> ReadAsync(CancellationToken cancel)
    {
        if (Fresh() is { } known)
            return known;
        await _one.WaitAsync(cancel);
        try
        {
            if (Fresh() is { } meanwhile)
                return meanwhile;
            var readings = await Task.WhenAll(probes.Select(p => AskAsync(p, cancel)));
            var now = time.GetUtcNow();
            var lines = readings.Select(r => new HealthLine(r.Name, r.Reading, Entered(r.Name, r.Reading.State, now))).OrderBy(l => l.Name, StringComparer.Ordinal).ToList();
            var report = new HealthReport(lines.Count == 0 ? HealthState.Good : lines.Max(l => l.Reading.State), now, lines);
            _last = report;
            return report;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private HealthReport? Fresh() => _last is { } last && time.GetUtcNow() - last.At < s_fresh && time.GetUtcNow() >= last.At ? last : null;

    private DateTimeOffset Entered(string name, HealthState state, DateTimeOffset now)
    {
        if (!_entered.TryGetValue(name, out var known) || known.State != state)
            _entered[name] = known = (state, now);
        return known.Since;
    }

    private async Task<(string Name, HealthReading Reading)> AskAsync(IHealthProbe probe, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(s_patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        try
        {
            return (probe.Name, await Task.Run(() => probe.ReadAsync(both.Token), both.Token).WaitAsync(both.Token));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (probe.Name, new(HealthState.Failed, "no answer", "2 s") { ValueKey = "kernel.health.no-answer" });
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // A probe that throws has found something: the part it looks at does not answer.
            KernelLog.ProbeFailed(log, probe.Name, fault);
            return (probe.Name, new(HealthState.Failed, "fault") { ValueKey = "kernel.health.fault" });
        }
    }
}

/// <summary>The checks for the health page.</summary>
internal sealed class ReadHealth(HealthBoard board) : Query<Done, HealthReport>
{
    public override Permission Permission => KernelPermissions.ReadHealth;

    protected override async Task<Outcome<HealthReport>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) => await board.ReadAsync(cancel);
}
