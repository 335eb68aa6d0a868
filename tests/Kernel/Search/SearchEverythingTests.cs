using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Search;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Appliance.Kernel.Tests.Search;

public sealed class SearchEverythingTests
{
    private static readonly Viewer s_person = new() { Id = UserId.New(), Name = "Ana", Permissions = [Permission.SignedIn.Id] };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Source_that_fails_or_sleeps_costs_only_its_own_hits()
    {
        var search = new SearchEverything(
            [new Source(() => Task.FromResult<IReadOnlyList<SearchHit>>([new("k", "found", "/x")])), new Source(() => throw new InvalidOperationException()), new Source(() => new TaskCompletionSource<IReadOnlyList<SearchHit>>().Task)],
            TimeProvider.System,
            NullLogger<SearchEverything>.Instance);

        var answer = (await search.RunAsync(s_person, new("word"), Cancel)).Value;

        Assert.Equal("found", Assert.Single(answer.Hits).Title);
        Assert.True(answer.Partial);
    }

    [Fact]
    public async Task Nothing_typed_asks_nobody()
    {
        var search = new SearchEverything([new Source(() => throw new InvalidOperationException())], TimeProvider.System, NullLogger<SearchEverything>.Instance);
        var answer = (await search.RunAsync(s_person, new("   "), Cancel)).Value;
        Assert.Empty(answer.Hits);
        Assert.False(answer.Partial);
    }

    private sealed class Source(Func<Task<IReadOnlyList<SearchHit>>> find) : ISearchSource
    {
        public Task<IReadOnlyList<SearchHit>> FindAsync(Viewer viewer, string words, int limit, CancellationToken cancel) => find();
    }
}
