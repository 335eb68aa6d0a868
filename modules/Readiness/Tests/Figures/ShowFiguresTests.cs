using System.Collections.Frozen;
using Appliance.Contracts;
using Appliance.Readiness.Figures;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Readiness.Tests.Figures;

public sealed class ShowFiguresTests
{
    private static readonly Viewer s_manager = new() { Id = UserId.New(), Name = "Manu", Permissions = FrozenSet.ToFrozenSet(["readiness.figure.read"]) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Counts_are_grouped_by_the_module_that_owns_them()
    {
        var sheet = await ShowAsync(new Fixed(new Figure("watch.figure.feeds", 3, "/watch/feeds"), new Figure("directory.figure.networks", 7, "/directory")), new Fixed(new Figure("watch.figure.items", 9, "/watch")));
        Assert.Equal(["directory", "watch"], sheet.Modules.Select(m => m.Module));
        Assert.Equal([3, 9], sheet.Modules[1].Figures.Select(f => f.Value));
        Assert.Equal(0, sheet.Unread);
    }

    [Fact]
    public async Task Module_that_does_not_answer_costs_only_its_own_numbers()
    {
        var sheet = await ShowAsync(new Broken(), new Fixed(new Figure("watch.figure.items", 9, "/watch")));
        Assert.Equal(1, sheet.Unread);
        Assert.Equal("watch", Assert.Single(sheet.Modules).Module);
    }

    [Fact]
    public async Task Reading_needs_the_permission() =>
        Assert.Equal(RefusalKind.Forbidden, (await new ShowFigures([], TimeProvider.System, NullLogger<ShowFigures>.Instance).RunAsync(s_manager with { Permissions = [] }, default, Cancel)).Refusals[0].Kind);

    private static async Task<FigureSheet> ShowAsync(params IFigures[] sources) =>
        (await new ShowFigures(sources, TimeProvider.System, NullLogger<ShowFigures>.Instance).RunAsync(s_manager, default, Cancel)).Value;

    private sealed class Fixed(params IReadOnlyList<Figure> figures) : IFigures
    {
        public Task<IReadOnlyList<Figure>> ReadAsync(Viewer viewer, CancellationToken cancel) => Task.FromResult(figures);
    }

    private sealed class Broken : IFigures
    {
        public Task<IReadOnlyList<Figure>> ReadAsync(Viewer viewer, CancellationToken cancel) => throw new TimeoutException("slow");
    }
}
