using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Permissions;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Merge;

namespace Appliance.Ticketing.Mailings;

/// <summary>A letter as its contact will read it.</summary>
/// <param name="Text">With the first lines.</param>
/// <param name="File">Name and size of the file that goes with it, or null.</param>
internal sealed record LetterPreview(Guid Id, string Organisation, string Address, string Name, string Language, string SubjectLine, string Text, LetterFile? File, string? Blocked);

/// <summary>A file of a letter.</summary>
internal sealed record LetterFile(string Name, int Size, string Sha256);

/// <summary>Writes one letter without sending it, from the same words and things.</summary>
internal sealed class PreviewLetter(Database database, WriteLetter write) : Query<Guid, LetterPreview>
{
    private const string Find =
        $"""
        select {LetterRow.Columns} from ticketing.letters l
        join ticketing.mailings g on g.id = l.mailing_id
        join ticketing.incidents m on m.id = g.incident_id
        where l.id = @Id and {Visible.RowsOfConstituents}
        """;

    private const string Incident = $"select {IncidentRow.Columns} from ticketing.incidents m where m.id = @Id and {Visible.RowsOfConstituents}";

    public override Permission Permission => Permissions.Mail;

    protected override async Task<Outcome<LetterPreview>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel)
    {
        if (await database.FindAsync<LetterRow>(Find, Visible.With(viewer, new { Id = request }), cancel) is not { } letter
            || await MailingRow.FindAsync(database, viewer, letter.MailingId, cancel) is not { } mailing
            || await database.FindAsync<IncidentRow>(Incident, Visible.With(viewer, new { Id = mailing.IncidentId }), cancel) is not { } incident)
            return Refuse.NotFound("ticketing.refused.no-mailing");
        var things = await database.QueryAsync<LetterItem>(SendLetters.Items, new { Letter = letter.Id }, cancel);
        var written = write.Write(mailing, letter, incident.Number, await Members.MarkingAsync(database, incident, cancel), things);
        return new LetterPreview(
            letter.Id, letter.Organisation, letter.Address, letter.Name, letter.Language, written.SubjectLine, written.FirstLines + written.Text,
            written.File is { } file ? new(file.Name, file.Bytes.Length, file.Sha256) : null, letter.State == "ready" ? letter.Blocked : null);
    }
}
