using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Reflection;
using System.Text;
using Appliance.Contracts;
using Appliance.Host.Composition;
using Appliance.Host.Verbs;
using Appliance.Kernel.Data;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Architecture.Reference;

/// <summary>The pages of <c>docs/reference</c>, written from what the modules registered and from the summaries in the source.</summary>
internal sealed class ReferencePages
{
    private const string Head = "<!-- Written by ./build.sh reference from the product itself; a test compares. Change the source, not this page. -->\n";

    private readonly SourceSummaries _said = new();
    private readonly IReadOnlyList<ModuleDescription> _modules;
    private readonly IReadOnlyList<IVerb> _verbs;

    public ReferencePages()
    {
        var catalog = new ModuleCatalog();
        var services = new ServiceCollection();
        var data = DataFolder.FromEnvironment();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()).AddSingleton(data).AddSingleton(TimeProvider.System).AddLogging();
        _modules = [.. catalog.Find(new ConfigurationBuilder().Build()).Select(m => ModuleBuilder.Describe(m, services))];
        using var provider = services.BuildServiceProvider();
        _verbs = [.. VerbTable.HostVerbs(catalog, data).Concat(_modules.SelectMany(m => m.Verbs).Select(t => (IVerb)ActivatorUtilities.CreateInstance(provider, t))).OrderBy(v => v.Name, StringComparer.Ordinal)];
    }

    /// <summary>File name and text of every page.</summary>
    public IReadOnlyDictionary<string, string> All() => new Dictionary<string, string>
    {
        ["commands.md"] = Commands(),
        ["configuration.md"] = Configuration(),
        ["events.md"] = Events(),
        ["jobs.md"] = Jobs(),
        ["metrics.md"] = MetricsPage.Write(Head),
        ["permissions.md"] = Permissions(),
    };

    private string Commands()
    {
        var page = new StringBuilder(Head).Append("# Commands\n\nThe program is `cirt`. It reads `CIRT_DATA` (the data folder) and, where a server of your own is used, `CIRT_DATABASE`.\nA command that is given something it does not know says what it takes, and ends with exit code 1 or 2.\n\n| command | what it does | needs the database |\n|---|---|---|\n");
        foreach (var verb in _verbs)
            page.Append(CultureInfo.InvariantCulture, $"| `cirt {verb.Name}` | {Cell(verb.Summary)} | {(verb.NeedsServices ? "yes" : "")} |\n");
        return page.ToString();
    }

    private string Configuration()
    {
        var page = new StringBuilder(Head).Append("# Configuration\n\nSettings that are fixed while the host runs. They stand in `config.json` of the data folder, or in the environment as `CIRT_` and the name with `__` for `:`\n(`CIRT_kernel__idleMinutes=30`). What is wrong is said at start, all of it at once, and the host does not start. What may change while it runs is on the settings pages.\n");
        foreach (var options in _modules.SelectMany(m => m.Options).OrderBy(o => o.Section, StringComparer.Ordinal))
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {options.Section}\n\n{_said.Of(options.Type)}\n\n| setting | default | meaning |\n|---|---|---|\n");
            Rows(page, options.Section, Activator.CreateInstance(options.Type)!);
        }

        page.Append("\n## modules\n\n`modules:NAME = false` switches a module off: ");
        return page.AppendJoin(", ", _modules.Select(m => m.Module.Id).Where(id => id != "kernel").Select(id => $"`{id}`")).Append(".\n").ToString();
    }

    private void Rows(StringBuilder page, string section, object options)
    {
        foreach (var property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p is { CanRead: true, CanWrite: true }))
        {
            var value = property.GetValue(options);
            var name = $"{section}:{char.ToLowerInvariant(property.Name[0])}{property.Name[1..]}";
            if (value is not null && property.PropertyType.Namespace!.StartsWith("Appliance", StringComparison.Ordinal) && !property.PropertyType.IsEnum && property.PropertyType.GetConstructor(Type.EmptyTypes) is not null)
                Rows(page, name, value);
            else
                page.Append(CultureInfo.InvariantCulture, $"| `{name}` | {Default(value)} | {Cell(_said.Of(property.DeclaringType!, property.Name))} |\n");
        }
    }

    private static string Default(object? value) => value switch
    {
        null or "" => "",
        string text => $"`{text}`",
        IEnumerable list => string.Join(", ", list.Cast<object>().Select(Default)),
        bool flag => flag ? "`true`" : "`false`",
        IFormattable plain => $"`{plain.ToString(null, CultureInfo.InvariantCulture)}`",
        _ => $"`{value}`",
    };

    private string Events()
    {
        var page = new StringBuilder(Head).Append("# Events\n\nFacts that cross modules through the outbox, in the publisher's transaction; each is delivered to every subscriber at least once. A webhook may be told of them.\n");
        var subscriptions = _modules.SelectMany(m => m.Subscriptions).ToLookup(s => s.EventType);
        foreach (var (module, type) in _modules.SelectMany(m => m.Publishes.Select(type => (m.Module.Id, type))).OrderBy(e => e.type.GetCustomAttribute<EventAttribute>()!.Name, StringComparer.Ordinal))
        {
            var stable = type.GetCustomAttribute<EventAttribute>()!;
            page.Append(CultureInfo.InvariantCulture, $"\n## {stable.Name}\n\nVersion {stable.Version}, published by {module}. {_said.Of(type)}\n\n");
            page.Append(CultureInfo.InvariantCulture, $"Heard by: {(subscriptions[type].Any() ? string.Join(", ", subscriptions[type].Select(s => $"`{s.Name}`").Order(StringComparer.Ordinal)) : "webhooks only")}.\n\n");
            page.Append("| member | meaning |\n|---|---|\n");
            foreach (var member in type.GetProperties().Where(p => p.DeclaringType == type && p.Name != "Aggregate" && p.GetMethod!.GetBaseDefinition() == p.GetMethod && p.Name != "EqualityContract"))
                page.Append(CultureInfo.InvariantCulture, $"| `{char.ToLowerInvariant(member.Name[0])}{member.Name[1..]}` | {Cell(_said.Of(type, member.Name))} |\n");
        }

        return page.ToString();
    }

    private string Jobs()
    {
        var page = new StringBuilder(Head).Append("# Jobs and what is kept\n\nJobs run inside the host; their last runs are on *Administration → Jobs*. Cron times are UTC, seconds first.\n\n| job | when | what it does |\n|---|---|---|\n");
        foreach (var job in _modules.SelectMany(m => m.Jobs).OrderBy(j => j.Name, StringComparer.Ordinal))
            page.Append(CultureInfo.InvariantCulture, $"| `{job.Name}` | {(job.Schedule.Cron is { } cron ? $"`{cron}`" : $"every {job.Schedule.Every}")} | {Cell(_said.Of(job.JobType))} |\n");
        page.Append("\nActs on everything that matches a list are worked part by part, as the person who asked; the right is looked at again for each part.\n\n| act on many | right | items of one part | what it does |\n|---|---|---|---|\n");
        foreach (var (name, type) in _modules.SelectMany(m => m.BulkActs).OrderBy(b => b.Name, StringComparer.Ordinal))
        {
            var act = (IBulkAct)RuntimeHelpers.GetUninitializedObject(type);
            page.Append(CultureInfo.InvariantCulture, $"| `{name}` | `{act.Permission}` | {act.PartSize} | {Cell(_said.Of(type))} |\n");
        }

        page.Append("\n| table | days kept by default |\n|---|---|\n");
        foreach (var rule in _modules.SelectMany(m => m.Retention).OrderBy(r => r.Table, StringComparer.Ordinal))
            page.Append(CultureInfo.InvariantCulture, $"| `{rule.Table}` | {rule.KeepDays} |\n");
        return page.ToString();
    }

    private string Permissions()
    {
        Role[] roles = [.. Enum.GetValues<Role>()];
        var page = new StringBuilder(Head).Append("# Permissions\n\nWho holds what from the start. Roles of your own hold any of these; *Administration → Roles* shows what a person may do and why.\n\n| permission | ").AppendJoin(" | ", roles).Append(" |\n|---|").Append(string.Concat(Enumerable.Repeat("---|", roles.Length))).Append('\n');
        foreach (var (permission, granted) in _modules.SelectMany(m => m.Permissions).OrderBy(p => p.Permission.Id, StringComparer.Ordinal))
            page.Append(CultureInfo.InvariantCulture, $"| `{permission}` | ").AppendJoin(" | ", roles.Select(r => granted.Contains(r) ? "yes" : "")).Append(" |\n");
        return page.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
