using Xunit;

namespace Appliance.Image.Tests.Boot;

/// <summary>From the stick to the disk of the machine, with files in place of both.</summary>
public sealed class InstallTests
{
    [Fact]
    public async Task The_release_stands_on_the_new_disk_and_the_state_of_the_stick_does_not_go_with_it()
    {
        using var scratch = new Scratch();
        await StickAsync(scratch, "4200M");

        var said = await Tool.RunAsync("bash", [Tool.At("firstboot", "install-to-disk"), scratch.At("stick"), scratch.At("disk")]);

        Assert.True(said.Code == 0, said.Output);
        Assert.Equal((await TableAsync(scratch, "stick")).Take(5), await TableAsync(scratch, "disk"));
        await Tool.DemandAsync("cmp", "--bytes", $"{28 * 1024 * 1024}", scratch.At("stick"), scratch.At("disk"), "--ignore-initial", $"{1024 * 1024}");
    }

    [Fact]
    public async Task A_disk_that_is_too_small_is_left_as_it_is()
    {
        using var scratch = new Scratch();
        await StickAsync(scratch, "100M");
        var before = await Tool.DemandAsync("sha256sum", scratch.At("disk"));

        var said = await Tool.RunAsync("bash", [Tool.At("firstboot", "install-to-disk"), scratch.At("stick"), scratch.At("disk")]);

        Assert.NotEqual(0, said.Code);
        Assert.Contains("too small", said.Output, StringComparison.Ordinal);
        Assert.Equal(before, await Tool.DemandAsync("sha256sum", scratch.At("disk")));
    }

    [Fact]
    public async Task Name_servers_come_from_the_network_service_and_nothing_else_does()
    {
        using var scratch = new Scratch();
        var state = scratch.Write("state", "OPER_STATE=routable\nDNS=192.0.2.53 2001:db8::53 $(reboot) 192.0.2.54\nNTP=192.0.2.1\n");
        await Tool.DemandAsync("sh", Tool.At("site", "resolver"), state, scratch.At("run", "resolv.conf"));
        Assert.Equal("nameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver 192.0.2.54\noptions edns0 timeout:3 attempts:2\n", await File.ReadAllTextAsync(scratch.At("run", "resolv.conf"), TestContext.Current.CancellationToken));

        await Tool.DemandAsync("sh", Tool.At("site", "resolver"), scratch.At("absent"), scratch.At("run", "resolv.conf"));
        Assert.DoesNotContain("nameserver", await File.ReadAllTextAsync(scratch.At("run", "resolv.conf"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_image_that_was_built_here_has_no_more_programs_with_rights_than_the_list()
    {
        var built = Appliance.Tests.Checkout.At("artifacts", "appliance", "suid.txt");
        Assert.SkipUnless(File.Exists(built), "no image was built here: ./build.sh image");
        var allowed = File.ReadLines(Tool.At("hardening", "suid.list")).Where(l => l.StartsWith('/'));
        Assert.Empty(File.ReadLines(built).Except(allowed));
    }

    private static async Task<string[]> TableAsync(Scratch scratch, string name) =>
        [.. (await Tool.DemandAsync("sfdisk", "--dump", scratch.At(name))).Split('\n').Where(l => l.Contains("start=", StringComparison.Ordinal)).Select(l => l[l.IndexOf("start=", StringComparison.Ordinal)..])];

    private static async Task StickAsync(Scratch scratch, string disk)
    {
        Tool.Need("sgdisk", "sfdisk", "cmp");
        await Tool.DemandAsync("truncate", "-s", "40M", scratch.At("stick"));
        await Tool.DemandAsync("truncate", "-s", disk, scratch.At("disk"));
        await Tool.DemandAsync("sgdisk", "--clear", "--new=1:0:+8M", "--typecode=1:EF00", "--change-name=1:esp", "--new=2:0:+8M", "--change-name=2:root_A", "--new=3:0:+2M", "--change-name=3:verity_A", "--new=4:0:+8M", "--change-name=4:root_B", "--new=5:0:+2M", "--change-name=5:verity_B", "--new=6:0:0", "--change-name=6:state", scratch.At("stick"));
        // Something to recognise in each of the first five.
        await using var stream = new FileStream(scratch.At("stick"), FileMode.Open);
        for (var mebibyte = 1; mebibyte < 29; mebibyte++)
        {
            stream.Seek(mebibyte * 1024L * 1024, SeekOrigin.Begin);
            stream.Write(System.Text.Encoding.ASCII.GetBytes($"piece {mebibyte}"));
        }
    }
}
