using System.Security.Cryptography.X509Certificates;
using Appliance.Contracts;
using Appliance.Kernel.Acts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Settings;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Mail;

/// <summary>Which keys.</summary>
/// <param name="Words">Part of a name, address or fingerprint; empty for all.</param>
/// <param name="Own">True for the team's, false for others', null for both.</param>
/// <param name="After">Key of the page.</param>
/// <param name="Limit">At most 200.</param>
public sealed record MailKeyQuestion(string Words = "", bool? Own = null, string? After = null, int Limit = 50);

/// <summary>A key as listed; never its secret part. Names and addresses are a stranger's text.</summary>
public sealed class MailKeyLine
{
    /// <summary>Its row; null for a key of the folder.</summary>
    public Guid? Id { get; set; }

    /// <summary>openpgp or smime.</summary>
    public string Scheme { get; set; } = "";

    /// <summary>Its whole name.</summary>
    public string Fingerprint { get; set; } = "";

    /// <summary>True for the team's own.</summary>
    public bool Own { get; set; }

    /// <summary>True for a certificate that others are judged by.</summary>
    public bool Authority { get; set; }

    /// <summary>True for a request that no authority has answered.</summary>
    public bool Pending { get; set; }

    /// <summary>User id or subject.</summary>
    public string Name { get; set; } = "";

    /// <summary>What it can be used for.</summary>
    public string[] Addresses { get; set; } = [];

    /// <summary>Kind and size.</summary>
    public string Algorithm { get; set; } = "";

    /// <summary>When it was made, as it says.</summary>
    public DateTimeOffset MadeAt { get; set; }

    /// <summary>When it ends, or null.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>True when its owner took it back.</summary>
    public bool Revoked { get; set; }

    /// <summary>True when it may sign.</summary>
    public bool Signs { get; set; }

    /// <summary>True when it may be encrypted to.</summary>
    public bool Encrypts { get; set; }

    /// <summary>When it was put in; null for a key of the folder.</summary>
    public DateTimeOffset? AddedAt { get; set; }

    /// <summary>Who put it in and so says whose it is; empty for a key of the folder.</summary>
    public string AddedByName { get; set; } = "";

    /// <summary>valid, soon (ends within 30 days), expired, revoked, no-encryption, untrusted, pending, unreadable (the secret part does not open).</summary>
    public string State { get; set; } = "";
}

/// <summary>The keys, and what the team's mail can do with them.</summary>
/// <param name="Keys">Those put in, the newest first.</param>
/// <param name="Folder">Those of the folder in the configuration; on the first page only.</param>
/// <param name="Address">What the team writes from.</param>
/// <param name="Signs">openpgp, smime, or null: how mail from there is signed.</param>
public sealed record MailKeySheet(Page<MailKeyLine> Keys, IReadOnlyList<MailKeyLine> Folder, string Address, string? Signs);

/// <summary>Keys of the team and of others. Needs <c>kernel.mail.read</c>.</summary>
public sealed class ListMailKeys : Query<MailKeyQuestion, MailKeySheet>
{
    private const string Columns = "id, scheme, fingerprint, own, authority, pending, name, addresses, algorithm, made_at, expires_at, revoked, signs, encrypts, added_at, added_by_name";

    private const string Lines =
        $"""
        select {Columns}
        from kernel.mail_keys
        where (@Own::boolean is null or own = @Own)
          and (@Words = '' or name ilike @Like or fingerprint ilike @Like or exists (select 1 from unnest(addresses) a where a ilike @Like))
          and (@At::timestamptz is null or (added_at, id) < (@At, @LastId))
        order by added_at desc, id desc
        limit @Limit + 1
        """;

    private readonly Database _database;
    private readonly MailKeys _keys;
    private readonly MailSealer _sealer;
    private readonly ISettings _site;
    private readonly IOptionsMonitor<MailOptions> _options;
    private readonly TimeProvider _time;

    internal ListMailKeys(Database database, MailKeys keys, MailSealer sealer, ISettings site, IOptionsMonitor<MailOptions> options, TimeProvider time) =>
        (_database, _keys, _sealer, _site, _options, _time) = (database, keys, sealer, site, options, time);

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ReadMail;

    /// <inheritdoc/>
    protected override async Task<Outcome<MailKeySheet>> HandleAsync(Viewer viewer, MailKeyQuestion request, CancellationToken cancel)
    {
        var key = MailListKey.Read(request.After);
        if (request.After is { Length: > 0 } && key is null)
            return Refuse.Invalid("kernel.page.key", "after");
        var words = (request.Words ?? "").Trim();
        var limit = Math.Clamp(request.Limit, 1, 200);
        var like = $"%{words.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal).Replace(" ", "%", StringComparison.Ordinal)}%";
        var rows = await _database.QueryAsync<MailKeyLine>(Lines, new { request.Own, Words = words, Like = like, key?.At, LastId = key?.Id ?? Guid.Empty, Limit = limit }, cancel);
        var ring = await _keys.RingAsync(cancel);
        var now = _time.GetUtcNow();
        var shown = rows.Take(limit).ToList();
        foreach (var line in shown)
            line.State = State(line, ring, now);
        var folder = key is null && ring is not null ? Folder(ring, now).Where(l => (request.Own is null || l.Own == request.Own) && Has(l, words)).ToList() : [];
        var (address, _) = await OutgoingMail.SenderAsync(_site, _options.CurrentValue, cancel);
        var signs = await _sealer.SignsAsync(address, cancel);
        return new MailKeySheet(new([.. shown], rows.Count > limit ? new MailListKey(shown[^1].AddedAt!.Value, shown[^1].Id!.Value).ToString() : null), folder, address, signs);
    }

    private static bool Has(MailKeyLine line, string words) =>
        words.Length == 0 || line.Addresses.Append(line.Name).Append(line.Fingerprint).Any(t => t.Contains(words, StringComparison.OrdinalIgnoreCase) || t.Contains(words.Replace(" ", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<MailKeyLine> Folder(KeyRing ring, DateTimeOffset now)
    {
        foreach (var found in ring.OpenPgpKeys.Where(k => !ring.AddedAt.ContainsKey(k.Fingerprint)).Select(k => KeyReading.Found(k, [], null) with { Own = k.Own })
            .Concat(ring.Certificates.Where(c => !ring.AddedAt.ContainsKey(MailCertificate.Fingerprint(c))).Select(c => KeyReading.Found(c) with { Own = c.HasPrivateKey, Secret = null })))
        {
            var line = new MailKeyLine { Scheme = found.Scheme, Fingerprint = found.Fingerprint, Own = found.Own, Authority = found.Authority, Name = found.Name, Addresses = [.. found.Addresses], Algorithm = found.Algorithm, MadeAt = found.MadeAt, ExpiresAt = found.ExpiresAt, Revoked = found.Revoked, Signs = found.Signs, Encrypts = found.Encrypts };
            line.State = State(line, ring, now);
            yield return line;
        }
    }

    private static string State(MailKeyLine line, KeyRing? ring, DateTimeOffset now)
    {
        if (line.Pending)
            return "pending";
        string state;
        if (line.Scheme == "openpgp")
        {
            var key = ring?.OpenPgpKeys.FirstOrDefault(k => k.Fingerprint == line.Fingerprint);
            state = key is null || line.Own && !key.Own ? "unreadable" : KeyChoice.State(key, now);
        }
        else
        {
            var certificate = ring?.Certificates.FirstOrDefault(c => MailCertificate.Fingerprint(c) == line.Fingerprint);
            state = certificate is null || line.Own && !certificate.HasPrivateKey ? "unreadable" : KeyChoice.State(ring!, certificate, now);
            if (line.Authority && state is "no-encryption" or "untrusted")
                state = "valid";
        }
        return state == "valid" && line.ExpiresAt < now.AddDays(30) ? "soon" : state;
    }
}

/// <summary>A key to be taken along: the public part alone.</summary>
/// <param name="Name">File name.</param>
/// <param name="Text">Armour or PEM.</param>
public sealed record PublicKeyFile(string Name, string Text);

/// <summary>The public part of a key, or a request for a certificate, as a file. Needs <c>kernel.mail.read</c>.</summary>
public sealed class TakePublicKey(Database database) : Query<Guid, PublicKeyFile>
{
    private const string Find = "select scheme, fingerprint, pending, public_key from kernel.mail_keys where id = @Id";

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ReadMail;

    /// <inheritdoc/>
    protected override async Task<Outcome<PublicKeyFile>> HandleAsync(Viewer viewer, Guid request, CancellationToken cancel)
    {
        var row = await database.FindAsync<FileRow>(Find, new { Id = request }, cancel);
        if (row is null)
            return Refuse.NotFound("kernel.mail-keys.refused.unknown");
        var name = row.Fingerprint[..16].ToLowerInvariant();
        return row.Scheme == "openpgp" ? new PublicKeyFile($"{name}.asc", Armour(row.PublicKey))
            : row.Pending ? new PublicKeyFile($"{name}.csr", System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE REQUEST", row.PublicKey) + "\n")
            : new PublicKeyFile($"{name}.crt", System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", row.PublicKey) + "\n");
    }

    /// <summary>Armour of RFC 4880 section 6 with its checksum, which GnuPG 2.2 does not go without.</summary>
    private static string Armour(byte[] packets)
    {
        var crc = 0xB704CE;
        foreach (var octet in packets)
        {
            crc ^= octet << 16;
            for (var i = 0; i < 8; i++)
                crc = (crc << 1) ^ ((crc & 0x800000) != 0 ? 0x1864CFB : 0);
        }
        var check = Convert.ToBase64String([(byte)(crc >> 16), (byte)(crc >> 8), (byte)crc]);
        return $"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{string.Join('\n', Convert.ToBase64String(packets).Chunk(64).Select(c => new string(c)))}\n={check}\n-----END PGP PUBLIC KEY BLOCK-----\n";
    }

    private sealed class FileRow
    {
        public string Scheme { get; set; } = "";

        public string Fingerprint { get; set; } = "";

        public bool Pending { get; set; }

        public byte[] PublicKey { get; set; } = [];
    }
}

/// <summary>Takes a key away. What was sealed to an own one stays closed from then on, here too. Needs <c>kernel.mail-keys.manage</c>, for own ones and authorities <c>kernel.mail-keys.own</c> as well.</summary>
public sealed class RemoveMailKey(Database database) : Act<Guid, Done>(database)
{
    private const string Find = "select own or authority as guarded, fingerprint, scheme, addresses from kernel.mail_keys where id = @Id for update";

    private const string Delete = "delete from kernel.mail_keys where id = @Id";

    /// <inheritdoc/>
    public override Permission Permission => KernelPermissions.ManageMailKeys;

    /// <inheritdoc/>
    protected override async Task<Outcome<Done>> HandleAsync(Work work, Guid request, CancellationToken cancel)
    {
        var row = await work.FindAsync<GoneRow>(Find, new { Id = request }, cancel);
        if (row is null)
            return Refuse.NotFound("kernel.mail-keys.refused.unknown");
        if (row.Guarded && !work.Viewer.May(KernelPermissions.OwnMailKeys))
            return Refuse.Forbidden("kernel.refused.permission", KernelPermissions.OwnMailKeys.Id);
        await work.ExecuteAsync(Delete, new { Id = request }, cancel);
        work.Audit("kernel.mail-key.removed", $"mail-key/{row.Fingerprint}", new { row.Scheme, row.Guarded, row.Addresses });
        return default(Done);
    }

    private sealed class GoneRow
    {
        public bool Guarded { get; set; }

        public string Fingerprint { get; set; } = "";

        public string Scheme { get; set; } = "";

        public string[] Addresses { get; set; } = [];
    }
}
