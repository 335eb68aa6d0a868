using System.Globalization;
using Appliance.Contracts;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;
using Appliance.Ticketing.Playbooks;
using Appliance.Ticketing.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>Playbooks become tasks; tasks are done, given, kept, merged and given back, by two people at once too.</summary>
public sealed class PlaybookTests : IAsyncLifetime
{
    private TicketingDesk _desk = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Guid Phishing => ShippedPlaybooks.All.Single(p => p.Fields.Names["en"] == "Phishing").Id;

    public async ValueTask InitializeAsync() => _desk = await TicketingDesk.StartAsync(new Dictionary<string, string?>
    {
        ["ticketing:recallSeconds"] = "0",
        ["ticketing:workDays:0"] = "monday",
        ["ticketing:roundTheClock:0"] = "1",
    });

    public ValueTask DisposeAsync() => _desk.DisposeAsync();

    [Fact]
    public async Task Suggested_playbook_says_why_starts_once_and_its_tasks_are_due_in_working_time()
    {
        var incident = await PhishingAsync();
        var offers = (await _desk.Get<SuggestPlaybooks>().RunAsync(_desk.Analyst, incident.Number, Cancel)).Value;
        Assert.Equal((Phishing, "fraud/phishing", false), (offers[0].Id, offers[0].Why!.Type, offers[0].Running));
        Assert.Equal(5, offers.Count(o => o.Why is null));

        Assert.Equal(5, (await StartAsync(incident)).Value.Tasks);
        Assert.Equal("ticketing.refused.playbook-runs", (await StartAsync(incident)).Refusals[0].Key);
        Assert.True((await StartAsync(incident, ShippedPlaybooks.All.First(p => p.Id != Phishing).Id)).Succeeded);

        var tasks = await TasksAsync(incident.Number);
        Assert.Equal(10, tasks.Count);
        Assert.Equal(("Keep the evidence", "Phishing", "role:operator", "open"), (tasks[0].Title, tasks[0].Playbook, tasks[0].Who, tasks[0].State));
        // Severity 3 does not run round the clock: what takes minutes ends on a Monday.
        Assert.Equal(DayOfWeek.Monday, tasks[0].DueAt!.Value.DayOfWeek);
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("ar");
        Assert.Equal("احفظ الأدلة", (await TasksAsync(incident.Number))[0].Title);
        Assert.Contains((await _desk.ShowAsync(incident.Number)).Timeline, t => t.Kind == "playbook");
        Assert.Equal(2, await CountAsync("audit.entries where action = 'ticketing.playbook.started'"));
    }

    [Fact]
    public async Task Task_walks_its_states_keeps_its_result_and_says_who()
    {
        var incident = await PhishingAsync();
        var id = (await AddAsync(incident, "Call the bank", who: "owner")).Value;
        Assert.Equal("ticketing.refused.task-who", (await AddAsync(incident, "x", who: "somebody")).Refusals[0].Key);
        Assert.Equal("ticketing.refused.reason", (await MoveAsync(id, 1, "skipped")).Refusals[0].Key);
        Assert.Equal("ticketing.refused.no-step", (await MoveAsync(id, 1, "open")).Refusals[0].Key);
        Assert.Equal(2, (await MoveAsync(id, 1, "doing")).Value);
        Assert.Equal(3, (await MoveAsync(id, 2, "done", "They knew already.")).Value);
        var done = Assert.Single(await TasksAsync(incident.Number));
        Assert.Equal(("done", "They knew already.", "Ana"), (done.State, done.Note, done.Assignee));
        Assert.Equal(4, (await MoveAsync(id, 3, "open")).Value);
        Assert.Equal(5, (await MoveAsync(id, 4, "skipped", "The bank is closed.")).Value);
        Assert.Equal("The bank is closed.", Assert.Single(await TasksAsync(incident.Number)).Reason);
        Assert.Equal(5, (await _desk.ShowAsync(incident.Number)).Timeline.Count(t => t.Kind == "task" && t.By == "Ana"));
        Assert.Equal(4, await CountAsync("audit.entries where action = 'ticketing.task.moved'"));
    }

    [Fact]
    public async Task Two_at_the_same_task_leave_one_change_and_the_second_is_told_who_was_faster()
    {
        var incident = await PhishingAsync();
        var omar = await _desk.ColleagueAsync("omar");
        for (var round = 0; round < 8; round++)
        {
            var id = (await AddAsync(incident, $"task {round}")).Value;
            var outcomes = await Task.WhenAll(
                _desk.InScopeAsync<MoveTask, Outcome<int>>(m => m.RunAsync(_desk.Analyst, new(id, 1, "done", "mine"), Cancel)),
                _desk.InScopeAsync<MoveTask, Outcome<int>>(m => m.RunAsync(omar, new(id, 1, "skipped", "his"), Cancel)));
            var refused = Assert.Single(outcomes, o => !o.Succeeded).Refusals[0];
            Assert.True(refused.IsStale);
            var task = (await TasksAsync(incident.Number)).Single(t => t.Id == id);
            Assert.Equal(2, task.Version);
            Assert.Equal(task.ChangedBy, refused.Arguments[0]);
            Assert.Equal(task.State == "done" ? ("mine", "") : ("", "his"), (task.Note, task.Reason));
        }
    }

    [Fact]
    public async Task Edit_over_a_colleagues_change_is_refused_and_order_is_kept()
    {
        var incident = await PhishingAsync();
        var ids = new[] { (await AddAsync(incident, "a")).Value, (await AddAsync(incident, "b")).Value, (await AddAsync(incident, "c")).Value };
        var edit = _desk.Get<EditTask>();
        Assert.Equal(2, (await edit.RunAsync(_desk.Analyst, new(ids[0], 1, "a again", "by telephone", "any", 60), Cancel)).Value);
        Assert.True((await edit.RunAsync(_desk.Analyst, new(ids[0], 1, "a lost"), Cancel)).Refusals[0].IsStale);
        Assert.True((await _desk.Get<PlaceTask>().RunAsync(_desk.Analyst, new(ids[2], ids[0]), Cancel)).Succeeded);
        Assert.True((await _desk.Get<PlaceTask>().RunAsync(_desk.Analyst, new(ids[0]), Cancel)).Succeeded);
        var other = await PhishingAsync();
        Assert.Equal("ticketing.refused.task-place", (await _desk.Get<PlaceTask>().RunAsync(_desk.Analyst, new(ids[0], (await AddAsync(other, "x")).Value), Cancel)).Refusals[0].Key);
        Assert.Equal(["c", "b", "a again"], (await TasksAsync(incident.Number)).Select(t => t.Title));
    }

    [Fact]
    public async Task Playbook_changed_later_changes_no_task_and_every_version_stays()
    {
        var incident = await PhishingAsync();
        await StartAsync(incident);
        var (write, show) = (_desk.Get<WritePlaybook>(), _desk.Get<ShowPlaybook>());
        var fields = new PlaybookFields { Names = new Dictionary<string, string> { ["en"] = "Phishing here" }, Types = ["fraud"], Steps = [new(new Dictionary<string, StepText> { ["en"] = new("Only this") })] };
        Assert.Equal(2, (await write.RunAsync(_desk.Analyst, new(fields, Phishing, 1), Cancel)).Value.Version);
        Assert.True((await write.RunAsync(_desk.Analyst, new(fields, Phishing, 1), Cancel)).Refusals[0].IsStale);
        Assert.Equal(["Keep the evidence"], (await TasksAsync(incident.Number)).Take(1).Select(t => t.Title));
        Assert.Equal([2, 1], (await show.RunAsync(_desk.Analyst, new(Phishing), Cancel)).Value.Versions.Select(v => v.Version));
        Assert.Equal(5, (await show.RunAsync(_desk.Analyst, new(Phishing, 1), Cancel)).Value.Fields.Steps.Count);

        var copy = (await _desk.Get<CopyPlaybook>().RunAsync(_desk.Analyst, Phishing, Cancel)).Value;
        Assert.Equal("Phishing here (2)", (await show.RunAsync(_desk.Analyst, new(copy.Id), Cancel)).Value.Fields.Names["en"]);
        Assert.True((await _desk.Get<RetirePlaybook>().RunAsync(_desk.Analyst, new(copy.Id), Cancel)).Succeeded);
        Assert.Equal("ticketing.refused.playbook-retired", (await StartAsync(incident, copy.Id)).Refusals[0].Key);
        Assert.Equal(copy.Id, Assert.Single((await _desk.Get<ListPlaybooks>().RunAsync(_desk.Analyst, true, Cancel)).Value).Id);
        // One as shipped is retired and taken back without a version of the team's own.
        var shipped = ShippedPlaybooks.All.First(p => p.Id != Phishing).Id;
        Assert.True((await _desk.Get<RetirePlaybook>().RunAsync(_desk.Analyst, new(shipped), Cancel)).Succeeded);
        Assert.True((await _desk.Get<RetirePlaybook>().RunAsync(_desk.Analyst, new(shipped, false), Cancel)).Succeeded);
        Assert.True((await StartAsync(incident, shipped)).Succeeded);
        Assert.Equal(RefusalKind.Forbidden, (await write.RunAsync(_desk.Modules.Person("Op", Role.Operator), new(fields), Cancel)).Refusals[0].Kind);
    }

    [Fact]
    public async Task Merge_shows_tasks_on_the_root_and_undo_gives_them_back_with_what_was_done()
    {
        var (one, two) = (await PhishingAsync(), await PhishingAsync());
        await AddAsync(one, "own");
        var part = (await AddAsync(two, "of the part")).Value;
        var merged = (await _desk.Get<MergeIncidents>().RunAsync(_desk.Analyst, new(one.Number, [two.Id]), Cancel)).Value;
        Assert.Equal([("own", one.Number), ("of the part", two.Number)], (await TasksAsync(one.Number)).Select(t => (t.Title, t.Number)));
        Assert.True((await MoveAsync(part, 1, "done", "seen to")).Succeeded);
        Assert.Contains((await _desk.ShowAsync(one.Number)).Timeline, t => t.Kind == "task" && t.Of == two.Number);
        // A new task on the part stands on the root, where it is worked on.
        var late = (await AddAsync(two, "late")).Value;
        Assert.Equal(one.Number, (await TasksAsync(one.Number)).Single(t => t.Id == late).Number);

        Assert.Equal(1, (await _desk.Get<UndoAct>().RunAsync(_desk.Analyst, merged.Act, Cancel)).Value.Done);
        Assert.Equal(["own", "late"], (await TasksAsync(one.Number)).Select(t => t.Title));
        Assert.Equal([("of the part", "done", "seen to")], (await TasksAsync(two.Number)).Select(t => (t.Title, t.State, t.Note)));
    }

    [Fact]
    public async Task Closing_names_what_is_not_done_and_loses_none_of_it()
    {
        var (one, two, three) = (await PhishingAsync(), await PhishingAsync(), await PhishingAsync());
        var (skipped, kept) = ((await AddAsync(one, "Ask for removal")).Value, (await AddAsync(two, "Look again")).Value);
        var state = _desk.Get<ChangeState>();
        var asked = (await state.RunAsync(_desk.Analyst, new(two.Id, "new", "closed", "over", "resolved"), Cancel)).Refusals[0];
        Assert.Equal(("ticketing.refused.tasks-open", two.Number, 1, "Look again"), (asked.Key, asked.Arguments[0], asked.Arguments[1], asked.Arguments[2]));
        Assert.True((await state.RunAsync(_desk.Analyst, new(two.Id, "new", "closed", "over", "resolved", OpenTasks.Keep), Cancel)).Succeeded);
        Assert.True((await MoveAsync(kept, 1, "done")).Succeeded);
        Assert.Equal("ticketing.refused.closed", (await AddAsync(two, "too late")).Refusals[0].Key);

        var many = _desk.Get<ChangeIncidents>();
        var close = new IncidentChange { State = "closed", Outcome = "resolved", Reason = "all clean" };
        var first = (await many.RunAsync(_desk.Analyst, new([one.Id, three.Id], close), Cancel)).Value;
        Assert.Equal((1, one.Number, "ticketing.refused.tasks-open"), (first.Done, Assert.Single(first.Left).Number, first.Left[0].Reason.Key));
        var second = (await many.RunAsync(_desk.Analyst, new([one.Id], close with { OpenTasks = OpenTasks.Skip }), Cancel)).Value;
        Assert.Equal(("skipped", "all clean"), ((await TasksAsync(one.Number))[0].State, (await TasksAsync(one.Number))[0].Reason));
        await _desk.Get<UndoAct>().RunAsync(_desk.Analyst, second.Act, Cancel);
        Assert.Equal((skipped, "open", ""), ((await TasksAsync(one.Number))[0].Id, (await TasksAsync(one.Number))[0].State, (await TasksAsync(one.Number))[0].Reason));
    }

    [Fact]
    public async Task Tasks_wait_for_people_by_name_and_wear_the_marking_of_their_incident()
    {
        var omar = await _desk.ColleagueAsync("omar", Tlp.Amber);
        var incident = await PhishingAsync();
        var (given, owners, anybodys) = ((await AddAsync(incident, "given", due: 1)).Value, (await AddAsync(incident, "of the owner", "owner")).Value, (await AddAsync(incident, "anybody's", "role:analyst")).Value);
        Assert.Equal(2, (await _desk.InScopeAsync<GiveTask, Outcome<int>>(g => g.RunAsync(_desk.Analyst, new(given, 1, omar.Id), Cancel))).Value);
        Assert.Equal(1, await CountAsync("kernel.notices where key = 'ticketing.notice.task'"));
        Assert.Equal("ticketing.refused.same", (await _desk.InScopeAsync<GiveTask, Outcome<int>>(g => g.RunAsync(_desk.Analyst, new(given, 2, omar.Id), Cancel))).Refusals[0].Key);
        Assert.Equal(["given"], (await MineAsync(omar)).Select(t => t.Title));
        Assert.True((await _desk.InScopeAsync<TakeOwnership, Outcome<Done>>(t => t.RunAsync(omar, new(incident.Id), Cancel))).Succeeded);
        Assert.Equal(["given", "of the owner"], (await MineAsync(omar)).Select(t => t.Title));
        Assert.Equal([anybodys], (await MineAsync(omar, "role")).Select(t => t.Id));
        await ExecuteAsync("update ticketing.tasks set due_at = now() - interval '1 hour' where assignee_name = 'omar'");
        Assert.True(Assert.Single(await MineAsync(omar, "overdue")).Late);
        var work = await _desk.InScopeAsync<IServiceProvider, IReadOnlyList<WorkItem>>(async s => [.. (await Task.WhenAll(s.GetServices<IOwnWork>().Select(w => w.ReadAsync(omar, 12, Cancel)))).SelectMany(w => w)]);
        Assert.Equal([$"{incident.Number} given", $"{incident.Number} of the owner"], work.Where(w => w.KindKey == "ticketing.kind.task").Select(w => w.Title));

        await ExecuteAsync("update ticketing.incidents set tlp = 3");
        Assert.Empty(await MineAsync(omar));
        Assert.Equal(RefusalKind.NotFound, (await _desk.InScopeAsync<MoveTask, Outcome<int>>(m => m.RunAsync(omar, new(given, 2, "done"), Cancel))).Refusals[0].Kind);
        Assert.Equal("ticketing.refused.may-not-read", (await _desk.InScopeAsync<GiveTask, Outcome<int>>(g => g.RunAsync(_desk.Analyst, new(owners, 1, omar.Id), Cancel))).Refusals[0].Key);
        var outsider = _desk.Modules.Person("Eve", Role.Analyst) with { Constituent = new ConstituentId(Guid.NewGuid()) };
        Assert.Empty((await _desk.Get<ListTasks>().RunAsync(outsider, new("open"), Cancel)).Value.Items);
    }

    [Fact]
    public async Task Tasks_are_paged_by_key_with_what_has_no_time_at_the_end()
    {
        var incident = await PhishingAsync();
        for (var i = 0; i < 5; i++)
            await AddAsync(incident, $"t{i}", due: i % 2 == 0 ? null : 100 - i);
        var (seen, after) = (new List<string>(), (string?)null);
        do
        {
            var page = (await _desk.Get<ListTasks>().RunAsync(_desk.Analyst, new("open", after, 2), Cancel)).Value;
            seen.AddRange(page.Items.Select(t => t.Title));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(["t3", "t1", "t0", "t2", "t4"], seen);
    }

    private async Task<IncidentRef> PhishingAsync() => await _desk.OpenAsync(new IncidentFields { Title = "Phishing against the bank", RsitType = "fraud/phishing" });

    private Task<Outcome<PlaybookStarted>> StartAsync(IncidentRef incident, Guid? playbook = null) => _desk.Get<StartPlaybook>().RunAsync(_desk.Analyst, new(incident.Id, playbook ?? Phishing), Cancel);

    private Task<Outcome<Guid>> AddAsync(IncidentRef incident, string title, string who = "any", int? due = null) => _desk.Get<AddTask>().RunAsync(_desk.Analyst, new(incident.Id, title, "", who, due), Cancel);

    private Task<Outcome<int>> MoveAsync(Guid task, int version, string to, string word = "") => _desk.Get<MoveTask>().RunAsync(_desk.Analyst, new(task, version, to, word), Cancel);

    private async Task<IReadOnlyList<TaskLine>> TasksAsync(string number) => (await _desk.Get<ListIncidentTasks>().RunAsync(_desk.Analyst, number, Cancel)).Value;

    private async Task<IReadOnlyList<TaskLine>> MineAsync(Viewer viewer, string view = "mine") => (await _desk.Get<ListTasks>().RunAsync(viewer, new(view), Cancel)).Value.Items;

    private async Task<long> CountAsync(string from)
    {
        await using var database = NpgsqlDataSource.Create(_desk.Modules.Owner);
        await using var command = database.CreateCommand($"select count(*) from {from}");
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(_desk.Modules.Owner);
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
