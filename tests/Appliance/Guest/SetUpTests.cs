using System.Globalization;
using Xunit;

namespace Appliance.Image.Tests.Guest;

/// <summary>The image as it is shipped, booted twice. <c>--long</c> alone runs these.</summary>
public sealed class SetUpTests(SetUpGuest guest) : IClassFixture<SetUpGuest>
{
    // What serves and is ours; what waits for the network and is somebody else's; what prepares the machine and is gone.
    private const double Ours = 2.0, MailAndSsh = 6.0, AtStart = 3.3;

    private static readonly string[] s_serving = ["cirt.service", "cirt-database.service", "cirt-sensor.service"];

    private static readonly string[] s_atStart = ["cirt-state.service", "cirt-site.service", "cirt-answers.service", "cirt-migrate.service", "cirt-bless.service", "cirt-resolver.service", "cirt-update.service", "cirt-restart.service"];

    [Fact]
    public void An_answer_file_alone_leads_to_the_log_in_page()
    {
        Need();
        Say($"healthy after {guest.SecondsToHealthy:0} s; {Of(guest.First, "time").Single()}");
        Assert.Contains("Samplia CIRT", guest.LogInPage, StringComparison.Ordinal);
        Assert.Contains("applied", Of(guest.First, "answers"));
    }

    [Fact]
    public void A_capture_becomes_an_incident_and_the_incident_paper()
    {
        Need();
        Assert.NotEmpty(guest.Incident);
        Assert.Equal("%PDF-"u8.ToArray(), guest.Paper.AsSpan(0, 5).ToArray());
    }

    [Fact]
    public void A_restart_keeps_the_incident_and_the_certificate()
    {
        Need();
        Assert.Contains(guest.Incident, guest.IncidentAgain, StringComparison.Ordinal);
        Assert.NotEmpty(guest.Certificates.Before);
        Assert.Equal(guest.Certificates.Before, guest.Certificates.After);
    }

    [Fact]
    public void No_unit_failed_at_either_start()
    {
        Need();
        Assert.DoesNotContain(guest.First.Concat(guest.Again), l => l.StartsWith("failed", StringComparison.Ordinal));
    }

    [Fact]
    public void What_serves_is_exposed_by_two_at_most_while_it_serves()
    {
        Need();
        var exposure = Of(guest.Again, "exposure").Select(l => l.Split(' ')).ToDictionary(w => w[0], w => Number(w[1]));
        foreach (var (unit, score) in exposure.OrderBy(e => e.Value))
            Say($"exposure {unit} {score}");
        Assert.All(s_serving, unit => Assert.InRange(exposure[unit], 0, Ours));
        Assert.InRange(exposure["cirt-mail.service"], 0, MailAndSsh);
        var running = Of(guest.Again, "running").ToHashSet();
        Assert.All(s_serving.Append("cirt-mail.service"), unit => Assert.Contains(unit, running));
    }

    [Fact]
    public void What_runs_at_the_start_is_confined_too()
    {
        Need();
        var exposure = Of(guest.First, "exposure-of").Select(l => l.Split(' ')).ToDictionary(w => w[0], w => Number(w[1]));
        Assert.All(s_atStart, unit => Assert.InRange(exposure[unit], 0, AtStart));
    }

    [Fact]
    public void Ports_that_answer_from_outside_are_those_of_the_document()
    {
        Need();
        Assert.SkipWhen(guest.Ports is null, "no tap device can be made here: the scan needs root and /dev/net/tun");
        var open = guest.Ports!.Split('\n').Where(l => l.Contains("Ports: ", StringComparison.Ordinal)).SelectMany(l => l.Split("Ports: ")[1].Split('\t')[0].Split(',')).Select(p => p.Trim().Split('/')[0]);
        // The public port and 22 are shut on this machine; docs/operate/hardware.md.
        Assert.Equal(["25", "443"], open.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Mail_for_the_team_becomes_a_report_and_nothing_is_relayed_for_strangers()
    {
        Need();
        Assert.StartsWith("250", guest.MailAnswer, StringComparison.Ordinal);
        Assert.True(guest.MailArrived);
        Assert.StartsWith("5", guest.StrangersAnswer, StringComparison.Ordinal);
    }

    [Fact]
    public void The_root_is_read_only_and_the_state_is_locked()
    {
        Need();
        Assert.Contains("erofs ro", Of(guest.First, "root").Single(), StringComparison.Ordinal);
        Assert.All([guest.First, guest.Again], lines => Assert.Matches("^/dev/mapper/state ext4 .* crypto_LUKS$", Of(lines, "state").Single()));
        Assert.Contains("tpm2", Of(guest.First, "choice").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_program_has_more_rights_than_the_list_says()
    {
        Need();
        var allowed = File.ReadLines(Tool.At("hardening", "suid.list")).Where(l => l.StartsWith('/'));
        Assert.Empty(Of(guest.Again, "suid").Except(allowed));
    }

    [Fact]
    public void At_rest_the_lite_size_has_memory_to_spare()
    {
        Need();
        var words = Of(guest.Again, "memory").Single().Split(' ');
        Say($"memory at rest: {words[1]} of {words[0]} MiB; {string.Join(' ', Of(guest.Again, "memory-of"))}");
        Assert.InRange(Number(words[1]), 0, Number(words[0]) / 2);
    }

    private static void Need() => Assert.SkipUnless(Guest.Absence is null, Guest.Absence ?? "");

    private static void Say(string words) => TestContext.Current.TestOutputHelper?.WriteLine(words);

    private static double Number(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;

    private static IEnumerable<string> Of(string[] lines, string kind) => lines.Where(l => l.StartsWith(kind + " ", StringComparison.Ordinal)).Select(l => l[(kind.Length + 1)..].Trim());
}
