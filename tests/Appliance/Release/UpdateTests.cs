using Xunit;

namespace Appliance.Image.Tests.Release;

/// <summary>An update into the idle slot of a disk file, by the machine's own script; and every file that it must refuse.</summary>
public sealed class UpdateTests
{
    private static readonly string[] s_tools = ["sgdisk", "sfdisk", "openssl", "tar", "flock"];

    [Fact]
    public async Task An_update_lands_in_the_idle_slot_is_tried_three_times_and_kept_once_healthy()
    {
        using var scratch = new Scratch();
        var file = await MachineAsync(scratch);

        var (code, said) = await UpdateAsync(scratch, file);

        Assert.True(code == 0, said);
        Assert.Equal(["cirt-1.0.0.efi", "cirt-1.1.0+3.efi"], Entries(scratch));
        Assert.Equal(Root, await SlotAsync(scratch, "root_B", Root.Length));
        Assert.Equal(new string('\0', Root.Length), await SlotAsync(scratch, "root_A", Root.Length));
        Assert.Contains("01234567-89ab-cdef-0123-456789abcdef", (await Tool.DemandAsync("sgdisk", "--info=4", scratch.At("disk"))).ToLowerInvariant(), StringComparison.Ordinal);

        // Another one has to wait until this one has proved itself.
        Assert.Contains("still being tried", (await UpdateAsync(scratch, file)).Output, StringComparison.Ordinal);
        await BlessAsync(scratch, "1.1.0", healthy: true);
        Assert.Equal(["cirt-1.0.0.efi", "cirt-1.1.0.efi"], Entries(scratch));
    }

    [Fact]
    public async Task A_release_that_never_answers_is_not_kept_and_the_fall_back_says_why()
    {
        using var scratch = new Scratch();
        Assert.Equal(0, (await UpdateAsync(scratch, await MachineAsync(scratch))).Code);

        await BlessAsync(scratch, "1.1.0", healthy: false);
        Assert.Contains("cirt-1.1.0+3.efi", Entries(scratch));
        await BlessAsync(scratch, "1.0.0", healthy: true);
        Assert.Contains("1.1.0 did not become healthy; 1.0.0 runs again", await File.ReadAllTextAsync(scratch.At("state", "fallback.log"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("older")]
    [InlineData("stranger")]
    [InlineData("manifest")]
    [InlineData("root")]
    [InlineData("kernel")]
    [InlineData("cut")]
    [InlineData("product")]
    [InlineData("large")]
    [InlineData("pipe")]
    [InlineData("gigabyte")]
    public async Task A_file_that_is_not_what_was_signed_leaves_the_running_release_alone(string how)
    {
        using var scratch = new Scratch();
        var file = await MachineAsync(scratch, how);

        var (code, said) = await UpdateAsync(scratch, file);

        Assert.True(code != 0, said);
        Assert.Equal(["cirt-1.0.0.efi"], Entries(scratch));
        Assert.Equal(new string('\0', Root.Length), await SlotAsync(scratch, "root_A", Root.Length));
        Assert.False(File.Exists(scratch.At("state", "updates.log")));
    }

    [Theory]
    [InlineData("", "done", "is tried at the next start")]
    [InlineData("stranger", "refused", "No key of this machine signed it")]
    public async Task A_release_from_the_console_is_taken_once_and_its_fate_told(string how, string word, string said)
    {
        using var scratch = new Scratch();
        var file = await MachineAsync(scratch, how);
        Directory.CreateDirectory(scratch.At("in"));
        Directory.CreateDirectory(scratch.At("told"));
        File.Move(file, scratch.At("in", "release.update"));

        await TakeAsync(scratch);

        var told = await File.ReadAllLinesAsync(scratch.At("told", "result"), TestContext.Current.CancellationToken);
        Assert.Equal(word, told[0]);
        Assert.Contains(told, l => l.Contains(said, StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(scratch.At("in")));
    }

    [Fact]
    public async Task A_link_that_the_host_planted_is_removed_and_not_followed()
    {
        using var scratch = new Scratch();
        var file = await MachineAsync(scratch);
        Directory.CreateDirectory(scratch.At("in"));
        Directory.CreateDirectory(scratch.At("told"));
        File.CreateSymbolicLink(scratch.At("in", "release.update"), file);

        await TakeAsync(scratch);

        Assert.Empty(Directory.GetFiles(scratch.At("in")));
        Assert.Empty(Directory.GetFiles(scratch.At("told")));
        Assert.Equal(["cirt-1.0.0.efi"], Entries(scratch));
        Assert.True(File.Exists(file));
    }

    private static Task TakeAsync(Scratch scratch) => Tool.RunAsync(
        "bash",
        [Tool.At("update", "take")],
        new Dictionary<string, string>(Places(scratch, "1.0.0")) { ["CIRT_TAKE_IN"] = scratch.At("in"), ["CIRT_TAKE_TOLD"] = scratch.At("told"), ["CIRT_TAKE_UPDATE"] = Tool.At("update", "update") });

    private const string Root = "the root of release 1.1.0";
    private const string Hash = "0123456789abcdef0123456789abcdeffedcba9876543210fedcba9876543210";

    private static string[] Entries(Scratch scratch) => [.. Directory.GetFiles(scratch.At("esp", "EFI", "Linux")).Select(f => Path.GetFileName(f)!).Where(f => f[0] != '.').Order(StringComparer.Ordinal)];

    private static Task<(int Code, string Output)> UpdateAsync(Scratch scratch, string file) => Tool.RunAsync("bash", [Tool.At("update", "update"), file], Places(scratch, "1.0.0"));

    private static Task BlessAsync(Scratch scratch, string running, bool healthy) => Tool.RunAsync(
        "bash",
        [Tool.At("update", "bless")],
        new Dictionary<string, string>(Places(scratch, running)) { ["CIRT_BLESS_ANSWERS"] = healthy ? "0" : "1", ["CIRT_BLESS_TRIES"] = healthy ? "1" : "0" });

    private static Dictionary<string, string> Places(Scratch scratch, string running) => new()
    {
        ["CIRT_UPDATE_DISK"] = scratch.At("disk"),
        ["CIRT_UPDATE_ESP"] = scratch.At("esp"),
        ["CIRT_UPDATE_KEYS"] = scratch.At("keys"),
        ["CIRT_UPDATE_RUNNING"] = running,
        ["CIRT_UPDATE_STATE"] = scratch.At("state"),
        ["CIRT_UPDATE_ACTIVE"] = "A",
    };

    private static async Task<string> SlotAsync(Scratch scratch, string name, int length)
    {
        var start = (await Tool.DemandAsync("sfdisk", "--dump", scratch.At("disk"))).Split('\n').Single(l => l.Contains($"\"{name}\"", StringComparison.Ordinal)).Split("start=")[1].Split(',')[0];
        await using var stream = File.OpenRead(scratch.At("disk"));
        stream.Seek(long.Parse(start, System.Globalization.CultureInfo.InvariantCulture) * 512, SeekOrigin.Begin);
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes);
        return System.Text.Encoding.ASCII.GetString(bytes);
    }

    /// <summary>A disk with two empty slots, a boot partition with release 1.0.0, a key, and an update that is sound or not.</summary>
    private static async Task<string> MachineAsync(Scratch scratch, string how = "")
    {
        Tool.Need(s_tools);
        await Tool.DemandAsync("truncate", "-s", "64M", scratch.At("disk"));
        await Tool.DemandAsync("sgdisk", "--clear", "--new=1:0:+8M", "--change-name=1:esp", "--new=2:0:+8M", "--change-name=2:root_A", "--new=3:0:+2M", "--change-name=3:verity_A", "--new=4:0:+8M", "--change-name=4:root_B", "--new=5:0:+2M", "--change-name=5:verity_B", "--new=6:0:0", "--change-name=6:state", scratch.At("disk"));
        scratch.Write("esp/EFI/Linux/cirt-1.0.0.efi", "running");
        foreach (var name in new[] { "ours", "stranger" })
        {
            await Tool.DemandAsync("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", scratch.At(name));
            Directory.CreateDirectory(scratch.At("keys"));
            if (name == "ours")
                await Tool.DemandAsync("openssl", "pkey", "-in", scratch.At(name), "-pubout", "-out", scratch.At("keys", "release.pub"));
        }
        scratch.Write("parts/root.erofs", how == "large" ? new string('x', 9 * 1024 * 1024) : Root);
        scratch.Write("parts/root.verity", "tree");
        scratch.Write("parts/cirt.efi", "kernel");
        var lines = new List<string> { $"product {(how == "product" ? "another" : "cirt-appliance")}", $"version {(how == "older" ? "0.9.0" : "1.1.0")}", $"roothash {Hash}" };
        foreach (var part in new[] { "root.erofs", "root.verity", "cirt.efi" })
            lines.Add($"file {part} {new FileInfo(scratch.At("parts", part)).Length} {(await Tool.DemandAsync("sha256sum", scratch.At("parts", part))).Split(' ')[0]}");
        scratch.Write("parts/manifest", string.Join('\n', lines) + "\n");
        await Tool.DemandAsync("openssl", "dgst", "-sha256", "-sign", scratch.At(how == "stranger" ? "stranger" : "ours"), "-out", scratch.At("parts", "manifest.sig"), scratch.At("parts", "manifest"));
        if (how is "manifest" or "root" or "kernel")
            await File.AppendAllTextAsync(scratch.At("parts", how switch { "root" => "root.erofs", "kernel" => "cirt.efi", _ => "manifest" }), how == "manifest" ? "version 9.9.9\n" : "x");
        if (how == "root")
            scratch.Write("parts/root.erofs", Root.Replace('1', '2'));
        if (how == "pipe")
        {
            File.Delete(scratch.At("parts", "manifest"));
            await Tool.DemandAsync("mkfifo", scratch.At("parts", "manifest"));
        }
        if (how == "gigabyte")
            await Tool.DemandAsync("truncate", "-s", "1G", scratch.At("parts", "manifest"));
        string[] parts = how == "cut" ? ["manifest", "manifest.sig", "root.erofs"] : ["manifest", "manifest.sig", "root.erofs", "root.verity", "cirt.efi"];
        await Tool.DemandAsync("tar", ["-C", scratch.At("parts"), "-cf", scratch.At("file.update"), .. parts]);
        return scratch.At("file.update");
    }
}
