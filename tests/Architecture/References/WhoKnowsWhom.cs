using System.Runtime.InteropServices;

namespace Appliance.Architecture.References;

/// <summary>The table "Who may know whom" of the house, as code.</summary>
internal static class WhoKnowsWhom
{
    private static readonly string[] s_database = ["Npgsql", "Dapper", "Quartz"];

    /// <summary>Kernel's own data access: modules use it, pages do not.</summary>
    private static readonly string[] s_dataAccess = ["Appliance.Kernel.Data", "Appliance.Kernel.Migrations"];

    /// <summary>Everything in <paramref name="facts"/> that the table forbids, in words.</summary>
    public static IEnumerable<string> Faults(AssemblyFacts facts, IReadOnlyList<string> modules)
    {
        var own = facts.Assemblies.Where(name => name == "cirt" || name.StartsWith("Appliance.", StringComparison.Ordinal));
        var ours = Ours(facts.Name, modules);
        foreach (var name in own.Where(name => !ours.Contains(name)))
            yield return $"{facts.Name} knows {name}";

        var foreign = facts.Assemblies.Except(own);
        var (forbidden, reason) = Foreign(facts.Name, modules);
        foreach (var name in foreign.Where(forbidden))
            yield return $"{facts.Name} knows {name}: {reason}";

        if (facts.Name.EndsWith(".Pages", StringComparison.Ordinal))
        {
            foreach (var type in facts.Types.Where(type => s_dataAccess.Any(place => type.StartsWith(place + ".", StringComparison.Ordinal))))
                yield return $"{facts.Name} names {type}: a page shows and asks, the slice decides";
        }
    }

    /// <summary>Which of our assemblies a room may know.</summary>
    private static HashSet<string> Ours(string room, IReadOnlyList<string> modules) => room switch
    {
        "Appliance.Contracts" => [],
        "Appliance.Kernel" or "Appliance.Ui" => ["Appliance.Contracts"],
        "Appliance.Console" => ["Appliance.Contracts", "Appliance.Kernel", "Appliance.Ui"],
        "cirt" => ["Appliance.Contracts", "Appliance.Kernel", "Appliance.Ui", "Appliance.Console"],
        _ when room.EndsWith(".Engine", StringComparison.Ordinal) => [],
        _ when room.EndsWith(".Pages", StringComparison.Ordinal) => ["Appliance.Contracts", "Appliance.Ui", room[..^".Pages".Length], "Appliance.Kernel"],
        _ when modules.Contains(room["Appliance.".Length..]) => ["Appliance.Contracts", "Appliance.Kernel", room + ".Engine"],
        _ => [],
    };

    private static (Func<string, bool> Forbidden, string Reason) Foreign(string room, IReadOnlyList<string> modules) => room switch
    {
        _ when room == "Appliance.Contracts" || room.EndsWith(".Engine", StringComparison.Ordinal) => (name => !IsBaseClassLibrary(name), "only the base class library"),
        _ when room is "Appliance.Ui" or "Appliance.Console" || room.EndsWith(".Pages", StringComparison.Ordinal) => (name => s_database.Contains(name), "pages do not reach the database"),
        _ => (name => name is "Radzen.Blazor" && modules.Contains(room["Appliance.".Length..]), "components belong to Ui and Pages"),
    };

    private static bool IsBaseClassLibrary(string name) => File.Exists(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), name + ".dll"));
}
