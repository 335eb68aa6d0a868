namespace Appliance.Kernel.Health.Acceptance;

/// <summary>What a machine of one size must bring. The hardware page of the documents says the same.</summary>
/// <param name="Name">lite, standard or enhanced.</param>
/// <param name="Cores">Processors.</param>
/// <param name="MemoryMiB">Memory; a machine that is sold with 4 GB shows some less.</param>
/// <param name="DiskGiB">Size of the disk that holds the data.</param>
/// <param name="WriteMiBPerSecond">Writing one large file.</param>
/// <param name="SyncMilliseconds">Longest of nineteen in twenty small writes that must be on the disk: what a commit waits for.</param>
/// <param name="PacketsPerSecond">Packets of 512 bytes that the packet engine takes in.</param>
/// <param name="LinkMegabits">Speed of the capture port.</param>
public sealed record MachineSize(string Name, int Cores, int MemoryMiB, int DiskGiB, int WriteMiBPerSecond, int SyncMilliseconds, int PacketsPerSecond, int LinkMegabits)
{
    /// <summary>All sizes, the smallest first.</summary>
    public static IReadOnlyList<MachineSize> All { get; } =
    [
        new("lite", 2, 3_600, 100, 80, 20, 40_000, 100),
        new("standard", 4, 15_000, 500, 200, 8, 120_000, 1_000),
        new("enhanced", 8, 60_000, 2_000, 400, 4, 300_000, 10_000),
    ];
}

/// <summary>One measurement against a size.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Measured">The figure with its unit.</param>
/// <param name="Wanted">What the size wants.</param>
/// <param name="IsEnough">Whether it suffices.</param>
/// <param name="Change">What to change where it does not.</param>
public sealed record AcceptanceReading(string What, string Measured, string Wanted, bool IsEnough, string Change);

/// <summary>Measures one thing on the target for <c>cirt doctor --acceptance</c>. May load the machine for some seconds; leaves nothing behind.</summary>
public interface IAcceptanceCheck
{
    /// <summary>Measures.</summary>
    Task<IReadOnlyList<AcceptanceReading>> MeasureAsync(MachineSize size, CancellationToken cancel);
}
