using System.Reflection;
using Appliance.Contracts;

namespace Appliance.Kernel.Modules;

/// <summary>All that one module registered: what the host composes from and what the reference and the permission matrix are generated from.</summary>
public sealed class ModuleDescription(IModule module)
{
    /// <summary>The module.</summary>
    public IModule Module { get; } = module;

    /// <summary>The assembly of the module.</summary>
    public Assembly Assembly => Module.GetType().Assembly;

    /// <summary>Options types with their validators, bound from the section with the module's id.</summary>
    public List<OptionsRegistration> Options { get; } = [];

    /// <summary>Permissions with the roles that hold them from the start.</summary>
    public List<(Permission Permission, Role[] Roles)> Permissions { get; } = [];

    /// <summary>Events published.</summary>
    public List<Type> Publishes { get; } = [];

    /// <summary>Event subscriptions.</summary>
    public List<Subscription> Subscriptions { get; } = [];

    /// <summary>Jobs on schedules.</summary>
    public List<JobRegistration> Jobs { get; } = [];

    /// <summary>Endpoints.</summary>
    public List<EndpointRegistration> Endpoints { get; } = [];

    /// <summary>Names of page assemblies.</summary>
    public List<string> PageAssemblies { get; } = [];

    /// <summary>Entries of the left rail.</summary>
    public List<NavigationEntry> Navigation { get; } = [];

    /// <summary>Types of the health probes.</summary>
    public List<Type> HealthProbes { get; } = [];

    /// <summary>Retention rules.</summary>
    public List<RetentionRule> Retention { get; } = [];

    /// <summary>Types of the verbs.</summary>
    public List<Type> Verbs { get; } = [];

    /// <summary>Acts on many items.</summary>
    public List<BulkRegistration> BulkActs { get; } = [];

    /// <summary>Tables that are only added to.</summary>
    public List<string> AppendOnly { get; } = [];
}

/// <summary>One subscription of one module.</summary>
/// <param name="Name">Stable: <c>ticketing/alert-escalated</c>.</param>
/// <param name="ModuleId">The subscriber.</param>
/// <param name="EventType">The record.</param>
/// <param name="HandlerType">Resolved per delivery.</param>
public sealed record Subscription(string Name, string ModuleId, Type EventType, Type HandlerType);

/// <summary>One job.</summary>
/// <param name="Name">Stable: <c>watch/fetch-feeds</c>.</param>
/// <param name="JobType">Resolved per run.</param>
/// <param name="Schedule">When.</param>
public sealed record JobRegistration(string Name, Type JobType, JobSchedule Schedule);

/// <summary>One act on many items.</summary>
/// <param name="Name">Stable: <c>ticketing/change</c>.</param>
/// <param name="ActType">Resolved per part.</param>
public sealed record BulkRegistration(string Name, Type ActType);

/// <summary>One endpoint.</summary>
/// <param name="ModuleId">Owner.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Full route pattern.</param>
/// <param name="Permission">Needed right; null only with <paramref name="PublicReason"/>.</param>
/// <param name="PublicReason">Why it answers without log-in.</param>
/// <param name="Handler">Minimal-API delegate.</param>
public sealed record EndpointRegistration(string ModuleId, string Method, string Path, Permission? Permission, string? PublicReason, Delegate Handler)
{
    /// <summary>A body it accepts, for the API's document.</summary>
    public object? Example { get; init; }
}

/// <summary>Options of a module.</summary>
/// <param name="Section">Configuration section.</param>
/// <param name="Type">Options type.</param>
/// <param name="Faults">All faults of a bound value.</param>
public sealed record OptionsRegistration(string Section, Type Type, Func<object, IEnumerable<string>> Faults);

/// <summary>All modules that are switched on. Registered as a singleton.</summary>
/// <param name="Modules">In start order.</param>
public sealed record ModuleSet(IReadOnlyList<ModuleDescription> Modules)
{
    /// <summary>All subscriptions, by event type.</summary>
    public ILookup<Type, Subscription> Subscriptions { get; } = Modules.SelectMany(m => m.Subscriptions).ToLookup(s => s.EventType);
}
