using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Mail;

/// <summary>
/// Decides how a message leaves and seals it: signed where the team has a key for the address it is from, encrypted where every recipient has a key of one
/// scheme. Thread-safe.
/// </summary>
internal sealed class MailSealer(MailKeys keys, IOptionsMonitor<MailOptions> options, TimeProvider time)
{
    private const int MostKept = 64;

    /// <summary>Signatures of texts that go to many, one message each: made once.</summary>
    private readonly ConcurrentDictionary<string, string> _kept = new();

    /// <summary>Whether each address can be encrypted to, in their order: by keys of one kind where all have one, else by the best that each has.</summary>
    public async Task<IReadOnlyList<RecipientKey>> FindAsync(IReadOnlyList<string> addresses, CancellationToken cancel)
    {
        var ring = await keys.RingAsync(cancel);
        foreach (var scheme in ring is null ? (ReadOnlySpan<string>)[] : ["openpgp", "smime"])
        {
            var found = addresses.Select(a => KeyChoice.For(ring!, a, scheme, time.GetUtcNow())).OfType<RecipientKey>().ToList();
            if (found.Count == addresses.Count)
                return found;
        }
        return [.. addresses.Select(a => KeyChoice.For(ring, a, time.GetUtcNow()))];
    }

    /// <summary>By what a message from <paramref name="from"/> is signed where it is not encrypted, or null.</summary>
    public async Task<string?> SignsAsync(string from, CancellationToken cancel)
    {
        var ring = await keys.RingAsync(cancel);
        return ring is null || options.CurrentValue.Sign == MailOptions.Never ? null
            : KeyChoice.OwnOpenPgp(ring, from) is not null ? "openpgp"
            : KeyChoice.OwnCertificate(ring, from, time.GetUtcNow()) is not null ? "smime" : null;
    }

    /// <summary>True when the policy asks for encryption of what is marked so.</summary>
    public bool Requires(Marking marking) => options.CurrentValue.Encrypt switch
    {
        MailOptions.RequiredFromAmberStrict => marking.Tlp >= Tlp.AmberStrict,
        MailOptions.RequiredFromAmber => marking.Tlp >= Tlp.Amber,
        _ => false,
    };

    /// <summary>
    /// The entity as it leaves. Refuses what must be encrypted and cannot be, naming each recipient without a key; and what a program failed to seal,
    /// rather than letting it go bare.
    /// </summary>
    public async Task<Outcome<(string Entity, MailSealed Seal)>> SealAsync(OutgoingMessage message, string from, string entity, CancellationToken cancel)
    {
        var ring = await keys.RingAsync(cancel);
        var required = message.Seal == SealWish.Required || message.Seal == SealWish.Policy && Requires(message.Marking);
        var to = message.Seal == SealWish.Clear || options.CurrentValue.Encrypt == MailOptions.Never && !required || ring is null ? null : Recipients(ring, message);
        if (to is null && required)
            return Outcome<(string, MailSealed)>.Refused([.. Missing(ring, message)]);
        if (ring is null)
            return (entity, new MailSealed(null, null));
        try
        {
            return to is null ? await SignAsync(ring, from, entity, cancel) : await EncryptAsync(ring, message, from, entity, to, cancel);
        }
        catch (SealFailedException fault)
        {
            return fault.Address is { } address ? Refuse.Invalid("kernel.mail.refused.key-refused", nameof(message.Recipients), address) : Refuse.Unavailable("kernel.mail.refused.not-sealed", fault.Message);
        }
        catch (TimeoutException late)
        {
            return Refuse.Unavailable("kernel.mail.refused.not-sealed", late.Message);
        }
    }

    /// <summary>A key for each recipient, all of one scheme, or null.</summary>
    private List<RecipientKey>? Recipients(KeyRing ring, OutgoingMessage message)
    {
        var hidden = message.HideRecipients && message.Recipients.Count > 1;
        // Each certificate is named in what is encrypted to it: recipients who do not see each other would.
        foreach (var scheme in hidden ? (ReadOnlySpan<string>)["openpgp"] : ["openpgp", "smime"])
        {
            var found = message.Recipients.Select(r => KeyChoice.For(ring, r.Address, scheme, time.GetUtcNow())).OfType<RecipientKey>().ToList();
            if (found.Count == message.Recipients.Count)
                return found;
        }
        return null;
    }

    private IEnumerable<Refusal> Missing(KeyRing? ring, OutgoingMessage message)
    {
        var states = message.Recipients.Select(r => KeyChoice.For(ring, r.Address, time.GetUtcNow())).ToList();
        var missing = states.Where(s => !s.Usable).ToList();
        // Every one has a key, but not of one kind.
        return missing.Count == 0
            ? [Refuse.Invalid("kernel.mail.refused.two-kinds", nameof(message.Recipients))]
            : missing.Select(m => Refuse.Invalid($"kernel.mail.refused.key.{m.State}", nameof(message.Recipients), m.Address));
    }

    private async Task<Outcome<(string, MailSealed)>> SignAsync(KeyRing ring, string from, string entity, CancellationToken cancel)
    {
        if (options.CurrentValue.Sign == MailOptions.Never)
            return (entity, new MailSealed(null, null));
        if (KeyChoice.OwnOpenPgp(ring, from) is { } key)
        {
            var name = $"{key.Fingerprint} {Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(entity)))}";
            if (!_kept.TryGetValue(name, out var signature))
            {
                signature = await SealWriting.SignOpenPgpAsync(ring, entity, key, cancel);
                if (_kept.Count >= MostKept)
                    _kept.Clear();
                _kept[name] = signature;
            }
            return (SealWriting.Signed(entity, signature), new MailSealed("openpgp", null));
        }
        return KeyChoice.OwnCertificate(ring, from, time.GetUtcNow()) is { } certificate
            ? (SealWriting.Signed(entity, await SealWriting.SignSmimeAsync(ring, entity, certificate, cancel)), new MailSealed("smime", null))
            : (entity, new MailSealed(null, null));
    }

    private async Task<Outcome<(string, MailSealed)>> EncryptAsync(KeyRing ring, OutgoingMessage message, string from, string entity, List<RecipientKey> to, CancellationToken cancel)
    {
        var signs = options.CurrentValue.Sign != MailOptions.Never;
        if (to[0].Scheme == "openpgp")
        {
            var key = signs ? KeyChoice.OwnOpenPgp(ring, from) : null;
            var hidden = message.HideRecipients && message.Recipients.Count > 1;
            return (await SealWriting.EncryptOpenPgpAsync(ring, entity, key, to, hidden, cancel), new MailSealed(key is null ? null : "openpgp", "openpgp"));
        }
        var own = KeyChoice.OwnCertificate(ring, from, time.GetUtcNow());
        var inner = signs && own is not null ? SealWriting.Signed(entity, await SealWriting.SignSmimeAsync(ring, entity, own, cancel)) : entity;
        return (await SealWriting.EncryptSmimeAsync(ring, inner, own, to, cancel), new MailSealed(signs && own is not null ? "smime" : null, "smime"));
    }
}
