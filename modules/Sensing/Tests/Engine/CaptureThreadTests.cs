using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

public sealed class CaptureThreadTests
{
    private sealed class Quiet : IEveSink
    {
        public void Write(EveStream stream, ReadOnlySpan<byte> line) { }
        public void Flush() { }
        public void Dispose() { }
    }

    /// <summary>A source whose reader waits for the gate.</summary>
    private sealed class Gated(ManualResetEventSlim gate) : ILiveSource
    {
        public string Method => "test";
        public long KernelPackets => 0;
        public long KernelDrops => 0;

        public bool Poll(ref RawPacket packet, int milliseconds)
        {
            gate.Wait();
            Thread.Yield();
            return false;
        }

        public void Dispose() { }
    }

    private static RuleSet Rules() => new([], [], new NameTable(), false);

    [Fact]
    public void A_thread_that_cannot_change_its_rules_says_so_and_keeps_the_old_ones()
    {
        using var gate = new ManualResetEventSlim(false);
        RuleSet first = Rules(), second = Rules(), third = Rules();
        using var thread = new CaptureThread("test0", new Gated(gate), new EngineSettings(), first, new Quiet()) { Patience = TimeSpan.FromMilliseconds(100) };
        Assert.True(SpinWait.SpinUntil(() => !thread.IsDoneWith(first), TimeSpan.FromSeconds(30)));
        // the first look at new rules may still be ahead of the first wait
        _ = thread.Use(second);
        Assert.False(thread.Use(third));
        Assert.False(thread.IsDoneWith(third));
        gate.Set();
        Assert.True(SpinWait.SpinUntil(() => thread.IsDoneWith(first) && thread.IsDoneWith(second), TimeSpan.FromSeconds(30)));
        Assert.False(thread.IsDoneWith(third));
        Assert.True(thread.Use(first));
        Assert.True(thread.IsDoneWith(third));
    }
}
