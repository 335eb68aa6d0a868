using System.Text.Json;
using Appliance.Tests;
using Xunit;

namespace Appliance.Image.Tests.Release;

/// <summary>What lies beside an image: bill of materials, signature, the package for virtual machines.</summary>
public sealed class PublishTests
{
    [Fact]
    public async Task The_bill_of_materials_names_every_package_and_library_and_is_the_same_twice()
    {
        Tool.Need("python3");
        using var scratch = new Scratch();
        scratch.Write("packages.txt", "systemd 257.13-1~deb13u1 amd64\nlibssl3t64 3.5.4-1 amd64\n");
        scratch.Write("program/cirt.deps.json", """{ "libraries": { "Npgsql/10.0.0": { "type": "package", "sha512": "sha512-AAEC" }, "Appliance.Kernel/1.0.0": { "type": "project" } } }""");
        foreach (var name in new[] { "one.json", "two.json" })
            await Tool.DemandAsync("python3", Tool.At("image", "sbom.py"), "--packages", scratch.At("packages.txt"), "--program", scratch.At("program"), "--version", "1.1.0", "--output", scratch.At(name));

        var bytes = await File.ReadAllBytesAsync(scratch.At("one.json"), TestContext.Current.CancellationToken);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(scratch.At("two.json"), TestContext.Current.CancellationToken));
        using var bill = JsonDocument.Parse(bytes);
        Assert.Equal("CycloneDX", bill.RootElement.GetProperty("bomFormat").GetString());
        Assert.Equal("1.6", bill.RootElement.GetProperty("specVersion").GetString());
        Assert.Equal(
            ["pkg:deb/debian/systemd@257.13-1~deb13u1?arch=amd64&distro=trixie", "pkg:deb/debian/libssl3t64@3.5.4-1?arch=amd64&distro=trixie", "pkg:nuget/Npgsql@10.0.0"],
            bill.RootElement.GetProperty("components").EnumerateArray().Select(c => c.GetProperty("purl").GetString()));
    }

    [Fact]
    public async Task A_development_build_says_so_and_its_sums_are_signed()
    {
        Tool.Need("openssl");
        using var scratch = new Scratch();
        var sums = scratch.Write("SHA256SUMS", "0123  cirt-1.1.0.img\n");
        await Tool.DemandAsync("bash", Tool.At("image", "sign.sh"), scratch.Path);

        Assert.True(File.Exists(scratch.At("DEVELOPMENT-BUILD")));
        Assert.Equal(0, await VerifyAsync());
        await File.AppendAllTextAsync(sums, "4567  another\n", TestContext.Current.CancellationToken);
        Assert.NotEqual(0, await VerifyAsync());

        async Task<int> VerifyAsync() =>
            (await Tool.RunAsync("openssl", ["dgst", "-sha256", "-verify", scratch.At("release.pub"), "-signature", scratch.At("SHA256SUMS.sig"), sums])).Code;
    }

    [Fact]
    public async Task The_package_for_virtual_machines_begins_with_its_description_and_proves_its_disk()
    {
        Tool.Need("qemu-img", "tar");
        using var scratch = new Scratch();
        await Tool.DemandAsync("truncate", "-s", "4M", scratch.At("disk.img"));
        await Tool.DemandAsync("bash", Tool.At("image", "ova.sh"), scratch.At("disk.img"), "cirt-1.1.0", scratch.At("cirt.ova"));

        Assert.Equal(["cirt-1.1.0.ovf", "cirt-1.1.0.vmdk", "cirt-1.1.0.mf"], (await Tool.DemandAsync("tar", "-tf", scratch.At("cirt.ova"))).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await Tool.DemandAsync("tar", "-C", scratch.Path, "-xf", scratch.At("cirt.ova"));
        var manifest = await File.ReadAllTextAsync(scratch.At("cirt-1.1.0.mf"), TestContext.Current.CancellationToken);
        foreach (var file in new[] { "cirt-1.1.0.ovf", "cirt-1.1.0.vmdk" })
            Assert.Contains($"SHA256({file})= {(await Tool.DemandAsync("sha256sum", scratch.At(file))).Split(' ')[0]}", manifest, StringComparison.Ordinal);
        System.Xml.Linq.XDocument.Load(scratch.At("cirt-1.1.0.ovf"));
    }

    [Fact]
    public async Task The_vagrant_file_is_sound()
    {
        Tool.Need("vagrant");
        await Tool.DemandAsync("vagrant", "validate", "--ignore-provider");
        Assert.Contains("libvirt", await File.ReadAllTextAsync(Checkout.At("Vagrantfile"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
