using Appliance.Contracts;
using Appliance.Ticketing.Playbooks;
using Appliance.Ticketing.Tasks;
using Xunit;

namespace Appliance.Ticketing.Tests.Playbooks;

public sealed class PlaybookTests
{
    [Theory]
    [InlineData("fraud/phishing")]
    [InlineData("malicious-code/c2-server")]
    [InlineData("vulnerable/ddos-amplifier")]
    [InlineData("intrusions/application-compromise")]
    [InlineData("availability/ddos")]
    [InlineData("information-content-security/data-leak")]
    public void One_shipped_playbook_suggests_itself_for(string type) => Assert.Single(ShippedPlaybooks.All, p => p.Match(type, 3) is not null);

    [Fact]
    public void Shipped_playbooks_say_every_step_in_six_languages_without_fault()
    {
        Assert.Equal(6, ShippedPlaybooks.All.Select(p => p.Id).Distinct().Count());
        Assert.All(ShippedPlaybooks.All, playbook =>
        {
            Assert.Empty(playbook.Fields.Faults());
            Assert.Equal(Languages.All.Order(), playbook.Fields.Names.Keys.Order());
            Assert.All(playbook.Fields.Steps, step =>
            {
                Assert.Equal(Languages.All.Order(), step.Texts.Keys.Order());
                Assert.All(step.Texts.Values, text => Assert.True(text.Title.Length > 2 && text.Text.Length > 20, text.Title));
                // Nothing was left in another language by mistake.
                Assert.Equal(6, step.Texts.Values.Select(t => t.Text).Distinct().Count());
            });
        });
    }

    [Fact]
    public void Type_is_nearer_than_class_and_a_severity_named_is_nearer_than_all()
    {
        var (type, kind, severe, other) = (Of(["fraud/phishing"]), Of(["fraud"]), Of(["fraud"], 1), Of([], 1));
        Assert.Equal([4, 2, 3, 1], new[] { type, kind, severe, other }.Select(p => p.Match("fraud/phishing", 1)!.Score));
        Assert.Equal(new PlaybookMatch(3, "fraud", 1), severe.Match("fraud/phishing", 1));
        Assert.All([severe, other], p => Assert.Null(p.Match("fraud/phishing", 2)));
        Assert.Null(Of([]).Match("fraud/phishing", 1));
        Assert.Null(type.Match("fraud/copyright", 1));
        Assert.Null((type with { RetiredAt = DateTimeOffset.UnixEpoch }).Match("fraud/phishing", 1));
    }

    [Fact]
    public void Everything_wrong_is_said_at_once_and_a_name_promises_its_steps()
    {
        var fields = new PlaybookFields
        {
            Names = new Dictionary<string, string> { ["en"] = "x", ["ar"] = "س" },
            Types = ["no/such"],
            Severities = [5],
            Steps = [new(new Dictionary<string, StepText> { ["en"] = new("a\nb") }, "somebody", 0)],
        };
        Assert.Equal(
            ["ticketing.refused.rsit", "ticketing.refused.severity", "ticketing.refused.playbook-language", "ticketing.refused.playbook-step", "ticketing.refused.task-who", "ticketing.refused.task-due"],
            fields.Tidy().Faults().Select(f => f.Key));
        Assert.Equal(["ticketing.refused.playbook-name", "ticketing.refused.playbook-steps"], new PlaybookFields { Names = new Dictionary<string, string> { ["xx"] = "x" } }.Tidy().Faults().Select(f => f.Key));
    }

    [Fact]
    public void Reader_without_a_language_of_their_own_reads_English_and_else_the_first()
    {
        var texts = new Dictionary<string, string> { ["fr"] = "un", ["en"] = "one" };
        Assert.Equal(("un", "one", "eins"), (InLanguage.Of(texts, "fr"), InLanguage.Of(texts, "ru"), InLanguage.Of(new Dictionary<string, string> { ["zh"] = "eins" }, "ru")));
    }

    [Fact]
    public void No_state_of_a_task_is_a_trap_and_skipping_asks_why()
    {
        string[] states = [TaskRules.Open, TaskRules.Doing, TaskRules.Finished, TaskRules.Skipped];
        Assert.All(states, s => Assert.NotEmpty(TaskRules.From(s)));
        Assert.Equal(states.Order(), TaskRules.Steps.Select(s => s.To).Distinct().Order());
        Assert.All(TaskRules.Steps, s => Assert.Equal(s.To == TaskRules.Skipped, s.NeedsReason));
    }

    private static Playbook Of(string[] types, params int[] severities) => new(Guid.Empty, 1, new PlaybookFields { Types = types, Severities = severities }, Shipped: false);
}
