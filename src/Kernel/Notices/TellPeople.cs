using System.Text.Json;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Notices;

/// <summary>Something to tell one person.</summary>
/// <param name="To">Whom.</param>
/// <param name="Key">Resource key of the sentence; it takes the name of who did it, then <paramref name="Arguments"/>.</param>
/// <param name="About">What it is about, for example <c>incident/…</c>: told again before it was read, it stays one notice and is counted.</param>
/// <param name="Link">Page of the thing; opening it marks the notice as read.</param>
/// <param name="Arguments">Numbers only. A notice outlives a change of the marking, so that it must hold nothing that a marking protects.</param>
public sealed record NewNotice(UserId To, string Key, string About, string Link, params IReadOnlyList<string> Arguments);

/// <summary>Writes notices into the transaction of the act that they tell of: what is rolled back is told to nobody.</summary>
public static class TellPeople
{
    // People only: a token or a module has no bell.
    private const string Insert =
        """
        insert into kernel.notices (id, user_id, at, key, arguments, about, link, by_name)
        select n.id, n.user_id, @Now, n.key, array(select jsonb_array_elements_text(n.arguments::jsonb)), n.about, n.link, @By
        from unnest(@Ids, @Users, @Keys, @Arguments, @Abouts, @Links) as n (id, user_id, key, arguments, about, link)
        join identity.users u on u.id = n.user_id and u.state = 'active'
        order by n.id
        on conflict (user_id, about, key) where read_at is null
        do update set id = excluded.id, at = excluded.at, arguments = excluded.arguments, link = excluded.link, by_name = excluded.by_name, times = notices.times + 1
        """;

    /// <summary>Tells <paramref name="notices"/>, one or a thousand, in one statement. Nobody is told of what they did themselves.</summary>
    public static async Task TellAsync(this Work work, IEnumerable<NewNotice> notices, CancellationToken cancel)
    {
        var told = notices.Where(n => n.To != work.Viewer.Id).DistinctBy(n => (n.To, n.About, n.Key)).ToArray();
        if (told.Length == 0)
            return;
        await work.ExecuteAsync(
            Insert,
            new
            {
                work.Now,
                By = work.Viewer.IsSystem ? "" : work.Viewer.Name,
                Ids = told.Select(_ => Guid.CreateVersion7()).ToArray(),
                Users = told.Select(n => n.To.Value).ToArray(),
                Keys = told.Select(n => n.Key).ToArray(),
                Arguments = told.Select(n => JsonSerializer.Serialize(n.Arguments)).ToArray(),
                Abouts = told.Select(n => n.About).ToArray(),
                Links = told.Select(n => n.Link).ToArray(),
            },
            cancel);
    }
}
