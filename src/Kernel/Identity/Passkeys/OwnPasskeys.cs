using System.Buffers.Text;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.Identity;

namespace Appliance.Kernel.Identity;

/// <summary>A passkey as its person sees it.</summary>
/// <param name="Id">The credential's id as text.</param>
/// <param name="Name">Given by the person.</param>
/// <param name="CreatedAt">When it was registered.</param>
/// <param name="LastUsedAt">When it last let somebody in.</param>
/// <param name="BackedUp">True where the authenticator says that it is copied elsewhere.</param>
internal sealed record PasskeyLine(string Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, bool BackedUp);

/// <summary>One's own passkeys.</summary>
internal sealed class ListPasskeys(UserStore store) : Query<Done, IReadOnlyList<PasskeyLine>>
{
    public override Permission Permission => Permission.Enrolling;

    protected override async Task<Outcome<IReadOnlyList<PasskeyLine>>> HandleAsync(Viewer viewer, Done request, CancellationToken cancel) =>
        (await store.ListPasskeysAsync(viewer.Id, cancel)).Select(p => new PasskeyLine(Base64Url.EncodeToString(p.CredentialId), p.Name, p.CreatedAt, p.LastUsedAt, p.BackedUp)).ToArray();
}

/// <summary>A passkey that the browser just made and the framework checked.</summary>
/// <param name="Passkey">Its public part.</param>
/// <param name="Name">Given by the person; its kind where empty.</param>
internal sealed record PasskeyToAdd(UserPasskeyInfo Passkey, string Name);

/// <summary>Registers a passkey for oneself. The other log-ins of the person end, this one gets a new id.</summary>
internal sealed class AddPasskey(Database database, UserStore store, Sessions sessions, CurrentViewer current) : Act<PasskeyToAdd, Done>(database)
{
    /// <summary>More than anybody has drawers for, and few enough to list.</summary>
    public const int Most = 20;

    public override Permission Permission => Permission.Enrolling;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, PasskeyToAdd request, CancellationToken cancel)
    {
        using var joined = store.Join(work);
        if (PasskeyNames.Read(request.Name) is not { } name)
            return Refuse.Invalid("kernel.passkey.name", "name");
        if (!request.Passkey.IsUserVerified)
            return Refuse.Invalid("kernel.passkey.unverified");
        if (await store.FindByIdAsync(work.Viewer.Id.ToString(), cancel) is not { } user)
            return Refuse.NotFound("kernel.user.unknown");
        if ((await store.ListPasskeysAsync(user.Id, cancel)).Count >= Most)
            return Refuse.Conflict("kernel.passkey.many", Most);
        request.Passkey.Name = name;
        if (!await store.StorePasskeyAsync(user, request.Passkey, cancel))
            return Refuse.Conflict("kernel.passkey.taken");
        if (await current.SessionAsync() is { } session)
        {
            await sessions.EndAllAsync(work, user.Id, "new passkey", cancel, session);
            await sessions.NoteProofAsync(work, session, cancel);
        }
        work.Audit("kernel.passkey.added", $"user/{user.Id}", new { name });
        return default(Done);
    }
}

/// <summary>Another name for one of one's passkeys.</summary>
internal sealed record PasskeyName(string Id, string Name);

/// <summary>Names one of one's passkeys.</summary>
internal sealed class RenamePasskey(Database database) : Act<PasskeyName, Done>(database)
{
    private const string Rename = "update identity.passkeys set name = @Name where credential_id = @Credential and user_id = @User";

    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, PasskeyName request, CancellationToken cancel)
    {
        if (PasskeyNames.Read(request.Name) is not { } name)
            return Refuse.Invalid("kernel.passkey.name", "name");
        if (PasskeyNames.Credential(request.Id) is not { } id || await work.ExecuteAsync(Rename, new { Name = name, Credential = id, User = work.Viewer.Id }, cancel) == 0)
            return Refuse.NotFound("kernel.passkey.unknown");
        work.Audit("kernel.passkey.renamed", $"user/{work.Viewer.Id}", new { name });
        return default(Done);
    }
}

/// <summary>Removes one of one's passkeys, soon after logging in; whoever must have a second factor keeps one.</summary>
internal sealed class RemovePasskey(Database database, UserStore store, AccountLimits limits, RecentProof recent) : Act<string, Done>(database)
{
    public override Permission Permission => Permission.SignedIn;

    protected override async Task<Outcome<Done>> HandleAsync(Work work, string request, CancellationToken cancel)
    {
        if (await recent.CheckAsync(cancel) is { } stale)
            return stale;
        using var joined = store.Join(work);
        if (await store.FindByIdAsync(work.Viewer.Id.ToString(), cancel) is not { } user || PasskeyNames.Credential(request) is not { } id)
            return Refuse.NotFound("kernel.passkey.unknown");
        if (!await store.DropPasskeyAsync(user, id, cancel))
            return Refuse.NotFound("kernel.passkey.unknown");
        var none = !user.TotpEnabled && (await store.ListPasskeysAsync(user.Id, cancel)).Count == 0;
        if (none && await limits.DemandsFactorAsync(work.Viewer.Permissions, cancel))
            return Refuse.Conflict("kernel.factor.last");
        if (none)
            await store.ReplaceCodesAsync(user, [], cancel);
        work.Audit("kernel.passkey.removed", $"user/{user.Id}");
        return default(Done);
    }
}

/// <summary>What decides about factors wants the person to have shown who he is within a quarter of an hour (ASVS 7.5.1).</summary>
internal sealed class RecentProof(CurrentViewer current, Sessions sessions, TimeProvider time)
{
    public static TimeSpan Within { get; } = TimeSpan.FromMinutes(15);

    /// <summary>The refusal where it was longer ago; null also where no session acts, since then the kernel itself does.</summary>
    public async Task<Refusal?> CheckAsync(CancellationToken cancel) =>
        await current.SessionAsync() is { } session && await sessions.LookAsync(session, cancel) is { } live && time.GetUtcNow() - live.ProvedAt > Within
            ? Refuse.Conflict("kernel.factor.stale", (int)Within.TotalMinutes)
            : null;
}

/// <summary>The texts around passkeys.</summary>
internal static class PasskeyNames
{
    /// <summary>A name as stored; null where it cannot be one.</summary>
    public static string? Read(string? name) => name?.Trim() is { Length: > 0 and <= 60 } text && !text.Any(char.IsControl) ? text : null;

    public static byte[]? Credential(string? id) => id is { Length: > 0 and < 2000 } && Base64Url.IsValid(id) ? Base64Url.DecodeFromChars(id) : null;
}
