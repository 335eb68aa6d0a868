using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Ticketing.Evidence;

/// <summary>Something that happened to a file outside the appliance.</summary>
/// <param name="Evidence">The file.</param>
/// <param name="Act">handed-over or returned.</param>
/// <param name="Party">To whom, or by whom.</param>
/// <param name="Note">How, on what, why; may be empty.</param>
internal sealed record CustodyRequest(Guid Evidence, string Act, string Party, string Note = "");

/// <summary>Writes that a file was handed to somebody, or came back.</summary>
internal sealed class NoteCustody(Database database) : Act<CustodyRequest, int>(database)
{
    public static readonly string[] Acts = ["handed-over", "returned"];

    public override Permission Permission => Permissions.Keep;

    protected override async Task<Outcome<int>> HandleAsync(Work work, CustodyRequest request, CancellationToken cancel)
    {
        var (party, note) = (KeepEvidence.Line(request.Party), KeepEvidence.Line(request.Note));
        var faults = new List<Refusal>();
        if (!Acts.Contains(request.Act))
            faults.Add(Refuse.Invalid("ticketing.refused.custody-act", nameof(request.Act), request.Act ?? ""));
        if (party.Length is 0 or > KeepEvidence.LongestParty)
            faults.Add(Refuse.Invalid("ticketing.refused.custody-party", nameof(request.Party), KeepEvidence.LongestParty));
        if (note.Length > KeepEvidence.LongestNote)
            faults.Add(Refuse.Invalid("ticketing.refused.text-long", nameof(request.Note), KeepEvidence.LongestNote));
        if (faults.Count > 0)
            return Outcome<int>.Refused(faults);
        if (await EvidenceRow.LockAsync(work, request.Evidence, cancel) is not { } row)
            return Refuse.NotFound("ticketing.refused.no-evidence");
        await Custody.AddAsync(work, row, request.Act!, party, note, cancel);
        await Custody.TellAsync(work, row, request.Act!, cancel);
        return row.CustodyLines;
    }
}
