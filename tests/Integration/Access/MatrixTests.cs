using System.Runtime.CompilerServices;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Bulk;
using Xunit;

namespace Appliance.Integration.Access;

/// <summary>Who may do what, asked of the running host: every endpoint and page, and every handler behind them, for every role and for a stranger.</summary>
[Collection("access")]
public sealed class MatrixTests(AccessWorld world)
{
    /// <summary>Pages where a second factor is got.</summary>
    private static readonly string[] s_enrolling = ["/account", "/setup/steps"];

    private static readonly string s_nobody = Guid.Empty.ToString();

    [Fact]
    public async Task Every_endpoint_and_page_answers_those_who_hold_its_right_and_nobody_else()
    {
        List<string> wrong = [];
        var asked = 0;
        foreach (var entry in AccessMap.Entries)
        {
            var path = Fill(entry.Path);
            foreach (var role in Enum.GetValues<Role>().Select(r => (Role?)r).Append(null))
            {
                var (status, body) = await world.AskAsync(role, entry.Method, path);
                asked++;
                if (Fault(entry, role, status, body) is { } fault)
                    wrong.Add($"{role?.ToString() ?? "stranger"} {entry.Method} {path}: {fault}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{AccessMap.Entries.Count} entries, {asked} questions");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public async Task Every_page_answers_a_browser_that_signed_in_as_it_answers_a_token()
    {
        List<string> wrong = [];
        foreach (var role in AccessWorld.People)
        {
            // Whose role needs a second factor gets that first, whatever page they ask for.
            var mustEnrol = (await world.BrowseAsync(role, "/")).Status == 302;
            foreach (var entry in AccessMap.Entries.Where(e => e is { IsPage: true, Permission: not null } && !s_enrolling.Any(p => e.Path.StartsWith(p, StringComparison.Ordinal))))
            {
                var path = Fill(entry.Path);
                var (status, body) = await world.BrowseAsync(role, path);
                var fault = mustEnrol ? status == 302 ? null : $"{status} before there is a second factor" : Fault(entry, role, status, body);
                if (fault is not null)
                    wrong.Add($"{role} GET {path}: {fault}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public async Task Every_handler_refuses_whoever_lacks_its_right_before_it_looks_at_the_request()
    {
        List<string> wrong = [];
        var asked = 0;
        foreach (var type in AccessMap.Handlers)
        {
            // Not even constructed: whoever gets past the right meets nothing at all, and the test a fault.
            var handler = (IHandler)RuntimeHelpers.GetUninitializedObject(type);
            foreach (var role in Enum.GetValues<Role>().Where(r => !AccessMap.Granted(r).Contains(handler.Permission.Id) && handler.Permission != Permission.SignedIn))
            {
                asked++;
                if (await RefusalAsync(handler, PersonOf(role)) is not RefusalKind.Forbidden)
                    wrong.Add($"{type.Name} ({handler.Permission}) let {role} in");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{AccessMap.Handlers.Count} handlers, {asked} questions");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.True(asked > AccessMap.Handlers.Count, "the matrix is empty");
    }

    [Fact]
    public async Task Every_act_on_many_is_refused_to_whoever_lacks_its_right()
    {
        var acts = AccessMap.Modules.Modules.SelectMany(m => m.BulkActs).ToList();
        List<string> wrong = [];
        foreach (var (name, type) in acts)
        {
            var needed = ((IBulkAct)RuntimeHelpers.GetUninitializedObject(type)).Permission;
            Assert.Contains(AccessMap.Modules.Modules.SelectMany(m => m.Permissions), p => p.Permission == needed && p.Roles.Length > 0);
            foreach (var role in Enum.GetValues<Role>().Where(r => !AccessMap.Granted(r).Contains(needed.Id)))
            {
                var outcome = await world.InScopeAsync<IBulkActs, Outcome<BulkState>>(desk => desk.StartAsync(PersonOf(role), new(name, default, "ui.undo", "ui.bulk.undone") { Items = [Guid.NewGuid()] }, CancellationToken.None));
                if (outcome.Succeeded || outcome.Refusals[0].Kind != RefusalKind.Forbidden)
                    wrong.Add($"{name} ({needed}) let {role} in");
            }
        }

        Assert.True(acts.Count > 4, "no acts on many");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public async Task Whoever_must_first_get_a_second_factor_may_do_that_and_nothing_else()
    {
        var (refused, allowed) = (0, new List<string>());
        foreach (var type in AccessMap.Handlers)
        {
            var handler = (IHandler)RuntimeHelpers.GetUninitializedObject(type);
            if (await RefusalAsync(handler, PersonOf(Role.Administrator) with { MustEnrol = true, Permissions = System.Collections.Frozen.FrozenSet.Create(Permission.Enrolling.Id) }) is RefusalKind.Forbidden)
                refused++;
            else
                allowed.Add(type.FullName!);
        }

        Assert.All(allowed, name => Assert.StartsWith("Appliance.Kernel.Identity.", name, StringComparison.Ordinal));
        Assert.InRange(allowed.Count, 1, 8);
        Assert.InRange(refused, 100, int.MaxValue);
        Assert.All(AccessMap.Entries.Where(e => e.Permission == Permission.Enrolling), e => Assert.StartsWith("/account", e.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_right_that_is_asked_for_is_declared_by_a_module_and_held_by_some_role()
    {
        var declared = AccessMap.Modules.Modules.SelectMany(m => m.Permissions).ToLookup(p => p.Permission.Id, p => p.Roles.Length);
        var asked = AccessMap.Entries.Where(e => e.Permission is { } needed && needed != Permission.SignedIn && needed != Permission.Enrolling).Select(e => e.Permission!.Value.Id);
        List<string> missing = [.. asked.Distinct().Where(id => !declared[id].Any(roles => roles > 0))];
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_endpoint_that_changes_something_needs_a_right_of_its_own()
    {
        // Public ones are the log-in forms and browser reports; a signed-in person alone changes only what is theirs.
        List<string> open =
        [
            .. AccessMap.Entries
                .Where(e => e is { Method: not "GET", IsPage: false } && (e.Permission is null || e.Permission == Permission.SignedIn))
                .Select(e => $"{e.Method} {e.Path}")
                .Where(e => !e.StartsWith("POST /account/", StringComparison.Ordinal) && !s_reviewed.Contains(e)),
        ];
        Assert.Empty(open);
    }

    private static readonly HashSet<string> s_reviewed = ["POST /csp-report"];

    /// <summary>What is wrong with the answer, or null. What is asked for does not exist, so those who may are told so; nobody meets a fault.</summary>
    private static string? Fault(Entry entry, Role? role, int status, string body)
    {
        if (status >= 500)
            return $"{status} {Start(body)}";
        // A wrong media type is refused by the routing, before anything of ours.
        if (entry.Permission is not { } needed || status == 415)
            return null;
        if (role is not { } known)
            return status is 401 or 302 ? null : $"a stranger got {status}";
        // A peer is a program: it has no account.
        var may = (needed == Permission.SignedIn && known != Role.Peer) || AccessMap.Granted(known).Contains(needed.Id);
        return (may, status) switch
        {
            (true, 401 or 403) => $"holds {needed} and got {status}: {Start(body)}",
            (false, not 403) => $"lacks {needed} and got {status}",
            _ => null,
        };
    }

    private static async Task<RefusalKind?> RefusalAsync(IHandler handler, Viewer viewer)
    {
        var run = handler.GetType().GetMethods().Single(m => m.Name == "RunAsync" && m.GetParameters().Length == 3);
        // No request at all: who gets as far as looking at it meets a fault.
        var task = (Task)run.Invoke(handler, [viewer, Default(run.GetParameters()[1].ParameterType), CancellationToken.None])!;
        try
        {
            await task;
        }
        catch (NullReferenceException)
        {
            return null;
        }

        var outcome = task.GetType().GetProperty("Result")!.GetValue(task)!;
        var refusals = (IReadOnlyList<Refusal>)outcome.GetType().GetProperty("Refusals")!.GetValue(outcome)!;
        return refusals.Count > 0 ? refusals[0].Kind : null;
    }

    private static object? Default(Type type) => type.IsValueType ? Activator.CreateInstance(type) : null;

    private static Viewer PersonOf(Role role) => new()
    {
        Id = UserId.New(),
        Name = role.ToString(),
        Roles = [role],
        Permissions = System.Collections.Frozen.FrozenSet.ToFrozenSet(AccessMap.Granted(role).Append(Permission.SignedIn.Id)),
    };

    /// <summary>The pattern with values that name nothing.</summary>
    private static string Fill(string pattern) => string.Join('/', pattern.Split('/').Select(part =>
        !part.StartsWith('{') ? part : part.Contains("guid", StringComparison.Ordinal) ? s_nobody : part.Contains("int", StringComparison.Ordinal) || part.Contains("long", StringComparison.Ordinal) ? "0" : "none"));

    private static string Start(string body) => body.Length > 200 ? body[..200] : body;
}
