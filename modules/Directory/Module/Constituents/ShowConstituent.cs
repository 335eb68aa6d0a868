using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Constituents;

/// <summary>An organisation with all that belongs to it.</summary>
internal sealed record ConstituentSheet(
    ConstituentId Id,
    int Version,
    ConstituentFields Fields,
    DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt,
    DateTimeOffset? ArchivedAt,
    IReadOnlyList<NetworkLine> Networks,
    IReadOnlyList<ContactLine> Contacts);

/// <summary>A prefix, AS number or domain.</summary>
internal sealed record NetworkLine(Guid Id, string Kind, string Written, string? Domain, DateTimeOffset AddedAt);

/// <summary>A person or desk to notify.</summary>
internal sealed record ContactLine(Guid Id, string Name, string Mail, string Purpose, string Language, int Position);

/// <summary>Shows one organisation.</summary>
internal sealed class ShowConstituent(Database database) : Query<ConstituentId, ConstituentSheet>
{
    private const string Select =
        """
        select id, name, sector, country, default_tlp, languages, notes, exercise, version, created_at, changed_at, archived_at
        from directory.constituents
        where id = @Id and (@Own::uuid is null or id = @Own)
        """;

    private const string SelectNetworks =
        """
        select id, kind, written, domain, added_at
        from directory.networks
        where constituent_id = @Id
        order by kind desc, prefix, asn, domain
        """;

    private const string SelectContacts =
        """
        select id, name, mail, purpose, language, position
        from directory.contacts
        where constituent_id = @Id
        order by position, added_at
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<ConstituentSheet>> HandleAsync(Viewer viewer, ConstituentId request, CancellationToken cancel)
    {
        var row = await database.FindAsync<SheetRow>(Select, new { Id = request.Value, Own = viewer.Constituent?.Value }, cancel);
        if (row is null)
            return Refuse.NotFound("directory.refused.no-constituent");
        var networks = await database.QueryAsync<NetworkLine>(SelectNetworks, new { Id = request.Value }, cancel);
        var contacts = await database.QueryAsync<ContactLine>(SelectContacts, new { Id = request.Value }, cancel);
        return new ConstituentSheet(row.Id, row.Version, row.Fields(), row.CreatedAt, row.ChangedAt, row.ArchivedAt, networks, contacts);
    }

    private sealed class SheetRow
    {
        public ConstituentId Id { get; init; }

        public string Name { get; init; } = "";

        public string Sector { get; init; } = "";

        public string Country { get; init; } = "";

        public short DefaultTlp { get; init; }

        public string[] Languages { get; init; } = [];

        public string Notes { get; init; } = "";

        public bool Exercise { get; init; }

        public int Version { get; init; }

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset ChangedAt { get; init; }

        public DateTimeOffset? ArchivedAt { get; init; }

        public ConstituentFields Fields() => new()
        {
            Name = Name,
            Sector = Sector,
            Country = Country,
            DefaultTlp = (Tlp)DefaultTlp,
            Languages = Languages,
            Notes = Notes,
            Exercise = Exercise,
        };
    }
}
