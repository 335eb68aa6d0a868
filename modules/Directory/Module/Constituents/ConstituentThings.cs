using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Recents;

namespace Appliance.Directories.Constituents;

/// <summary>Names organisations by the paths of their pages. The directory is not marked: who may read it reads all of it.</summary>
internal sealed class ConstituentThings(Database database) : IThings
{
    private const string Pages = "/directory/constituents/";

    private const string Select = "select id, name, exercise from directory.constituents where id = any(@Ids)";

    public bool Owns(string path) => ThingPath.Id(path, Pages) is not null;

    public async Task<IReadOnlyList<Thing>> FindAsync(Viewer viewer, IReadOnlyList<string> paths, CancellationToken cancel)
    {
        if (!viewer.May(Permissions.Read))
            return [];
        Guid[] ids = [.. paths.Select(p => ThingPath.Id(p, Pages)).OfType<Guid>().Where(id => viewer.Constituent is null || viewer.Constituent.Value.Value == id)];
        var rows = await database.QueryAsync<Row>(Select, new { Ids = ids }, cancel, 1);
        return [.. rows.Select(r => new Thing(Pages + r.Id, "directory.kind.constituent", r.Name, Marking.Default with { Exercise = r.Exercise }))];
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Name { get; init; } = "";

        public bool Exercise { get; init; }
    }
}
