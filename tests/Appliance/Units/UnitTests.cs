using System.Text.RegularExpressions;
using Xunit;

namespace Appliance.Image.Tests.Units;

/// <summary>The units as systemd itself judges them, without starting anything.</summary>
public sealed partial class UnitTests
{
    private const double MostExposed = 2.0;

    // What runs for as long as the machine does. The menu and what runs once at boot are judged by their rows below.
    public static TheoryData<string> Serving => ["cirt.service", "cirt-database.service", "cirt-migrate.service", "cirt-sensor.service", "cirt-site.service", "cirt-bless.service", "cirt-resolver.service", "cirt-update.service", "cirt-restart.service"];

    // What prepares the machine with some of root's rights and is gone, and the mail server, part of which has to stay root: why they need it stands beside it in each unit.
    public static TheoryData<string, double> Rightful => new() { { "cirt-answers.service", 2.6 }, { "cirt-state.service", 3.3 }, { "cirt-mail.service", 3.0 } };

    [Theory]
    [MemberData(nameof(Serving))]
    public async Task A_unit_of_ours_is_exposed_by_two_at_most(string unit)
    {
        Tool.Need("systemd-analyze");
        var exposure = await ExposureAsync(Tool.At("systemd", unit));
        TestContext.Current.TestOutputHelper?.WriteLine($"{unit} {exposure}");
        Assert.InRange(exposure, 0, MostExposed);
    }

    [Theory]
    [MemberData(nameof(Rightful))]
    public async Task A_unit_with_rights_of_root_keeps_to_those_that_it_needs(string unit, double most)
    {
        Tool.Need("systemd-analyze");
        Assert.InRange(await ExposureAsync(Tool.At("systemd", unit)), 0, most);
    }

    [Fact]
    public void Each_unit_but_the_menu_is_judged_here()
    {
        var judged = Serving.Select(row => row.Data).Concat(Rightful.Select(row => row.Data.Item1));
        Assert.Equal(judged.Append("cirt-console@.service").Order(StringComparer.Ordinal), Directory.GetFiles(Tool.At("systemd"), "*.service").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
    }

    // A module of the initrd that opens TPMs refused to be built with libraries alone; the state is opened from the root, which needs just these.
    [Fact]
    public void The_root_has_what_systemd_opens_a_tpm_with()
    {
        var packages = File.ReadLines(Tool.At("image", "packages.list")).Select(l => l.Split('#')[0].Trim()).ToHashSet();
        foreach (var name in new[] { "systemd-cryptsetup", "systemd-repart", "libtss2-esys-3.0.2-0t64", "libtss2-mu-4.0.1-0t64", "libtss2-rc0t64", "libtss2-tcti-device0t64" })
            Assert.Contains(name, packages);
        Assert.DoesNotContain("tpm2-tss", File.ReadAllText(Tool.At("image", "boot.sh")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_unit_without_its_confinement_is_caught()
    {
        Tool.Need("systemd-analyze");
        using var scratch = new Scratch();
        var stripped = File.ReadLines(Tool.At("systemd", "cirt.service")).Where(l => !l.StartsWith("Protect", StringComparison.Ordinal) && !l.StartsWith("SystemCall", StringComparison.Ordinal));
        Assert.InRange(await ExposureAsync(scratch.Write("cirt.service", string.Join('\n', stripped))), MostExposed + 0.1, 10);
    }

    [Fact]
    public async Task Units_name_nothing_that_systemd_does_not_know()
    {
        Tool.Need("systemd-analyze");
        using var scratch = new Scratch();
        foreach (var unit in Directory.GetFiles(Tool.At("systemd"), "*.service"))
            File.Copy(unit, scratch.At(Path.GetFileName(unit)));
        var (_, said) = await Tool.RunAsync("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", .. Directory.GetFiles(scratch.Path)], new Dictionary<string, string> { ["SYSTEMD_UNIT_PATH"] = $"{scratch.Path}:" });
        // The programs stand in the image, not here; ImportCredential is younger than this machine's systemd may be.
        var faults = said.Split('\n').Where(l => Fault().IsMatch(l) && !l.Contains("ImportCredential", StringComparison.Ordinal));
        Assert.Empty(faults);
    }

    [Fact]
    public void The_host_does_not_start_without_its_firewall()
    {
        var unit = File.ReadAllText(Tool.At("systemd", "cirt.service"));
        Assert.Matches("(?m)^Requires=.*nftables\\.service", unit);
        Assert.Matches("(?m)^After=.*nftables\\.service", unit);
    }

    [Fact]
    public void The_runtime_keeps_the_calls_without_which_it_is_killed_at_its_start()
    {
        foreach (var unit in new[] { "cirt.service", "cirt-migrate.service", "cirt-sensor.service", "cirt-site.service" })
            Assert.Equal(["SystemCallFilter=@system-service"], File.ReadLines(Tool.At("systemd", unit)).Where(l => l.StartsWith("SystemCallFilter", StringComparison.Ordinal)));
    }

    [Fact]
    public void Recovery_is_a_menu_and_not_a_password_that_nobody_has() =>
        Assert.Contains("ExecStart=-/usr/lib/cirt-appliance/console", File.ReadAllText(Tool.At("systemd", "recovery.conf")), StringComparison.Ordinal);

    [Fact]
    public void Audit_stays_off_the_serial_line() =>
        Assert.Matches("(?m)^Audit=no$", File.ReadAllText(Tool.At("hardening", "journald.conf")));

    [Fact]
    public void No_account_of_ours_has_a_shell_or_a_password()
    {
        foreach (var line in File.ReadLines(Tool.At("systemd", "sysusers.conf")).Where(l => l.StartsWith("u ", StringComparison.Ordinal)))
            Assert.DoesNotMatch("(/bash|/sh)$", line.Trim());
        foreach (var file in Directory.EnumerateFiles(Tool.At(), "*", SearchOption.AllDirectories))
            Assert.DoesNotMatch("chpasswd|passwd -d|--root-password|usermod -p", File.ReadAllText(file));
    }

    [Fact]
    public async Task Scripts_read_as_bash()
    {
        foreach (var script in Directory.EnumerateFiles(Tool.At(), "*", SearchOption.AllDirectories).Where(f => File.ReadLines(f).FirstOrDefault() is "#!/bin/bash" or "#!/bin/sh"))
        {
            await Tool.DemandAsync("bash", "-n", script);
            Assert.True((File.GetUnixFileMode(script) & UnixFileMode.UserExecute) != 0, $"{script} cannot be run");
        }
    }

    private static async Task<double> ExposureAsync(string unit)
    {
        var said = await Tool.RunAsync("systemd-analyze", ["security", "--offline=yes", "--no-pager", unit]);
        return Level().Match(said.Output) is { Success: true } level
            ? double.Parse(level.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"systemd-analyze named no level:\n{said.Output}");
    }

    [GeneratedRegex(@"Overall exposure level for [^:]+: ([0-9.]+)", RegexOptions.NonBacktracking)]
    private static partial Regex Level();

    [GeneratedRegex(@"Unknown (key|section|lvalue)|Failed to parse|Invalid|ordering cycle|bad unit", RegexOptions.NonBacktracking)]
    private static partial Regex Fault();
}
