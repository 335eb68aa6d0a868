using Appliance.Contracts;
using Appliance.Directories.Lookup;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Directories.Import;

/// <summary>What an import wrote.</summary>
internal sealed record ImportResult(int Added, int Extended, int Networks, int Contacts, int BadRows);

/// <summary>Second step: checks the kept file again and writes all its good rows in one transaction.</summary>
internal sealed class ApplyImport(Database database, Constituency constituency) : Act<Guid, ImportResult>(database)
{
    private const string Find = "select content, applied_at from directory.imports where id = @Id and by_id = @By for update";

    // Two imports, or an import and an editor, must not pass each other's checks.
    private const string Lock = "lock table directory.constituents, directory.networks in share row exclusive mode";

    private const string InsertConstituents =
        """
        insert into directory.constituents (id, name, sector, languages, created_at, changed_at)
        select t.id, t.name, t.sector, array[t.language], @Now, @Now
        from unnest(@Ids, @Names, @Sectors, @Languages) as t (id, name, sector, language)
        """;

    private const string InsertNetworks =
        """
        insert into directory.networks (id, constituent_id, kind, prefix, asn, domain, written, added_at)
        select t.id, t.constituent, t.kind,
          case when t.kind = 'prefix' then t.key::cidr end,
          case when t.kind = 'asn' then substr(t.key, 3)::bigint end,
          case when t.kind = 'domain' then t.key end,
          t.written, @Now
        from unnest(@Ids, @Constituents, @Kinds, @Keys, @Written) as t (id, constituent, kind, key, written)
        on conflict do nothing
        """;

    private const string InsertContacts =
        """
        insert into directory.contacts (id, constituent_id, name, mail, purpose, language, position, added_at)
        select t.id, t.constituent, t.name, t.mail, t.purpose, t.language, t.position, @Now
        from unnest(@Ids, @Constituents, @Names, @Mails, @Purposes, @Languages, @Positions) as t (id, constituent, name, mail, purpose, language, position)
        on conflict do nothing
        """;

    private const string MarkApplied = "update directory.imports set applied_at = @Now where id = @Id";

    public override Permission Permission => Permissions.Import;

    protected override async Task<Outcome<ImportResult>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        var kept = await work.FindAsync<KeptRow>(Find, new { Id = request, By = work.Viewer.Id.Value }, cancel);
        if (kept is null)
            return Refuse.NotFound("directory.refused.no-import");
        if (kept.AppliedAt is not null)
            return Refuse.Conflict("directory.refused.import-applied");
        await work.ExecuteAsync(Lock, null, cancel);
        var ground = await ImportGroundReader.ReadAsync(work, cancel);
        var read = ImportSheet.Read(kept.Content, ground);
        if (!read.TryGet(out var sheet))
            return Outcome<ImportResult>.Refused(read.Refusals);

        var ids = new Dictionary<string, ConstituentId>(ground.Constituents, StringComparer.OrdinalIgnoreCase);
        var added = sheet.Rows.Where(r => !ids.ContainsKey(r.Name)).DistinctBy(r => r.Name, StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var row in added)
            ids[row.Name] = ConstituentId.New();
        await work.ExecuteAsync(
            InsertConstituents,
            new { Ids = Of(added, r => ids[r.Name].Value), Names = Of(added, r => r.Name), Sectors = Of(added, r => r.Sector), Languages = Of(added, r => r.Language), work.Now },
            cancel);
        var networks = sheet.Rows.SelectMany(r => r.Networks, (r, n) => (Id: ids[r.Name].Value, Network: n)).ToList();
        var networksAdded = await work.ExecuteAsync(
            InsertNetworks,
            new
            {
                Ids = Of(networks, _ => Guid.CreateVersion7()),
                Constituents = Of(networks, n => n.Id),
                Kinds = Of(networks, n => n.Network.KindWord),
                Keys = Of(networks, n => n.Network.Key),
                Written = Of(networks, n => n.Network.Written),
                work.Now,
            },
            cancel);
        var contacts = sheet.Rows.Where(r => r.Contact is not null).ToList();
        var contactsAdded = await work.ExecuteAsync(
            InsertContacts,
            new
            {
                Ids = Of(contacts, _ => Guid.CreateVersion7()),
                Constituents = Of(contacts, r => ids[r.Name].Value),
                Names = Of(contacts, r => r.Contact!.Name),
                Mails = Of(contacts, r => r.Contact!.Mail),
                Purposes = Of(contacts, r => r.Contact!.Purpose),
                Languages = Of(contacts, r => r.Contact!.Language),
                Positions = Of(contacts, r => r.Line),
                work.Now,
            },
            cancel);
        await work.ExecuteAsync(MarkApplied, new { Id = request, work.Now }, cancel);

        var touched = sheet.Rows.Select(r => ids[r.Name]).Distinct().ToList();
        var result = new ImportResult(added.Count, touched.Count - added.Count, networksAdded, contactsAdded, sheet.BadRows);
        work.Audit("directory.import.applied", $"import/{request}", result);
        foreach (var constituent in touched)
            work.Publish(new ConstituentChanged { Constituent = constituent, Marking = Marking.Default });
        return result;
    }

    protected override Task CommittedAsync(Guid request, ImportResult answer, CancellationToken cancel) => constituency.ReloadAfterActAsync(cancel);

    private static TCell[] Of<TRow, TCell>(List<TRow> rows, Func<TRow, TCell> cell) => [.. rows.Select(cell)];

    private sealed record KeptRow(byte[] Content, DateTimeOffset? AppliedAt);
}
