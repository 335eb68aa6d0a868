using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Watch.Syndication;

namespace Appliance.Watch.Notify;

/// <summary>An address beside the directory.</summary>
internal sealed record SubscriberToAdd(string Mail, string Name = "", string Language = "en", Tlp UpTo = Tlp.Clear);

/// <summary>Adds an address that is told of advisories up to a marking.</summary>
internal sealed class AddSubscriber(Database database) : Act<SubscriberToAdd, Guid>(database)
{
    private const string Insert =
        """
        insert into watch.subscribers (id, mail, name, language, up_to_tlp, added_by, added_at)
        values (@Id, @Mail, @Name, @Language, @UpTo, @By, @Now)
        on conflict do nothing
        """;

    public override Permission Permission => Permissions.ManageSubscribers;

    protected override async Task<Outcome<Guid>> HandleAsync(Work work, SubscriberToAdd request, CancellationToken cancel)
    {
        var faults = new List<Refusal>();
        if (!MailAddress.TryRead(request.Mail ?? "", out var mail, out _))
            faults.Add(Refuse.Invalid("watch.refused.mail", nameof(request.Mail), request.Mail ?? ""));
        if (!Languages.All.Contains(request.Language))
            faults.Add(Refuse.Invalid("watch.refused.language", nameof(request.Language), request.Language ?? ""));
        if (!Enum.IsDefined(request.UpTo) || request.UpTo == Tlp.Red)
            faults.Add(Refuse.Invalid("watch.refused.feed-tlp", nameof(request.UpTo)));
        if (faults.Count > 0)
            return Outcome<Guid>.Refused(faults);
        var id = Guid.CreateVersion7();
        var row = new { Id = id, Mail = mail, Name = PlainText.Literal(request.Name ?? "", 200), request.Language, UpTo = (short)request.UpTo, By = work.Viewer.Name, work.Now };
        if (await work.ExecuteAsync(Insert, row, cancel) == 0)
            return Refuse.Conflict("watch.refused.subscriber-twice", mail);
        work.Audit("watch.subscriber.added", $"subscriber/{id}", new { UpTo = TlpLabel.Of(request.UpTo) });
        return id;
    }
}

/// <summary>Takes an address off the list.</summary>
internal sealed class RemoveSubscriber(Database database) : Act<Guid, Done>(database)
{
    private const string Delete = "delete from watch.subscribers where id = @Id";

    public override Permission Permission => Permissions.ManageSubscribers;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        if (await work.ExecuteAsync(Delete, new { Id = request }, cancel) == 0)
            return Refuse.NotFound("watch.refused.no-subscriber");
        work.Audit("watch.subscriber.removed", $"subscriber/{request}");
        return default(Done);
    }
}

/// <summary>A hand-entered address.</summary>
internal sealed record SubscriberLine(Guid Id, string Mail, string Name, string Language, short UpToTlp, string AddedBy, DateTimeOffset AddedAt);

/// <summary>The lists as they stand.</summary>
/// <param name="Directory">Contacts of constituents, changed in the directory.</param>
internal sealed record SubscriberSheet(IReadOnlyList<SubscriberLine> Subscribers, IReadOnlyList<Recipient> Directory);

/// <summary>Lists who is told of advisories.</summary>
internal sealed class ListSubscribers(Database database, Recipients recipients) : Query<Done, SubscriberSheet>
{
    private const string Select = "select id, mail, name, language, up_to_tlp, added_by, added_at from watch.subscribers order by lower(mail)";

    public override Permission Permission => Permissions.ReadAdvisories;

    protected override async Task<Outcome<SubscriberSheet>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel)
    {
        var subscribers = await database.QueryAsync<SubscriberLine>(Select, null, cancel);
        var lists = await recipients.ReadAsync(Tlp.Clear, cancel);
        return new SubscriberSheet(subscribers, [.. lists.Permitted.Where(r => r.List == "directory").OrderBy(r => r.Address, StringComparer.OrdinalIgnoreCase)]);
    }
}

/// <summary>How many a publication would reach, by list.</summary>
internal sealed record Reach(int Directory, int Subscribers, int Withheld);

/// <summary>Counts whom a marking lets be told, for the moment before publishing.</summary>
internal sealed class CountReach(Recipients recipients) : Query<Tlp, Reach>
{
    public override Permission Permission => Permissions.ReadAdvisories;

    protected override async Task<Outcome<Reach>> HandleAsync(Viewer viewer, Tlp request, CancellationToken cancel)
    {
        var lists = await recipients.ReadAsync(request, cancel);
        return new Reach(lists.Permitted.Count(r => r.List == "directory"), lists.Permitted.Count(r => r.List == "subscribers"), lists.Withheld.Count);
    }
}
