using Appliance.Kernel.Backup;
using Appliance.Kernel.Data;
using Appliance.Kernel.Site;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Answers;

/// <summary>A machine set up by its answer file alone, with the real program and database; and every way in which a file must be refused.</summary>
public sealed class AnswerTests
{
    private const string Code = "k7pw4-9mzt2-xq3hv-6rbn8-d5cfg";
    private const string Password = "a quiet harbour at dawn";

    private static readonly string s_sound =
        $$"""
        answers: 1
        organisation: { name: Samplia CIRT, country: sp, mail: cirt@samplia.example, address: "https://cirt.samplia.example", language: fr }
        machine:
          hostName: cirt.samplia.example
          addresses: [192.0.2.10/24]
          gateways: 192.0.2.1
          nameServers: [192.0.2.53]
          timeServers: [ntp.samplia.example]
        people:
          - { name: amina, display: Amina, mail: amina@samplia.example, code: {{AnswerDesk.HashOf(Code)}} }
          - { name: boris, roles: [analyst, operator] }
        constituents: |
          name,sector,networks,contact_mail
          Ministry,government,198.51.100.0/24,soc@ministry.example
        sensor: { interfaces: [eth1], homeNetworks: [198.51.100.0/24] }
        configuration:
          kernel:idleMinutes: 45
        """;

    [Fact]
    public async Task A_fresh_machine_answers_everything_that_the_wizard_asks_and_its_administrator_logs_in_with_the_code()
    {
        await using var desk = await AnswerDesk.OpenAsync(serving: true);
        await desk.WriteAsync(s_sound);

        var said = await desk.ApplyAsync(0);

        Assert.Contains("amina logs in first with the code", said, StringComparison.Ordinal);
        Assert.Contains("boris logs in first, once", said, StringComparison.Ordinal);
        Assert.DoesNotContain(Code, said, StringComparison.Ordinal);
        Assert.Equal("\"Samplia CIRT\"", await desk.AskAsync("select value from kernel.settings where key = 'organisation.name'"));
        Assert.Equal("\"SP\"", await desk.AskAsync("select value from kernel.settings where key = 'organisation.country'"));
        Assert.Equal("Ministry", await desk.AskAsync("select name from directory.constituents"));
        Assert.Equal("eth1", await desk.AskAsync("select interfaces[1] from sensing.sensors where kind = 'folder'"));
        Assert.Equal("{\"network\": \"done\", \"constituents\": \"done\", \"organisation\": \"done\"}", await desk.AskAsync("select value from kernel.settings where key = 'setup.steps'"));
        Assert.Equal("192.0.2.10/24", Assert.Single(SiteSettings.Load(new DataFolder(desk.Data)).Addresses));
        Assert.Contains("\"45\"", await File.ReadAllTextAsync(Path.Combine(desk.Data, "config.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // No password exists before its person chose one.
        Assert.Equal("0", await desk.AskAsync("select count(*) from identity.users where password_hash is not null"));
        Assert.Equal("/", await desk.EnrolAsync(Code, Password));
        using (await SignedIn.AsAsync(desk.Host.Http, "amina", Password))
            Assert.Contains("refused=", await desk.EnrolAsync(Code, Password), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_file_again_changes_nothing_and_another_first_file_is_refused()
    {
        await using var desk = await AnswerDesk.OpenAsync();
        await desk.WriteAsync(s_sound);
        await desk.ApplyAsync(0);
        var before = await desk.StateAsync();

        Assert.Contains("applied already", await desk.ApplyAsync(0), StringComparison.Ordinal);
        await desk.WriteAsync(s_sound.Replace("Samplia CIRT", "Another", StringComparison.Ordinal));
        Assert.Contains("set up already", await desk.ApplyAsync(1), StringComparison.Ordinal);

        Assert.Equal(before, await desk.StateAsync());
    }

    [Fact]
    public async Task A_file_that_is_not_signed_changed_or_signed_by_a_stranger_changes_nothing()
    {
        await using var desk = await AnswerDesk.OpenAsync();
        var before = await desk.StateAsync();

        await File.WriteAllTextAsync(desk.File, s_sound, TestContext.Current.CancellationToken);
        Assert.Contains("it is not signed", await desk.ApplyAsync(1), StringComparison.Ordinal);

        await desk.WriteAsync(s_sound);
        await File.AppendAllTextAsync(desk.File, "\n", TestContext.Current.CancellationToken);
        Assert.Contains("no key that is trusted here", await desk.ApplyAsync(1), StringComparison.Ordinal);

        var stranger = Path.Combine(desk.Folder, "stranger.pem");
        await desk.SayAsync(0, "answers", "keygen", stranger);
        await File.WriteAllTextAsync(desk.File, s_sound, TestContext.Current.CancellationToken);
        await desk.SayAsync(0, "answers", "sign", desk.File, stranger);
        Assert.Contains("no key that is trusted here", await desk.ApplyAsync(1), StringComparison.Ordinal);
        Assert.Contains("not 0123456789abcdef", await desk.ApplyAsync(1, "--fingerprint", "0123456789abcdef"), StringComparison.Ordinal);

        Assert.Equal(before, await desk.StateAsync());
    }

    [Fact]
    public async Task Every_fault_is_named_at_once_with_its_line_and_nothing_is_changed()
    {
        await using var desk = await AnswerDesk.OpenAsync();
        var before = await desk.StateAsync();
        await desk.WriteAsync(
            """
            answers: 2
            organisation: { name: "", country: xyz, mail: nobody, language: de }
            machine:
              hostName: -bad-
              addresses: [192.0.2.10]
              gateway: 192.0.2.1
            people:
              - name: a
                roles: [king]
                code: secret
            constituents: |
              name,sector,networks
              Ministry,goverment,198.51.100.0/99
            sensor: { interfaces: ["../x"] }
            hub: { name: Centre, url: "ftp://x", login: us, password: clear }
            configuration:
              kernel:idleMinutes: 1
            colour: blue
            """);

        var said = await desk.ApplyAsync(1);

        foreach (var wanted in new[]
        {
            "line 1: answers is 2", "line 2: organisation.name", "line 2: organisation.country", "line 2: organisation.mail", "line 2: organisation.language", "line 4: machine.hostName", "line 5: machine.addresses",
            "line 6: machine.gateway is not known", "line 8: people[0].name", "line 9: people[0].roles", "line 10: people[0].code", "line 13: constituents sector", "line 13: constituents networks", "line 14: sensor.interfaces",
            "line 15: hub.url", "line 15: hub.password is a secret in the clear", "kernel: IdleMinutes is 1", "line 18: colour is not known",
        })
            Assert.Contains(wanted, said, StringComparison.Ordinal);
        Assert.Equal(before, await desk.StateAsync());
    }

    [Fact]
    public async Task A_hub_is_enrolled_with_a_password_that_only_the_card_opens()
    {
        await using var desk = await AnswerDesk.OpenAsync();
        var cancel = TestContext.Current.CancellationToken;
        var (recipient, secret) = await AgeProgram.NewPairAsync(cancel);
        var sealedSecret = await Appliance.Host.Answers.AnswerSeal.SealAsync(recipient, "let-us-in", cancel);
        await desk.WriteAsync($$"""
            {{s_sound}}
            hub: { name: Centre, url: "https://hub.example/taxii2/", login: samplia, password: "{{sealedSecret}}" }
            """);
        Assert.DoesNotContain("let-us-in", await File.ReadAllTextAsync(desk.File, cancel), StringComparison.Ordinal);

        Assert.Contains("the key to it was not given", await desk.ApplyAsync(1), StringComparison.Ordinal);
        Assert.Equal("0", await desk.AskAsync("select count(*) from identity.users"));
        var wrong = Path.Combine(desk.Folder, "wrong");
        await File.WriteAllTextAsync(wrong, (await AgeProgram.NewPairAsync(cancel)).Secret, cancel);
        Assert.Contains("sealed to another key", await desk.ApplyAsync(1, "--key-file", wrong), StringComparison.Ordinal);

        var card = Path.Combine(desk.Folder, "card");
        await File.WriteAllTextAsync(card, secret, cancel);
        Assert.DoesNotContain("let-us-in", await desk.ApplyAsync(0, "--key-file", card), StringComparison.Ordinal);
        Assert.Equal("Centre hub samplia True", await desk.AskAsync("select concat_ws(' ', name, role, login, case when secret is not null then 'True' end) from uplink.peers"));
    }

    [Fact]
    public async Task The_acceptance_measures_the_machine_and_says_pass_or_what_to_change()
    {
        await using var desk = await AnswerDesk.OpenAsync();
        var (code, said) = await desk.RunAsync("doctor", "--acceptance", "--size", "enhanced");

        foreach (var measured in new[] { "processors: ", "memory: ", "disk: ", "disk writing: ", "disk commit: ", "packets taken in: " })
            Assert.Single(said.Split('\n'), line => line.Contains(measured, StringComparison.Ordinal) && (line.StartsWith("pass ", StringComparison.Ordinal) || line.StartsWith("change ", StringComparison.Ordinal)));
        Assert.Matches("packets taken in: [0-9]{4,7} a second", said);
        Assert.Contains(code == 0 ? "is fit for the size enhanced" : "is not yet fit for the size enhanced", said, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(desk.Data, "tmp")));
        TestContext.Current.TestOutputHelper?.WriteLine(said);
    }

    [Theory]
    [InlineData("answers: 1\npeople: &x []\nrules: *x", "names a place")]
    [InlineData("answers: 1\npeople: !!python/object x", "has a tag")]
    [InlineData("[[[[[[[[[[[[]]]]]]]]]]]]", "nested deeper")]
    [InlineData("answers: 1\nanswers: 1", "cannot be read")]
    [InlineData("answers: 1\n\tx: 1", "cannot be read")]
    [InlineData("- 1", "one document of names and values")]
    [InlineData("", "one document of names and values")]
    public void Clever_yaml_is_refused(string text, string reason)
    {
        var faults = new List<Appliance.Kernel.Answers.AnswerFault>();
        Assert.Null(Appliance.Host.Answers.AnswerText.Read(text, faults));
        Assert.Contains(reason, Assert.Single(faults).Reason, StringComparison.Ordinal);
    }
}
