using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Mail;

/// <summary>Keys that a person brings.</summary>
/// <param name="Content">Armour or PEM as pasted, or bytes in base64; null with an upload.</param>
/// <param name="Upload">A file brought before, instead of content.</param>
/// <param name="Passphrase">Of a secret key that has one. Used once and not kept.</param>
public sealed record KeysToAdd(string? Content, Guid? Upload = null, string? Passphrase = null);

/// <summary>A key as it would be, or was, put in.</summary>
/// <param name="Key">The key.</param>
/// <param name="Known">True when it was here already and is renewed.</param>
/// <param name="Others">Fingerprints of other keys here for one of its addresses, which it goes before.</param>
public sealed record KeySeen(FoundKey Key, bool Known, IReadOnlyList<string> Others);

/// <summary>Reads keys without putting them in, so that a person can compare fingerprints first. Needs <c>kernel.mail-keys.manage</c>.</summary>
public sealed class LookAtMailKeys : Query<KeysToAdd, IReadOnlyList<KeySeen>>
{
    private readonly Database _database;
    private readonly KeptUploads _uploads;

    internal LookAtMailKeys(Database database, KeptUploads uploads) => (_database, _uploads) = (database, uploads);

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageMailKeys;

    /// <inheritdoc/>
    protected override async Task<Outcome<IReadOnlyList<KeySeen>>> HandleAsync(Viewer viewer, KeysToAdd request, CancellationToken cancel)
    {
        var read = await BroughtKeys.ReadAsync(viewer, request, _uploads, async (sql, parameters) => await _database.QueryAsync<byte[]>(sql, parameters, cancel), cancel);
        if (!read.TryGet(out var keys))
            return Outcome<IReadOnlyList<KeySeen>>.Refused(read.Refusals);
        var known = await _database.QueryAsync<BroughtKeys.KnownRow>(BroughtKeys.Known, BroughtKeys.Asking(keys), cancel);
        return BroughtKeys.Seen(keys, known);
    }
}

/// <summary>Puts keys in: whoever does so says whose they are. The team's own and authorities need <c>kernel.mail-keys.own</c> as well. A key that is here is renewed.</summary>
public sealed class AddMailKeys : Act<KeysToAdd, IReadOnlyList<KeySeen>>
{
    private const string Insert =
        """
        insert into kernel.mail_keys (id, scheme, fingerprint, own, authority, name, addresses, algorithm, made_at, expires_at, revoked, signs, encrypts, public_key, secret, added_at, added_by, added_by_name)
        values (@Id, @Scheme, @Fingerprint, @Own, @Authority, @Name, @Addresses, @Algorithm, @MadeAt, @ExpiresAt, @Revoked, @Signs, @Encrypts, @Public, @Secret, @Now, @By, @ByName)
        on conflict (fingerprint) do update
        set own = mail_keys.own or excluded.own, name = excluded.name, addresses = excluded.addresses, expires_at = excluded.expires_at, revoked = excluded.revoked, signs = excluded.signs,
            encrypts = excluded.encrypts, public_key = excluded.public_key, secret = coalesce(excluded.secret, mail_keys.secret), added_at = excluded.added_at, added_by = excluded.added_by, added_by_name = excluded.added_by_name
        """;

    private const string Waiting = "select id, public_key, secret from kernel.mail_keys where pending for update";

    private const string Answered = "delete from kernel.mail_keys where id = @Id";

    private readonly KeptUploads _uploads;
    private readonly StoredKeys _stored;

    internal AddMailKeys(Database database, KeptUploads uploads, StoredKeys stored)
        : base(database) => (_uploads, _stored) = (uploads, stored);

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageMailKeys;

    /// <inheritdoc/>
    protected override async Task<Outcome<IReadOnlyList<KeySeen>>> HandleAsync(Work work, KeysToAdd request, CancellationToken cancel)
    {
        var read = await BroughtKeys.ReadAsync(work.Viewer, request, _uploads, async (sql, parameters) => await work.QueryAsync<byte[]>(sql, parameters, cancel), cancel);
        if (!read.TryGet(out var keys))
            return Outcome<IReadOnlyList<KeySeen>>.Refused(read.Refusals);
        keys = await JoinAsync(work, keys, cancel);
        if (keys.Any(k => k.Own || k.Authority) && !work.Viewer.May(KernelPermissions.OwnMailKeys))
            return Refuse.Forbidden("kernel.refused.permission", KernelPermissions.OwnMailKeys.Id);
        var known = await work.QueryAsync<BroughtKeys.KnownRow>(BroughtKeys.Known, BroughtKeys.Asking(keys), cancel);
        foreach (var key in keys)
            await InsertAsync(work, _stored, key, cancel);
        if (request.Upload is { } upload)
            work.AfterCommit(() =>
            {
                _uploads.Drop(upload);
                return Task.CompletedTask;
            });
        return BroughtKeys.Seen(keys, known);
    }

    internal static async Task InsertAsync(Work work, StoredKeys stored, FoundKey key, CancellationToken cancel)
    {
        await work.ExecuteAsync(
            Insert,
            new
            {
                Id = Guid.CreateVersion7(),
                key.Scheme,
                key.Fingerprint,
                key.Own,
                key.Authority,
                key.Name,
                Addresses = key.Addresses.ToArray(),
                key.Algorithm,
                key.MadeAt,
                key.ExpiresAt,
                key.Revoked,
                key.Signs,
                key.Encrypts,
                key.Public,
                Secret = key.Secret is null ? null : stored.Seal(key.Secret),
                work.Now,
                By = work.Viewer.Id.Value,
                ByName = work.Viewer.Name,
            },
            cancel);
        work.Audit("kernel.mail-key.added", $"mail-key/{key.Fingerprint}", new { key.Scheme, key.Own, key.Authority, addresses = key.Addresses, key.ExpiresAt });
    }

    /// <summary>Certificates that answer a request of ours get its secret key, and the request goes.</summary>
    private async Task<IReadOnlyList<FoundKey>> JoinAsync(Work work, IReadOnlyList<FoundKey> keys, CancellationToken cancel)
    {
        var waiting = keys.Any(k => k is { Scheme: "smime", Own: false }) ? await work.QueryAsync<WaitingRow>(Waiting, null, cancel) : [];
        var joined = new List<FoundKey>();
        foreach (var key in keys)
        {
            var answered = key is { Scheme: "smime", Own: false } ? waiting.FirstOrDefault(w => RequestCertificate.Answers(w.PublicKey, key.Public)) : null;
            if (answered is not null)
                await work.ExecuteAsync(Answered, new { answered.Id }, cancel);
            joined.Add(answered is null ? key : key with { Own = true, Authority = false, Secret = _stored.Open(answered.Secret) });
        }
        return joined;
    }

    private sealed class WaitingRow
    {
        public Guid Id { get; set; }

        public byte[] PublicKey { get; set; } = [];

        public string? Secret { get; set; }
    }
}

/// <summary>What looking at keys and putting them in have in common.</summary>
internal static class BroughtKeys
{
    /// <summary>Keys that are here, or are for the same addresses.</summary>
    public const string Known = "select fingerprint, addresses from kernel.mail_keys where fingerprint = any(@Fingerprints) or addresses && @Addresses";

    private const string Copies = "select public_key from kernel.mail_keys where scheme = 'openpgp' and fingerprint = any(@Fingerprints)";

    public static object Asking(IReadOnlyList<FoundKey> keys) => new { Fingerprints = keys.Select(k => k.Fingerprint).ToArray(), Addresses = keys.SelectMany(k => k.Addresses).Distinct().ToArray() };

    public static async Task<Outcome<IReadOnlyList<FoundKey>>> ReadAsync(Viewer viewer, KeysToAdd request, KeptUploads uploads, Func<string, object, Task<IReadOnlyList<byte[]>>> ask, CancellationToken cancel)
    {
        if ((request.Content?.Length ?? 0) > KeyReading.MostBytes * 3 / 2 || (request.Passphrase?.Length ?? 0) > 500)
            return Refuse.Invalid("kernel.mail-keys.refused.size", "content", KeyReading.MostBytes / 1024);
        var bytes = request.Upload is { } upload ? uploads.Find(viewer.Id, upload) : KeyReading.Bytes(request.Content ?? "");
        if (bytes is null)
            return Refuse.Conflict("kernel.mail-keys.refused.upload-gone");
        var read = await KeyReading.ReadAsync(bytes, request.Passphrase, [], cancel);
        if (!read.TryGet(out var keys) || !keys.Any(k => k.Scheme == "openpgp"))
            return read;
        // Together with the copy that is here: a renewed key must not lose that it was revoked.
        var copies = await ask(Copies, new { Fingerprints = keys.Select(k => k.Fingerprint).ToArray() });
        return copies.Count == 0 ? read : await KeyReading.ReadAsync(bytes, request.Passphrase, [.. copies.SelectMany(c => c)], cancel);
    }

    public static KeySeen[] Seen(IReadOnlyList<FoundKey> keys, IReadOnlyList<KnownRow> known) =>
    [
        .. keys.Select(k => new KeySeen(
            k,
            known.Any(r => r.Fingerprint == k.Fingerprint),
            [.. known.Where(r => r.Fingerprint != k.Fingerprint && r.Addresses.Intersect(k.Addresses).Any()).Select(r => r.Fingerprint)])),
    ];

    public sealed class KnownRow
    {
        public string Fingerprint { get; set; } = "";

        public string[] Addresses { get; set; } = [];
    }
}
