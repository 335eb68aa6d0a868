using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Readiness.Figures;

namespace Appliance.Readiness;

/// <summary>Where the CIRT stands. This file is the table of contents.</summary>
public sealed class ReadinessModule : IModule
{
    /// <inheritdoc/>
    public string Id => "readiness";

    /// <inheritdoc/>
    public void Describe(IModuleBuilder builder) => builder
        .Permission(Permissions.Read, Role.Administrator, Role.Manager, Role.Analyst, Role.Operator, Role.Auditor)
        .Endpoint("GET", "figures", Permissions.Read, (Viewer viewer, ShowFigures show, CancellationToken cancel) => show.RunAsync(viewer, default, cancel))
        .Pages("Appliance.Readiness.Pages")
        .Navigation(new("readiness", "readiness.nav.figures", "/readiness", Permissions.Read, 0, "readiness"));
}
