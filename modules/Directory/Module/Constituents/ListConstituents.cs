using System.Net;
using Appliance.Contracts;
using Appliance.Directories.Lookup;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Constituents;

/// <summary>Which organisations to list.</summary>
/// <param name="Words">In the name, a domain or a contact's mail; an address finds who holds it.</param>
/// <param name="Sector">Only this sector.</param>
/// <param name="Archived">Those out of use instead.</param>
/// <param name="After">Key of the previous page's end.</param>
internal sealed record ConstituentsWanted(string Words = "", string Sector = "", bool Archived = false, string? After = null, int Limit = 50);

/// <summary>One line of the list.</summary>
internal sealed record ConstituentLine(ConstituentId Id, string Name, string Sector, string Country, bool Exercise, int Networks, int Contacts, DateTimeOffset ChangedAt);

/// <summary>Lists organisations by name.</summary>
internal sealed class ListConstituents(Database database) : Query<ConstituentsWanted, Page<ConstituentLine>>
{
    private const string Filter =
        """
        from directory.constituents c
        where (c.archived_at is not null) = @Archived
          and (@Own::uuid is null or c.id = @Own)
          and (@Sector = '' or c.sector = @Sector)
          and (@Words = ''
            or c.name ilike @Like
            or exists (select 1 from directory.networks n where n.constituent_id = c.id and (n.domain ilike @Like or n.written ilike @Like or n.prefix >>= @Address::inet))
            or exists (select 1 from directory.contacts k where k.constituent_id = c.id and k.mail ilike @Like))
        """;

    private const string Select =
        $"""
        select c.id, c.name, c.sector, c.country, c.exercise,
          (select count(*)::int from directory.networks n where n.constituent_id = c.id) as networks,
          (select count(*)::int from directory.contacts k where k.constituent_id = c.id) as contacts,
          c.changed_at
        {Filter}
          and (@After::uuid is null or (lower(c.name), c.id) > (select lower(a.name), a.id from directory.constituents a where a.id = @After))
        order by lower(c.name), c.id
        limit @Limit
        """;

    private const string Count = $"select count(*) from (select 1 {Filter} limit 10001) counted";

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<Page<ConstituentLine>>> HandleAsync(Viewer viewer, ConstituentsWanted request, CancellationToken cancel)
    {
        var words = (request.Words ?? "").Trim();
        var limit = Math.Clamp(request.Limit, 1, 200);
        var parameters = new
        {
            request.Archived,
            Own = viewer.Constituent?.Value,
            Sector = request.Sector ?? "",
            Words = words,
            Like = $"%{Like.Escape(words)}%",
            Address = IPAddress.TryParse(words, out var address) ? address.ToString() : null,
            After = Guid.TryParse(request.After, out var after) ? after : (Guid?)null,
            Limit = limit + 1,
        };
        var rows = await database.QueryAsync<ConstituentLine>(Select, parameters, cancel);
        var total = await database.FindAsync<long>(Count, parameters, cancel);
        var page = rows.Take(limit).ToList();
        return new Page<ConstituentLine>(page, rows.Count > limit ? page[^1].Id.ToString() : null, Math.Min(total, 10_000), total > 10_000);
    }
}
