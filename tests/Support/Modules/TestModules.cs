using System.Collections.Frozen;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Migrations;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Outbox;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Appliance.Tests;

/// <summary>The kernel and some modules over a database of their own, reached as the application role, without a web host or running workers.</summary>
/// <remarks>Resolve acts and queries from <see cref="Services"/>; step deliveries with <see cref="DeliverAsync"/>.</remarks>
public sealed class TestModules : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly ServiceProvider _provider;
    private readonly AsyncServiceScope _scope;

    private TestModules(TestDatabase database, ServiceProvider provider)
    {
        (_database, _provider) = (database, provider);
        _scope = provider.CreateAsyncScope();
    }

    /// <summary>A scope's services.</summary>
    public IServiceProvider Services => _scope.ServiceProvider;

    /// <summary>The database as the application role.</summary>
    public Database Database => _provider.GetRequiredService<Database>();

    /// <summary>Connection string of a superuser to the same database.</summary>
    public string Owner => _database.Connection;

    /// <summary>Describes, migrates, grants and starts <paramref name="modules"/> after the kernel.</summary>
    /// <param name="modules">In an order that respects what they require.</param>
    /// <param name="configure">Adds to or replaces services; comes last.</param>
    /// <param name="settings">Configuration, <c>watch:fetchSeconds</c> style.</param>
    public static async Task<TestModules> StartAsync(IReadOnlyList<IModule> modules, Action<IServiceCollection>? configure = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings ?? new Dictionary<string, string?>()).Build());
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(TimeProvider.System);
        var kernel = typeof(Database).Assembly.GetTypes().Single(t => t is { IsAbstract: false, IsClass: true } && t.IsAssignableTo(typeof(IModule)));
        IModule[] all = [(IModule)Activator.CreateInstance(kernel, nonPublic: true)!, .. modules];
        var set = new ModuleSet([.. all.Select(m => ModuleBuilder.Describe(m, services))]);
        services.AddSingleton(set);

        var database = await TestDatabase.FromAsync($"modules {string.Join(' ', all.Select(m => $"{m.Id} {m.GetType().Assembly.ManifestModule.ModuleVersionId}"))}", async connection =>
        {
            await using var owner = NpgsqlDataSource.Create(connection);
            await new Migrator(NullLogger<Migrator>.Instance).RunAsync(owner, set, CancellationToken.None);
        });
        await using (var owner = NpgsqlDataSource.Create(database.Connection))
        {
            var access = await DatabaseRoles.ApplyAsync(owner, set, null, CancellationToken.None);
            services.AddSingleton(NpgsqlDataSource.Create(access.AppConnection()));
        }
        services.AddSingleton<Database>();
        configure?.Invoke(services);
        var provider = services.BuildServiceProvider();
        foreach (var module in modules)
            await module.StartAsync(provider, CancellationToken.None);
        return new(database, provider);
    }

    /// <summary>A person with the permissions that <paramref name="roles"/> hold from the start.</summary>
    public Viewer Person(string name, params Role[] roles) => new()
    {
        Id = UserId.New(),
        Name = name,
        Roles = roles,
        Permissions = _provider.GetRequiredService<ModuleSet>().Modules
            .SelectMany(m => m.Permissions)
            .Where(p => p.Roles.Intersect(roles).Any())
            .Select(p => p.Permission.Id)
            .Append(Permission.SignedIn.Id)
            .ToFrozenSet(),
    };

    /// <summary>Delivers all due facts; answers how many.</summary>
    public async Task<int> DeliverAsync()
    {
        var dispatcher = _provider.GetRequiredService<OutboxDispatcher>();
        var count = 0;
        while (await dispatcher.DeliverOneAsync(CancellationToken.None))
            count++;
        return count;
    }

    /// <summary>Drops the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _scope.DisposeAsync();
        await _provider.DisposeAsync();
        await _database.DisposeAsync();
    }
}
