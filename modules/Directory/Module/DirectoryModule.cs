using Appliance.Contracts;
using Appliance.Directories.Constituents;
using Appliance.Directories.Figures;
using Appliance.Directories.Import;
using Appliance.Directories.Lookup;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Directories;

/// <summary>Who is who: organisations, their networks, and whom to notify. This file is the table of contents.</summary>
public sealed class DirectoryModule : IModule
{
    /// <inheritdoc/>
    public string Id => "directory";

    /// <inheritdoc/>
    public void Describe(IModuleBuilder builder)
    {
        builder
            .Permission(Permissions.Read, Role.Administrator, Role.Manager, Role.Analyst, Role.Operator, Role.Auditor, Role.Provisioner)
            .Permission(Permissions.Edit, Role.Administrator, Role.Manager, Role.Analyst, Role.Provisioner)
            .Permission(Permissions.Import, Role.Administrator, Role.Manager, Role.Provisioner)
            .Publishes<ConstituentChanged>()
            .Subscribes<ConstituentChanged, RefreshOnChange>("refresh-lookup")
            .Worker<RefreshWorker>()
            .Answers<ConstituentAnswers>()
            .Search<ConstituentSearch>()
            .Retention(new("directory.imports", 7, "delete from directory.imports where id in (select id from directory.imports where previewed_at < @before limit 1000)"))
            .Pages("Appliance.Directory.Pages")
            .Navigation(new("directory", "directory.nav.constituents", "/directory/constituents", Permissions.Read, 0, "directory"))
            .Navigation(new("directory", "directory.nav.import", "/directory/import", Permissions.Import, 1));
        builder.Services
            .AddSingleton<Constituency>()
            .AddSingleton<IConstituency>(s => s.GetRequiredService<Constituency>())
            .AddScoped<IFigures, DirectoryFigures>()
            .AddScoped<IThings, ConstituentThings>();
        DirectoryApi.Describe(builder);
    }

    /// <inheritdoc/>
    public Task StartAsync(IServiceProvider services, CancellationToken cancel) => services.GetRequiredService<Constituency>().ReloadAsync(cancel);
}
