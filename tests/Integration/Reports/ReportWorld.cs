using System.Reflection;
using Appliance.Consoles;
using Appliance.Consoles.Reports;
using Appliance.Contracts;
using Appliance.Directories;
using Appliance.Kernel.Data;
using Appliance.Sensing;
using Appliance.Tests;
using Appliance.Ticketing;
using Appliance.Uplink;
using Appliance.Watch;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Appliance.Integration.Reports;

/// <summary>All modules that say something in a report over a database of their own, at twenty past ten on a Wednesday.</summary>
internal sealed class ReportWorld : IAsyncDisposable
{
    /// <summary>Every marking once, by whom it can be read.</summary>
    public const string Ordinary = "2, 2, false, '{}'";

    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("cirt-reports-").FullName;

    /// <summary>The words of everything that a report names.</summary>
    public static TestText Texts { get; } = new([.. new[] { "Console", "Kernel", "Ui", "Sensing", "Sensing.Pages", "Ticketing", "Ticketing.Pages", "Watch", "Watch.Pages", "Uplink" }.Select(room => Assembly.Load($"Appliance.{room}"))]);

    public static DateTimeOffset Now { get; } = new(2026, 11, 18, 10, 20, 0, TimeSpan.Zero);

    public TestModules Modules { get; private set; } = null!;

    public Viewer Analyst { get; private set; } = null!;

    public static async Task<ReportWorld> StartAsync(Action<IServiceCollection>? configure = null)
    {
        var world = new ReportWorld();
        world.Modules = await TestModules.StartAsync(
            [new DirectoryModule(), new SensingModule(), new TicketingModule(), new WatchModule(), new UplinkModule(), new ConsoleModule()],
            services =>
            {
                services.AddSingleton(new DataFolder(world._folder)).AddSingleton<TimeProvider>(new Stopped());
                services.AddSingleton<IText>(Texts);
                configure?.Invoke(services);
            });
        world.Analyst = world.Modules.Person("Ana", Role.Analyst, Role.Manager);
        return world;
    }

    /// <summary>Writes rows as nobody in the product could: at any time, with any marking.</summary>
    public async Task WriteAsync(string sql)
    {
        await using var owner = NpgsqlDataSource.Create(Modules.Owner);
        await using var command = owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<Report> ReadAsync(Viewer viewer, ReportAddress address)
    {
        await using var scope = Modules.Services.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<ReadReport>().RunAsync(viewer, address, CancellationToken.None)).Value;
    }

    /// <summary>One section's part.</summary>
    public async Task<ReportPart> PartAsync(Viewer viewer, ReportAddress address, string section) =>
        (await ReadAsync(viewer, address with { Sections = [section] })).Pieces.Single().Part!;

    public async ValueTask DisposeAsync()
    {
        await Modules.DisposeAsync();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A clock that stands; timers run.</summary>
    private sealed class Stopped : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}

/// <summary>What a test says of a part.</summary>
internal static class ReportAsserts
{
    /// <summary>A number and the one before.</summary>
    public static (double? Now, double? Before) Of(this ReportPart part, string key) => part.Numbers.Single(n => n.Key == key) is var number ? (number.Value, number.Before) : default;

    /// <summary>Rows of a table as texts.</summary>
    public static IReadOnlyList<string> Rows(this ReportPart part, string key) =>
        [.. part.Tables.Single(t => t.Key == key).Rows.Select(r => string.Join(" | ", r.Select(c => c.Text ?? c.Key ?? c.Number?.ToString(System.Globalization.CultureInfo.InvariantCulture))))];

    /// <summary>Values of a plot's line.</summary>
    public static IReadOnlyList<long> Curve(this ReportPart part, string plot, int line = 0) => part.Plots.Single(p => p.Key == plot).Lines[line].Values;
}
