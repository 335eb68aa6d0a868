using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

internal sealed partial class Sessions
{
    private const string Due = "update identity.sessions set renew_due = true where id = @Id and ended_at is null";

    private const string Replace =
        """
        with old as (
            update identity.sessions set ended_at = @Now, end_reason = 'renewed', renew_due = false
            where id = @Old and ended_at is null and renew_due
            returning user_id, ends_at, address, last_address, agent)
        insert into identity.sessions (id, user_id, created_at, seen_at, ends_at, address, last_address, agent, factor)
        select @New, user_id, @Now, @Now, ends_at, address, last_address, agent, 'code' from old
        """;

    private const string Alarm = "update identity.sessions set ended_at = @Now, end_reason = 'other browser' where id = @Id and ended_at is null returning user_id";

    /// <summary>The person proved more within this session: it is to get a new id at the next page, and is read anew.</summary>
    public async Task NoteProofAsync(Work work, Guid session, CancellationToken cancel)
    {
        await work.ExecuteAsync(Due, new { Id = session }, cancel);
        work.AfterCommit(() => Look(session));
    }

    /// <summary>Gives a session that is due its new id; null when none is due. The absolute limit stays where it was.</summary>
    public async Task<Guid?> RenewAsync(Work work, Guid old, CancellationToken cancel)
    {
        var id = Guid.NewGuid();
        if (await work.ExecuteAsync(Replace, new { Old = old, New = id, work.Now }, cancel) == 0)
            return null;
        // Not announced: the page that asks is on its way to the new id, and its circuit must not be sent to log in meanwhile. Other windows follow within ten seconds.
        work.AfterCommit(() => Forget(old));
        return id;
    }

    /// <summary>A cookie came from another kind of browser than the one it was given to: whoever holds it loses it, and the person and the trail are told.</summary>
    public async Task AlarmAsync(Guid id, LogInFrom from, CancellationToken cancel)
    {
        await using var work = await database.BeginAsync(Viewer.System("kernel"), cancel);
        if (await work.FindAsync<Guid?>(Alarm, new { Id = id, work.Now }, cancel) is { } user)
        {
            work.Audit("kernel.session.other-browser", $"user/{user}", new { from = from.Address?.ToString(), agent = from.Agent.Length > 200 ? from.Agent[..200] : from.Agent });
            await work.CommitAsync(cancel);
        }
        Look(id);
    }

    /// <summary>True when two User-Agent headers name the same browser on the same system; versions may differ, since browsers update themselves.</summary>
    public static bool IsSameBrowser(string opened, string now)
    {
        static string Shape(string agent) => string.Concat((agent.Length > 200 ? agent[..200] : agent).Where(c => !char.IsAsciiDigit(c) && c is not '.'));
        return Shape(opened) == Shape(now);
    }
}
