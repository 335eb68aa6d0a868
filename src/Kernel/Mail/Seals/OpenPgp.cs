namespace Appliance.Kernel.Mail;

/// <summary>Verifies and decrypts with gpg. Every secret key of the ring is tried, also for recipients that the message hides.</summary>
internal static class OpenPgp
{
    /// <summary>What became of the part, and its clear text where there is any.</summary>
    public static async Task<(MailSeal Seal, byte[]? Clear)> OpenAsync(KeyRing ring, ProtectedPart part, string sender, CancellationToken cancel)
    {
        var seal = new MailSeal { PartId = part.PartId, Scheme = part.Scheme, Form = part.Form, Partial = part.Partial };
        if (!GpgProgram.IsPresent)
            return (seal with { Encrypted = part.Act == "encrypted", Signed = part.Act == "signed", Signature = part.Act == "signed" ? "error" : null, Decryption = part.Act == "encrypted" ? "failed" : null, Reason = "gpg is not installed" }, null);
        try
        {
            return part.Act == "signed" ? await VerifyAsync(ring, part, seal, sender, cancel) : await DecryptAsync(ring, part, seal, sender, cancel);
        }
        catch (TimeoutException late)
        {
            return (seal with { Encrypted = part.Act == "encrypted", Signed = part.Act == "signed", Signature = part.Act == "signed" ? "error" : null, Decryption = part.Act == "encrypted" ? "failed" : null, Reason = late.Message }, null);
        }
    }

    private static async Task<(MailSeal, byte[]?)> VerifyAsync(KeyRing ring, ProtectedPart part, MailSeal seal, string sender, CancellationToken cancel)
    {
        if (part.Covered is null)
        {
            var text = await GpgProgram.RunAsync(ring.Home, ["--decrypt"], part.Data, cancel);
            return (Signature(seal, text, sender), text.Output);
        }
        var file = Path.Combine(ring.Home, $"{Guid.NewGuid():N}.sig");
        await File.WriteAllBytesAsync(file, part.Data, cancel);
        try
        {
            return (Signature(seal, await GpgProgram.RunAsync(ring.Home, ["--verify", "--", file, "-"], part.Covered, cancel), sender), null);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<(MailSeal, byte[]?)> DecryptAsync(KeyRing ring, ProtectedPart part, MailSeal seal, string sender, CancellationToken cancel)
    {
        var answer = await GpgProgram.RunAsync(ring.Home, ["--try-all-secrets", "--decrypt"], part.Data, cancel);
        // What is only signed and packed looks the same from outside.
        var encrypted = answer.Has("BEGIN_DECRYPTION") || answer.Has("ENC_TO") || answer.Has("NO_SECKEY");
        var opened = answer.Has("DECRYPTION_OKAY") || !encrypted && answer.Has("PLAINTEXT");
        seal = Signature(seal with { Encrypted = encrypted || !opened }, answer, sender);
        if (opened)
            return (seal with { Decryption = encrypted ? "decrypted" : null }, answer.Output);
        var noKey = answer.Has("NO_SECKEY");
        // A signature seen in text that was not opened to its end proves nothing.
        return (seal with { Decryption = noKey ? "no-key" : "failed", Signed = false, Signature = null, Signer = null, Fingerprint = null, SignerIsSender = false, Reason = noKey ? "cannot be decrypted: no key" : "damaged, or not protected against change" }, null);
    }

    /// <summary>Exactly one signature, valid by gpg's own line for it, is good; anything less is named.</summary>
    private static MailSeal Signature(MailSeal seal, GpgAnswer answer, string sender)
    {
        var (state, line) = State(answer);
        if (state is null)
            return seal;
        var signer = line is { Length: > 2 } ? string.Join(' ', line[2..]) : null;
        return seal with
        {
            Signed = true,
            Signature = state,
            Signer = signer,
            Fingerprint = answer.Find("VALIDSIG") is { Length: > 1 } valid ? valid[1] : line is { Length: > 1 } ? line[1] : null,
            SignerIsSender = state == "good" && sender.Length > 0 && signer is not null && (signer.Equals(sender, StringComparison.OrdinalIgnoreCase) || signer.EndsWith($"<{sender}>", StringComparison.OrdinalIgnoreCase)),
            Reason = state switch { "unknown-key" => "the key is not known here", "bad" => "the text was changed after it was signed", "expired" => "the key or signature has expired or was revoked", _ => seal.Reason },
        };
    }

    private static (string? State, string[]? Line) State(GpgAnswer answer)
    {
        if (answer.Find("BADSIG") is { } bad)
            return ("bad", bad);
        foreach (var late in (ReadOnlySpan<string>)["EXPSIG", "EXPKEYSIG", "REVKEYSIG"])
            if (answer.Find(late) is { } expired)
                return ("expired", expired);
        if (answer.Find("ERRSIG") is { } unknown)
            return answer.Has("NO_PUBKEY") ? ("unknown-key", unknown[..2]) : ("error", unknown[..2]);
        if (answer.Find("GOODSIG") is not { } good)
            return (null, null);
        return answer.Has("VALIDSIG") && answer.Status.Count(s => s.StartsWith("GOODSIG ", StringComparison.Ordinal)) == 1 ? ("good", good) : ("error", good);
    }
}
