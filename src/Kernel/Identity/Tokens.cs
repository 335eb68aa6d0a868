using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Identity;

/// <summary>Credentials of programs and peers. Only hashes are stored; the secrets have 256 bits, so a plain hash suffices.</summary>
internal sealed class Tokens(Database database, RolePermissions roles, TimeProvider time)
{
    public const string Prefix = "cirt_";

    private const string Live =
        """
        select t.id, t.name, t.hash, t.user_id, t.peer_id, t.scopes, u.display_name, u.constituent, u.reads_up_to, u.language,
               array(select r.role from identity.user_roles r where r.user_id = u.id order by r.role) as roles
        from identity.tokens t
        left join identity.users u on u.id = t.user_id
        where t.kind = @Kind and t.revoked_at is null and t.expires_at > @Now and (t.user_id is null or u.state = 'active')
          and (@Id::uuid is null or t.id = @Id) and (@Name::text is null or t.normal_name = @Name)
        """;

    private const string Used = "update identity.tokens set last_used_at = @Now where id = @Id";

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(4);

    private readonly ConcurrentDictionary<Guid, (Viewer Viewer, long ReadAt)> _known = new();
    private readonly ConcurrentDictionary<Guid, long> _used = new();

    /// <summary>A new secret.</summary>
    public static string NewSecret() => Base64Url(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is stored of a secret.</summary>
    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>The bearer text of a token: its id, so that it is found by key, and its secret.</summary>
    public static string BearerText(Guid id, string secret) => $"{Prefix}{id:N}_{secret}";

    /// <summary>The token of a bearer text, or null.</summary>
    public async Task<Guid?> CheckBearerAsync(string text, CancellationToken cancel)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || text.Length < Prefix.Length + 34 || text.Length > 200)
            return null;
        if (!Guid.TryParseExact(text.AsSpan(Prefix.Length, 32), "N", out var id) || text[Prefix.Length + 32] != '_')
            return null;
        return await CheckAsync("bearer", id, null, text[(Prefix.Length + 33)..], cancel);
    }

    /// <summary>The token of a name and secret as HTTP Basic carries them, or null.</summary>
    public Task<Guid?> CheckBasicAsync(string name, string secret, CancellationToken cancel) => CheckAsync("basic", null, NameForm.Of(name), secret, cancel);

    /// <summary>Who a checked token is, or null once it is revoked or expired. At most four seconds old.</summary>
    public async ValueTask<Viewer?> FindAsync(Guid id, string kind, CancellationToken cancel)
    {
        if (_known.TryGetValue(id, out var known) && time.GetElapsedTime(known.ReadAt) < s_fresh)
            return known.Viewer;
        var at = time.GetTimestamp();
        var row = await database.FindAsync<TokenRow>(Live, new { Kind = kind, Id = (Guid?)id, Name = (string?)null, Now = time.GetUtcNow() }, cancel);
        if (row is null)
        {
            _known.TryRemove(id, out _);
            return null;
        }
        var viewer = await ViewerOfAsync(row, cancel);
        _known[id] = (viewer, at);
        return viewer;
    }

    private async Task<Guid?> CheckAsync(string kind, Guid? id, string? name, string secret, CancellationToken cancel)
    {
        var row = await database.FindAsync<TokenRow>(Live, new { Kind = kind, Id = id, Name = name, Now = time.GetUtcNow() }, cancel);
        var given = HashOf(secret);
        if (row is null || !CryptographicOperations.FixedTimeEquals(row.Hash, given))
            return null;
        await NoteUseAsync(row.Id, cancel);
        return row.Id;
    }

    private async ValueTask NoteUseAsync(Guid id, CancellationToken cancel)
    {
        if (_used.TryGetValue(id, out var last) && time.GetElapsedTime(last) < TimeSpan.FromMinutes(1))
            return;
        _used[id] = time.GetTimestamp();
        await database.ExecuteAsync(Used, new { Id = id, Now = time.GetUtcNow() }, cancel);
    }

    private async Task<Viewer> ViewerOfAsync(TokenRow row, CancellationToken cancel)
    {
        var map = await roles.ReadAsync(cancel);
        if (row.PeerId is { } peer)
            return new()
            {
                Id = new UserId(row.Id),
                Name = row.Name,
                Roles = [Role.Peer],
                Permissions = Within(map[Role.Peer], row.Scopes),
                ReadsUpTo = Tlp.AmberStrict,
                Peer = peer,
            };
        var person = Sessions.ViewerOf(
            new() { Id = row.UserId!.Value, DisplayName = row.DisplayName!, Constituent = row.Constituent, ReadsUpTo = row.ReadsUpTo, Language = row.Language ?? "en", Roles = row.Roles },
            map);
        // A token never holds more than its scopes, nor more than its person holds now.
        return person with { Name = $"{person.Name} ({row.Name})", Permissions = Within(person.Permissions, row.Scopes) };
    }

    private static FrozenSet<string> Within(FrozenSet<string> held, string[] scopes) => held.Where(scopes.Contains).ToFrozenSet();

    private static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private sealed class TokenRow
    {
        public Guid Id { get; set; }

        public string Name { get; set; } = "";

        public byte[] Hash { get; set; } = [];

        public UserId? UserId { get; set; }

        public PeerId? PeerId { get; set; }

        public string[] Scopes { get; set; } = [];

        public string? DisplayName { get; set; }

        public ConstituentId? Constituent { get; set; }

        public short ReadsUpTo { get; set; }

        public string? Language { get; set; }

        public string[] Roles { get; set; } = [];
    }
}
