using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Figures;

/// <summary>How much the directory knows, and what it lacks.</summary>
internal sealed class DirectoryFigures(Database database) : IFigures
{
    private const string Select =
        """
        select
          (select count(*) from directory.constituents where archived_at is null) as constituents,
          (select count(*) from directory.networks where active) as networks,
          (select count(*) from directory.contacts k join directory.constituents c on c.id = k.constituent_id where c.archived_at is null) as contacts,
          (select count(*) from directory.constituents c where archived_at is null
            and not exists (select 1 from directory.contacts k where k.constituent_id = c.id and k.purpose in ('security', 'abuse'))) as unreachable
        """;

    public async Task<IReadOnlyList<Figure>> ReadAsync(Viewer viewer, CancellationToken cancel)
    {
        if (!viewer.May(Permissions.Read) || viewer.Constituent is not null)
            return [];
        var row = (await database.FindAsync<FigureRow>(Select, null, cancel))!;
        return
        [
            new("directory.figure.constituents", row.Constituents, "/directory/constituents"),
            new("directory.figure.networks", row.Networks, "/directory/constituents"),
            new("directory.figure.contacts", row.Contacts, "/directory/constituents"),
            new("directory.figure.unreachable", row.Unreachable, "/directory/constituents", row.Unreachable > 0 ? FigureTone.Attention : FigureTone.Calm),
        ];
    }

    private sealed record FigureRow(long Constituents, long Networks, long Contacts, long Unreachable);
}
