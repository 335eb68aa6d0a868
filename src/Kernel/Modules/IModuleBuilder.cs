using Appliance.Contracts;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Outbox;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quartz;

namespace Appliance.Kernel.Modules;

/// <summary>The only place where a module registers anything. Every call is a line of the module's table of contents.</summary>
public interface IModuleBuilder
{
    /// <summary>The module's services. Acts and queries register themselves: all of the assembly's are found.</summary>
    IServiceCollection Services { get; }

    /// <summary>Binds the section with the module's id; <paramref name="faults"/> lists everything wrong, reported before anything starts.</summary>
    IModuleBuilder Options<TOptions>(Func<TOptions, IEnumerable<string>>? faults = null)
        where TOptions : class, new();

    /// <summary>Declares a permission and the roles that hold it from the start.</summary>
    IModuleBuilder Permission(Permission permission, params Role[] roles);

    /// <summary>Declares an event that this module publishes.</summary>
    IModuleBuilder Publishes<TEvent>()
        where TEvent : EventRecord;

    /// <summary>Delivers every <typeparamref name="TEvent"/> to <typeparamref name="THandler"/>, once as far as the database goes.</summary>
    /// <param name="name">Stable name of the subscription, unique in the module: part of the stored delivery.</param>
    IModuleBuilder Subscribes<TEvent, THandler>(string name)
        where TEvent : EventRecord
        where THandler : class, IEventHandler<TEvent>;

    /// <summary>Runs a long-running worker while the host serves.</summary>
    IModuleBuilder Worker<TWorker>()
        where TWorker : class, IHostedService;

    /// <summary>Runs a job on a schedule, once per fire time across restarts.</summary>
    /// <param name="name">Stable name, unique in the module.</param>
    /// <param name="schedule">When it runs.</param>
    IModuleBuilder Job<TJob>(string name, JobSchedule schedule)
        where TJob : class, IJob;

    /// <summary>
    /// Adds an endpoint. A path without leading slash lies under <c>/api/v1/{module id}/</c>; with one it is absolute (TAXII, downloads).
    /// The handler is a minimal-API delegate; an <see cref="Outcome{T}"/> becomes 200 or problem+json.
    /// </summary>
    /// <param name="method">GET, HEAD, POST, PUT, PATCH or DELETE.</param>
    /// <param name="path">Route pattern.</param>
    /// <param name="permission">Checked before the handler runs; there is no overload without.</param>
    /// <param name="handler">Minimal-API delegate; take <see cref="Viewer"/> as a parameter.</param>
    IModuleBuilder Endpoint(string method, string path, Permission permission, Delegate handler);

    /// <summary>A request body that the endpoint just added accepts, for the API's document; names of its members as sent.</summary>
    IModuleBuilder Example(object body);

    /// <summary>Adds an endpoint that answers without log-in, and why that is right.</summary>
    IModuleBuilder PublicEndpoint(string method, string path, string reason, Delegate handler);

    /// <summary>The assembly that holds the module's pages, by name: a module never references its pages.</summary>
    IModuleBuilder Pages(string assemblyName);

    /// <summary>Adds an entry to the left rail, shown to viewers who hold the permission.</summary>
    IModuleBuilder Navigation(NavigationEntry entry);

    /// <summary>Adds a line to the health page, <c>/health</c> and <c>cirt doctor</c>.</summary>
    IModuleBuilder Health<TProbe>()
        where TProbe : class, IHealthProbe;

    /// <summary>Says when the rows of a growing table leave; the kernel runs it daily.</summary>
    IModuleBuilder Retention(RetentionRule rule);

    /// <summary>Answers the search in the top bar.</summary>
    IModuleBuilder Search<TSource>()
        where TSource : class, ISearchSource;

    /// <summary>Adds <c>cirt {name}</c>.</summary>
    IModuleBuilder Verb<TVerb>()
        where TVerb : class, IVerb;

    /// <summary>Adds a section to the answer file that sets a new machine up by itself.</summary>
    IModuleBuilder Answers<TSection>()
        where TSection : class, IAnswerSection;

    /// <summary>An act on many items, worked by the host in parts. Asked for by the name <c>{module id}/{name}</c>, which stored acts keep: it is never given to another.</summary>
    /// <param name="name">Stable name, unique in the module.</param>
    IModuleBuilder Bulk<TAct>(string name)
        where TAct : class, IBulkAct;

    /// <summary>A table whose rows are only ever added: the application role gets neither update nor delete on it.</summary>
    /// <param name="table">Schema-qualified.</param>
    IModuleBuilder AppendOnly(string table);
}
