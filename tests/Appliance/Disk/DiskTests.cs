using Xunit;

namespace Appliance.Image.Tests.Disk;

/// <summary>The disk as the shipped script writes it, from a tree of a few files: the same steps as for the real one, in seconds.</summary>
public sealed class DiskTests
{
    private static readonly string[] s_tools = ["mkfs.erofs", "veritysetup", "mformat", "sgdisk", "mke2fs", "objcopy", "python3"];

    [Fact]
    public async Task The_table_has_five_partitions_and_the_root_proves_its_hash_until_a_byte_is_changed()
    {
        using var scratch = new Scratch();
        var hash = await MakeAsync(scratch, "one");

        var table = await Tool.DemandAsync("sgdisk", "--print", scratch.At("one", "cirt-0.0.0.img"));
        foreach (var name in new[] { "esp", "root_A", "verity_A", "root_B", "verity_B" })
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
    public async Task The_state_is_made_behind_the_slots_at_the_first_boot_grows_with_the_disk_and_moves_nothing()
    {
        Tool.Need("systemd-repart", "sfdisk");
        using var scratch = new Scratch();
        await MakeAsync(scratch, "one");
        var disk = scratch.At("one", "cirt-0.0.0.img");
        var before = await PartitionsAsync(disk);
        await Tool.DemandAsync("truncate", "-s", "+3G", disk);
        scratch.Write("credentials/cirt.disk", "unencrypted");

        var (code, said) = await StateAsync(scratch, disk);
        Assert.True(code == 0, said);
        Assert.Contains("whoever runs the virtual machine (off)", said, StringComparison.Ordinal);
        var made = await PartitionsAsync(disk);
        Assert.Equal(before, made[..^1]);
        Assert.Equal("state", made[^1].Name);
        Assert.InRange(made[^1].Sectors, 2 * 1024 * 1024 * 29L / 10, 2 * 1024 * 1024 * 31L / 10);

        await Tool.DemandAsync("truncate", "-s", "+1G", disk);
        Assert.Equal(0, (await StateAsync(scratch, disk)).Code);
        var grown = await PartitionsAsync(disk);
        Assert.Equal(made[..^1], grown[..^1]);
        Assert.Equal(made[^1].Start, grown[^1].Start);
        Assert.InRange(grown[^1].Sectors - made[^1].Sectors, 2 * 1020 * 1024, 2 * 1024 * 1024);

        Assert.Equal(0, (await StateAsync(scratch, disk)).Code);
        Assert.Equal(grown, await PartitionsAsync(disk));
        Assert.Single(await File.ReadAllLinesAsync(scratch.At("esp", "state-choice"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_disk_without_room_for_the_state_is_named_and_not_written_to()
    {
        Tool.Need("systemd-repart", "sfdisk");
        using var scratch = new Scratch();
        await MakeAsync(scratch, "one");
        var disk = scratch.At("one", "cirt-0.0.0.img");
        var before = await PartitionsAsync(disk);
        scratch.Write("credentials/cirt.disk", "unencrypted");

        var (code, said) = await StateAsync(scratch, disk);

        Assert.NotEqual(0, code);
        Assert.Contains("8 GiB at least", said, StringComparison.Ordinal);
        Assert.Equal(before, await PartitionsAsync(disk));
    }

    [Fact]
    public void A_slow_disk_and_a_person_with_a_passphrase_are_waited_for()
    {
        var overlay = File.ReadAllText(Tool.At("image", "overlay.sh"));
        Assert.Matches("LABEL=state /var ext4 [^ ]*x-systemd.device-timeout=infinity", overlay);
        Assert.Matches("LABEL=state /var ext4 [^ ]*x-systemd.requires=cirt-state.service", overlay);
        Assert.Matches("PARTLABEL=esp /efi vfat [^ ]*x-systemd.device-timeout=15min", overlay);
    }

    // Without the copying of files and without a lock: both want what only the machine itself has. The boots see them.
    private static Task<(int Code, string Output)> StateAsync(Scratch scratch, string disk)
    {
        var bare = File.ReadLines(Tool.At("systemd", "repart", "50-state.conf")).Where(l => !l.StartsWith("CopyFiles", StringComparison.Ordinal) && !l.StartsWith("Format", StringComparison.Ordinal));
        scratch.Write("definitions/50-state.conf", string.Join('\n', bare) + "\n");
        Directory.CreateDirectory(scratch.At("esp"));
        return Tool.RunAsync("bash", [Tool.At("firstboot", "state")], new Dictionary<string, string>
        {
            ["CIRT_STATE_DISK"] = disk,
            ["CIRT_STATE_DEFINITIONS"] = scratch.At("definitions"),
            ["CIRT_STATE_ESP"] = scratch.At("esp"),
            ["CIRT_STATE_RUN"] = scratch.At("run"),
            ["CIRT_STATE_TPM"] = scratch.At("absent"),
            ["CIRT_STATE_ONLY_TABLE"] = "1",
            ["CREDENTIALS_DIRECTORY"] = scratch.At("credentials"),
        });
    }

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
