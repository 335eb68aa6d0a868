using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Csv;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Import;

/// <summary>The whole directory as CSV in the columns that the import reads: one line per contact, at least one per organisation.</summary>
internal sealed class ExportConstituents(Database database) : Query<Done, byte[]>
{
    private const string Select =
        """
        select c.name, c.sector, coalesce(c.languages[1], 'en') as language,
          (select string_agg(n.written, ' ' order by n.prefix) from directory.networks n where n.constituent_id = c.id and n.kind = 'prefix') as networks,
          (select string_agg(n.written, ' ' order by n.asn) from directory.networks n where n.constituent_id = c.id and n.kind = 'asn') as asns,
          (select string_agg(n.written, ' ' order by n.domain) from directory.networks n where n.constituent_id = c.id and n.kind = 'domain') as domains,
          k.name as contact_name, k.mail as contact_mail, k.purpose as contact_purpose, k.language as contact_language
        from directory.constituents c
        left join directory.contacts k on k.constituent_id = c.id
        where c.archived_at is null and (@Own::uuid is null or c.id = @Own)
        order by lower(c.name), c.id, k.position, k.added_at
        limit 50000
        """;

    public override Permission Permission => Permissions.Read;

    protected override async Task<Outcome<byte[]>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel)
    {
        var writer = new CsvWriter().Row(ImportSheet.Columns);
        var last = "";
        foreach (var row in await database.QueryAsync<ExportRow>(Select, new { Own = viewer.Constituent?.Value }, cancel))
        {
            var first = row.Name != last;
            last = row.Name;
            writer.Row([row.Name, row.Sector, first ? row.Networks : "", first ? row.Asns : "", first ? row.Domains : "", row.ContactName, row.ContactMail, row.ContactPurpose, row.ContactLanguage ?? row.Language]);
        }
        return writer.ToBytes();
    }

    private sealed record ExportRow(string Name, string Sector, string Language, string? Networks, string? Asns, string? Domains, string? ContactName, string? ContactMail, string? ContactPurpose, string? ContactLanguage);
}
