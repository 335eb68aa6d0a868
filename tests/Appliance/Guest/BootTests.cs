using Xunit;

namespace Appliance.Image.Tests.Guest;

/// <summary>Starts that must not, or not only, go well. <c>--long</c> alone runs these.</summary>
public sealed class BootTests
{
    [Fact]
    public async Task A_root_with_one_byte_changed_is_not_run_from()
    {
        Assert.SkipUnless(Guest.Absence is null, Guest.Absence ?? "");
        // The superblock: it is read before anything else of the root, so the machine stops in the initrd.
        await using var guest = new Guest("tampered", new Dictionary<string, string> { ["CIRT_TRY_FLIP"] = "1100" });
        await guest.StartAsync();
        Assert.True(await guest.SaysAsync("data block 0 is corrupted", Guest.Patience), guest.Serial);
        Assert.False(await guest.SaysAsync("initrd-switch-root", TimeSpan.FromMinutes(2)), "the changed root was run from");
    }
}
