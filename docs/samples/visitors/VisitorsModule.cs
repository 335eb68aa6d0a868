using Appliance.Contracts;
using Appliance.Kernel.Modules;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

namespace Visitors;

/// <summary>Who came to the team's rooms: a sample of all that a plug-in can bring. Its table of contents.</summary>
public sealed class VisitorsModule : IModule
{
    public string Id => "visitors";

    public void Describe(IModuleBuilder builder) => builder
        .Permission(Rights.Read, Role.Manager, Role.Analyst, Role.Operator)
        .Permission(Rights.Write, Role.Manager, Role.Operator)
        .Pages("Visitors")
        .Navigation(new("directory", "visitors.title", "/visitors", Rights.Read, 90))
        .Job<SendHomeJob>("send-home", JobSchedule.At("0 0 22 * * ?"))
        .Retention(new("visitors.visits", 365, "delete from visitors.visits where id in (select id from visitors.visits where came_at < @before limit 5000)"))
        .Endpoint("GET", "visits", Rights.Read, (Viewer viewer, ListVisits list, CancellationToken cancel) => list.RunAsync(viewer, default, cancel))
        .Endpoint("POST", "visits", Rights.Write, (Viewer viewer, NoteVisit note, Visit visit, CancellationToken cancel) => note.RunAsync(viewer, visit, cancel))
        .Example(new { name = "Lee Wei", host = "Amina" });
}

/// <summary>The rights of this plug-in.</summary>
public static class Rights
{
    public static Permission Read { get; } = new("visitors.visit.read");

    public static Permission Write { get; } = new("visitors.visit.write");
}
