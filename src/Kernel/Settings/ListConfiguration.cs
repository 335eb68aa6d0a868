using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Modules;

namespace Appliance.Kernel.Settings;

/// <summary>One setting that is fixed while the host runs.</summary>
/// <param name="Name">As it is written in <c>config.json</c>: <c>kernel:idleMinutes</c>.</param>
/// <param name="Value">What holds now; credentials within addresses are left out.</param>
/// <param name="Default">What would hold if nothing were written.</param>
internal sealed record ConfiguredLine(string Name, string Value, string Default)
{
    /// <summary>True where the site chose something of its own.</summary>
    public bool Changed => Value != Default;
}

/// <summary>Every setting of every module as it holds now, beside its default; of those whose name or value contains the request, all for none.</summary>
internal sealed partial class ListConfiguration(ModuleSet modules, IServiceProvider services) : Query<string, IReadOnlyList<ConfiguredLine>>
{
    public override Permission Permission => KernelPermissions.ReadSettings;

    protected override Task<Outcome<IReadOnlyList<ConfiguredLine>>> HandleAsync(Viewer viewer, string request, CancellationToken cancel)
    {
        var lines = modules.Modules.SelectMany(m => m.Options).OrderBy(o => o.Section, StringComparer.Ordinal)
            .SelectMany(o => Lines(o.Section, services.GetService(o.Type) ?? Activator.CreateInstance(o.Type)!, Activator.CreateInstance(o.Type)!))
            .Where(l => l.Name.Contains(request, StringComparison.OrdinalIgnoreCase) || l.Value.Contains(request, StringComparison.OrdinalIgnoreCase));
        return Task.FromResult<Outcome<IReadOnlyList<ConfiguredLine>>>(lines.ToArray());
    }

    private static IEnumerable<ConfiguredLine> Lines(string section, object now, object fresh)
    {
        foreach (var property in now.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p is { CanRead: true, CanWrite: true }))
        {
            var (value, standard) = (property.GetValue(now), property.GetValue(fresh));
            var name = $"{section}:{char.ToLowerInvariant(property.Name[0])}{property.Name[1..]}";
            if (value is not null && standard is not null && IsGroup(property.PropertyType))
            {
                foreach (var line in Lines(name, value, standard))
                    yield return line;
            }
            else
            {
                yield return new(name, Shown(value), Shown(standard));
            }
        }
    }

    private static bool IsGroup(Type type) =>
        type.Namespace!.StartsWith("Appliance", StringComparison.Ordinal) && !type.IsEnum && type.GetConstructor(Type.EmptyTypes) is not null;

    private static string Shown(object? value) => value switch
    {
        null => "",
        string text => Credentials().Replace(text, "://…@"),
        bool flag => flag ? "true" : "false",
        IDictionary pairs => string.Join(", ", pairs.Keys.Cast<object>().Select(k => $"{k}={Shown(pairs[k])}")),
        IEnumerable list => string.Join(", ", list.Cast<object>().Select(Shown)),
        IFormattable plain => plain.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    [GeneratedRegex("://[^/\\s]+@", RegexOptions.NonBacktracking)]
    private static partial Regex Credentials();
}
