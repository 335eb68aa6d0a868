using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Outbox;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Quartz;

namespace Appliance.Kernel.Modules;

/// <summary>Records what a module describes and registers its services.</summary>
public sealed class ModuleBuilder(ModuleDescription description, IServiceCollection services) : IModuleBuilder
{
    private string Id => description.Module.Id;

    /// <inheritdoc/>
    public IServiceCollection Services => services;

    /// <summary>Describes <paramref name="module"/> into <paramref name="services"/> and finds its acts and queries.</summary>
    public static ModuleDescription Describe(IModule module, IServiceCollection services)
    {
        var description = new ModuleDescription(module);
        module.Describe(new ModuleBuilder(description, services));
        AddActs(module.GetType().Assembly, services);
        return description;
    }

    /// <summary>Registers every concrete act and query of <paramref name="assembly"/> as itself, scoped.</summary>
    public static void AddActs(System.Reflection.Assembly assembly, IServiceCollection services)
    {
        foreach (var type in assembly.GetTypes().Where(t => t is { IsAbstract: false, IsClass: true } && t.IsAssignableTo(typeof(IHandler))))
            services.TryAddScoped(type);
    }

    /// <inheritdoc/>
    public IModuleBuilder Options<TOptions>(Func<TOptions, IEnumerable<string>>? faults = null)
        where TOptions : class, new()
    {
        description.Options.Add(new(Id, typeof(TOptions), bound => faults?.Invoke((TOptions)bound) ?? []));
        services.AddOptions<TOptions>().BindConfiguration(Id);
        services.AddSingleton(s => s.GetRequiredService<Microsoft.Extensions.Options.IOptions<TOptions>>().Value);
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Permission(Permission permission, params Role[] roles)
    {
        if (!permission.Id.StartsWith(Id + ".", StringComparison.Ordinal))
            throw new ArgumentException($"permission {permission.Id} must begin with {Id}.", nameof(permission));
        description.Permissions.Add((permission, roles));
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Publishes<TEvent>()
        where TEvent : EventRecord
    {
        description.Publishes.Add(typeof(TEvent));
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Subscribes<TEvent, THandler>(string name)
        where TEvent : EventRecord
        where THandler : class, IEventHandler<TEvent>
    {
        description.Subscriptions.Add(new($"{Id}/{name}", Id, typeof(TEvent), typeof(THandler)));
        services.TryAddScoped<THandler>();
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Worker<TWorker>()
        where TWorker : class, IHostedService
    {
        services.TryAddSingleton<TWorker>();
        services.AddSingleton<IHostedService>(s => s.GetRequiredService<TWorker>());
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Job<TJob>(string name, JobSchedule schedule)
        where TJob : class, IJob
    {
        description.Jobs.Add(new($"{Id}/{name}", typeof(TJob), schedule));
        services.TryAddScoped<TJob>();
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Endpoint(string method, string path, Permission permission, Delegate handler)
    {
        description.Endpoints.Add(new(Id, method, FullPath(path), permission, null, handler));
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Example(object body)
    {
        description.Endpoints[^1] = description.Endpoints[^1] with { Example = body };
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder PublicEndpoint(string method, string path, string reason, Delegate handler)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        description.Endpoints.Add(new(Id, method, FullPath(path), null, reason, handler));
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Pages(string assemblyName)
    {
        description.PageAssemblies.Add(assemblyName);
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Navigation(NavigationEntry entry)
    {
        description.Navigation.Add(entry);
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Health<TProbe>()
        where TProbe : class, IHealthProbe
    {
        description.HealthProbes.Add(typeof(TProbe));
        services.AddSingleton<IHealthProbe, TProbe>();
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Retention(RetentionRule rule)
    {
        description.Retention.Add(rule);
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Search<TSource>()
        where TSource : class, ISearchSource
    {
        services.AddScoped<ISearchSource, TSource>();
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Verb<TVerb>()
        where TVerb : class, IVerb
    {
        description.Verbs.Add(typeof(TVerb));
        services.AddSingleton<IVerb, TVerb>();
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Answers<TSection>()
        where TSection : class, IAnswerSection
    {
        services.AddSingleton<IAnswerSection, TSection>();
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder Bulk<TAct>(string name)
        where TAct : class, IBulkAct
    {
        description.BulkActs.Add(new($"{Id}/{name}", typeof(TAct)));
        services.TryAddScoped<TAct>();
        return this;
    }

    /// <inheritdoc/>
    public IModuleBuilder AppendOnly(string table)
    {
        description.AppendOnly.Add(table);
        return this;
    }

    private string FullPath(string path) => path.StartsWith('/') ? path : $"/api/v1/{Id}/{path}";
}
