using System.Reflection;
using Appliance.Contracts;
using Appliance.Host.Composition;
using Appliance.Kernel;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Modules;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Integration.Access;

/// <summary>One way in: an endpoint or a page, and the right it declares.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Route pattern.</param>
/// <param name="Permission">The declared right; null for what answers everyone.</param>
/// <param name="IsPage">True for a page of the console.</param>
public sealed record Entry(string Method, string Path, Permission? Permission, bool IsPage);

/// <summary>
/// Everything that can be asked of the appliance, read from what the modules registered and from the pages' attributes. A module that registers
/// is covered; nothing is listed here by hand but the three endpoints of the host itself.
/// </summary>
internal static class AccessMap
{
    /// <summary>The modules that ship, described as the host describes them.</summary>
    public static ModuleSet Modules { get; }

    /// <summary>All entries.</summary>
    public static IReadOnlyList<Entry> Entries { get; }

    /// <summary>All acts and queries.</summary>
    public static IReadOnlyList<Type> Handlers { get; }

    static AccessMap()
    {
        var catalog = new ModuleCatalog();
        var services = new ServiceCollection();
        Modules = new([.. catalog.Find(new ConfigurationBuilder().Build()).Select(m => ModuleBuilder.Describe(m, services))]);
        var assemblies = Modules.Modules.Select(m => m.Assembly).Concat(catalog.TextAssemblies).Concat(catalog.PageAssemblies(Modules)).Distinct().ToList();
        Entries =
        [
            .. Modules.Modules.SelectMany(m => m.Endpoints).Select(e => new Entry(e.Method, e.Path, e.Permission, false)),
            .. assemblies.SelectMany(a => a.GetTypes()).SelectMany(Pages),
            new("GET", "/metrics", KernelPermissions.ReadMetrics, false),
            new("GET", "/api/v1/openapi.json", Permission.SignedIn, false),
            new("POST", "/csp-report", null, false),
        ];
        Handlers = [.. assemblies.SelectMany(a => a.GetTypes()).Where(t => t is { IsAbstract: false, IsClass: true } && t.IsAssignableTo(typeof(IHandler)))];
    }

    /// <summary>What a role may do from the start.</summary>
    public static IReadOnlySet<string> Granted(Role role) =>
        Modules.Modules.SelectMany(m => m.Permissions).Where(p => p.Roles.Contains(role)).Select(p => p.Permission.Id).ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<Entry> Pages(Type type) => type.GetCustomAttributes<RouteAttribute>().Select(route => new Entry(
        "GET",
        route.Template,
        type.GetCustomAttribute<PermissionAttribute>() is { } needed ? new Permission(needed.Id) : null,
        IsPage: true));
}
