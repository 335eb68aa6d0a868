using Xunit;

namespace Appliance.Image.Tests.Disk;

/// <summary>The disk as the shipped script writes it, from a tree of a few files: the same steps as for the real one, in seconds.</summary>
public sealed class DiskTests
{
    private static readonly string[] s_tools = ["mkfs.erofs", "veritysetup", "mformat", "sgdisk", "mke2fs", "objcopy", "python3"];

    [Fact]
    public async Task The_table_has_six_partitions_and_the_root_proves_its_hash_until_a_byte_is_changed()
    {
        using var scratch = new Scratch();
        var hash = await MakeAsync(scratch, "one");

        var table = await Tool.DemandAsync("sgdisk", "--print", scratch.At("one", "cirt-0.0.0.img"));
        foreach (var name in new[] { "esp", "root_A", "verity_A", "root_B", "verity_B", "state" })
            Assert.Contains($" {name}\n", table, StringComparison.Ordinal);
        Assert.Contains(hash[..8], (await Tool.DemandAsync("sgdisk", "--info=2", scratch.At("one", "cirt-0.0.0.img"))).ToLowerInvariant(), StringComparison.Ordinal);

        var (root, tree) = (scratch.At("one", "root.erofs"), scratch.At("one", "root.verity"));
        await Tool.DemandAsync("veritysetup", "verify", root, tree, hash);
        await using (var stream = new FileStream(root, FileMode.Open))
        {
            stream.Seek(4000, SeekOrigin.Begin);
            var was = stream.ReadByte();
            stream.Seek(4000, SeekOrigin.Begin);
            stream.WriteByte((byte)(was ^ 1));
        }
        Assert.NotEqual(0, (await Tool.RunAsync("veritysetup", ["verify", root, tree, hash])).Code);
    }

    [Fact]
    public async Task The_same_inputs_give_the_same_root_hash()
    {
        using var scratch = new Scratch();
        var first = await MakeAsync(scratch, "one");
        Assert.Equal(first, await MakeAsync(scratch, "two"));
        Assert.NotEqual(first, await MakeAsync(scratch, "three", "another word"));
    }

    [Fact]
    public async Task The_state_takes_the_rest_of_a_larger_disk_and_nothing_else_moves()
    {
        Tool.Need("systemd-repart", "sfdisk");
        using var scratch = new Scratch();
        await MakeAsync(scratch, "one");
        var disk = scratch.At("one", "cirt-0.0.0.img");
        var before = await PartitionsAsync(disk);
        await Tool.DemandAsync("truncate", "-s", "+1G", disk);

        var (code, said) = await GrowAsync(disk);
        Assert.True(code == 0, said);
        var after = await PartitionsAsync(disk);
        Assert.Equal(before[..^1], after[..^1]);
        Assert.Equal(before[^1].Start, after[^1].Start);
        Assert.InRange(after[^1].Sectors - before[^1].Sectors, 2 * 1020 * 1024, 2 * 1024 * 1024);

        Assert.Equal(0, (await GrowAsync(disk)).Code);
        Assert.Equal(after, await PartitionsAsync(disk));
    }

    [Fact]
    public async Task A_disk_that_cannot_be_changed_is_used_as_it_is()
    {
        Tool.Need("systemd-repart");
        using var scratch = new Scratch();
        await File.WriteAllTextAsync(scratch.At("disk"), "no partitions", TestContext.Current.CancellationToken);
        var (code, said) = await GrowAsync(scratch.At("disk"));
        Assert.Equal(0, code);
        Assert.Contains("stays as it is", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slow_disk_has_a_quarter_of_an_hour_to_appear()
    {
        var overlay = File.ReadAllText(Tool.At("image", "overlay.sh"));
        Assert.Matches("PARTLABEL=state /var ext4 [^ ]*x-systemd.device-timeout=15min", overlay);
        Assert.Matches("PARTLABEL=state /var ext4 [^ ]*x-systemd.growfs", overlay);
    }

    private static Task<(int Code, string Output)> GrowAsync(string disk) =>
        Tool.RunAsync("bash", [Tool.At("firstboot", "grow")], new Dictionary<string, string> { ["CIRT_GROW_DISK"] = disk, ["CIRT_GROW_PART"] = disk, ["CIRT_GROW_DEFINITIONS"] = Tool.At("systemd", "repart") });

    private static async Task<(string Name, long Start, long Sectors)[]> PartitionsAsync(string disk)
    {
        static string Of(string line, string key) => line.Split(key)[1].Split(',')[0].Trim().Trim('"');
        var lines = (await Tool.DemandAsync("sfdisk", "--dump", disk)).Split('\n').Where(l => l.Contains("start=", StringComparison.Ordinal));
        return [.. lines.Select(l => (Of(l, "name="), long.Parse(Of(l, "start="), System.Globalization.CultureInfo.InvariantCulture), long.Parse(Of(l, "size="), System.Globalization.CultureInfo.InvariantCulture)))];
    }

    private static async Task<string> MakeAsync(Scratch scratch, string name, string content = "a word")
    {
        Tool.Need(s_tools);
        const string stub = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";
        var boot = Appliance.Tests.Checkout.At("artifacts", "appliance", "boot");
        var place = File.Exists(stub) ? Path.GetDirectoryName(stub)! : boot;
        Assert.SkipUnless(File.Exists(Path.Combine(place, "linuxx64.efi.stub")), "no systemd stub here (package systemd-boot-efi, or an image made before)");
        foreach (var file in new[] { "usr/lib/os-release", "etc/hostname", "var/lib/cirt/word" })
            scratch.Write($"{name}.tree/{file}", content + "\n");
        foreach (var file in new[] { "vmlinuz", "initrd", "release" })
            scratch.Write($"{name}.boot/{file}", "for the test\n");
        foreach (var file in new[] { "linuxx64.efi.stub", "systemd-bootx64.efi" })
            File.Copy(Path.Combine(place, file), scratch.At($"{name}.boot", file));
        await Tool.DemandAsync("bash", Tool.At("image", "disk.sh"), scratch.At($"{name}.tree"), scratch.At($"{name}.boot"), scratch.At(name), "0.0.0");
        return (await File.ReadAllTextAsync(scratch.At(name, "roothash"), TestContext.Current.CancellationToken)).Trim();
    }
}
