using Appliance.Kernel.Health;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Kernel.Tests.Health;

public sealed class HealthBoardTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Worst_probe_decides_and_a_fault_or_silence_is_a_failed_check()
    {
        using var board = new HealthBoard(
            [
                new Probe("a.good", _ => Task.FromResult(new HealthReading(HealthState.Good, "1"))),
                new Probe("b.throws", _ => throw new InvalidOperationException("secret detail")),
                new Probe("c.silent", async cancel =>
                {
                    await Task.Delay(Timeout.Infinite, CancellationToken.None).WaitAsync(CancellationToken.None);
                    cancel.ThrowIfCancellationRequested();
                    return new HealthReading(HealthState.Good, "never");
                }),
            ],
            TimeProvider.System,
            NullLogger<HealthBoard>.Instance);

        var report = await board.ReadAsync(Cancel);

        Assert.Equal(HealthState.Failed, report.State);
        Assert.Equal(["a.good", "b.throws", "c.silent"], report.Lines.Select(l => l.Name));
        Assert.Equal([HealthState.Good, HealthState.Failed, HealthState.Failed], report.Lines.Select(l => l.Reading.State));
        Assert.DoesNotContain(report.Lines, l => l.Reading.Value.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_check_says_since_when_it_stands_as_it_does()
    {
        var clock = new SteppedClock();
        var state = HealthState.Good;
        using var board = new HealthBoard([new Probe("a.check", _ => Task.FromResult(new HealthReading(state, "1")))], clock, NullLogger<HealthBoard>.Instance);
        var start = clock.GetUtcNow();

        Assert.Equal(start, (await board.ReadAsync(Cancel)).Lines[0].Since);
        clock.Now = start.AddMinutes(1);
        Assert.Equal(start, (await board.ReadAsync(Cancel)).Lines[0].Since);
        state = HealthState.Failed;
        clock.Now = start.AddMinutes(2);
        Assert.Equal(start.AddMinutes(2), (await board.ReadAsync(Cancel)).Lines[0].Since);
        clock.Now = start.AddMinutes(3);
        Assert.Equal(start.AddMinutes(2), (await board.ReadAsync(Cancel)).Lines[0].Since);
        state = HealthState.Good;
        clock.Now = start.AddMinutes(4);
        Assert.Equal(start.AddMinutes(4), (await board.ReadAsync(Cancel)).Lines[0].Since);
    }

    [Fact]
    public async Task Many_who_ask_at_once_are_answered_from_one_look()
    {
        var looks = 0;
        using var board = new HealthBoard(
            [new Probe("a", async cancel =>
            {
                Interlocked.Increment(ref looks);
                await Task.Delay(50, cancel);
                return new HealthReading(HealthState.Good, "1");
            })],
            TimeProvider.System,
            NullLogger<HealthBoard>.Instance);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => board.ReadAsync(Cancel)));

        Assert.Equal(1, looks);
    }

    private sealed class Probe(string name, Func<CancellationToken, Task<HealthReading>> read) : IHealthProbe
    {
        public string Name => name;

        public Task<HealthReading> ReadAsync(CancellationToken cancel) => read(cancel);
    }

    private sealed class SteppedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
