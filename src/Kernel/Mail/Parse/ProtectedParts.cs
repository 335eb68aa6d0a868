using System.Text;

namespace Appliance.Kernel.Mail.Parse;

/// <summary>Finds what is signed or encrypted while a message is walked.</summary>
internal sealed class ProtectedParts
{
    private const int Most = 20;

    private static ReadOnlySpan<byte> Message => "-----BEGIN PGP MESSAGE-----"u8;

    private static ReadOnlySpan<byte> SignedText => "-----BEGIN PGP SIGNED MESSAGE-----"u8;

    private readonly List<ProtectedPart> _found = [];

    public IReadOnlyList<ProtectedPart> Found => _found;

    /// <summary>A container: the signed or encrypted forms of RFC 1847.</summary>
    public void Container(MimeNode node, string partId)
    {
        var protocol = node.Type.Parameter("protocol")?.ToLowerInvariant() ?? "";
        if (node.Type.Value == "multipart/signed" && node.Children is [var covered, var signature, ..])
        {
            var type = signature.Type.Value;
            var smime = type.Contains("pkcs7", StringComparison.Ordinal) || protocol.Contains("pkcs7", StringComparison.Ordinal);
            if (smime || type.Contains("pgp", StringComparison.Ordinal) || protocol.Contains("pgp", StringComparison.Ordinal))
                Add(new(partId, smime ? "smime" : "openpgp", "signed", "mime", signature.Content(), WithNetworkLines(covered.Whole.Span)));
        }
        else if (node.Type.Value == "multipart/encrypted" && node.Children is [_, var payload, ..])
            Add(new(partId, "openpgp", "encrypted", "mime", payload.Content()));
    }

    /// <summary>A leaf: armour in the text, an encrypted attachment, or S/MIME.</summary>
    public void Leaf(string type, string? name, bool attached, string partId, byte[] content)
    {
        if (type is "application/pkcs7-mime" or "application/x-pkcs7-mime" || (name?.EndsWith(".p7m", StringComparison.OrdinalIgnoreCase) ?? false))
            Add(new(partId, "smime", "either", "mime", content));
        else if (!attached && type is "text/plain" or "application/pgp")
            Armour(partId, content);
        else if (attached && content.Length > 0 && IsEncryptedFile(name ?? "", content))
            Add(new(partId, "openpgp", "encrypted", "attachment", content, Name: Path.GetFileNameWithoutExtension(name!)));
    }

    private void Armour(string partId, byte[] content)
    {
        var bytes = content.AsSpan();
        foreach (var (begin, end, act) in new[] { (Message.ToArray(), "-----END PGP MESSAGE-----", "encrypted"), (SignedText.ToArray(), "-----END PGP SIGNATURE-----", "signed") })
        {
            var start = bytes.IndexOf(begin);
            if (start < 0 || start > 0 && bytes[start - 1] != '\n')
                continue;
            var length = bytes[start..].IndexOf(Encoding.ASCII.GetBytes(end));
            if (length < 0)
                continue;
            var stop = start + length + end.Length;
            var outside = Encoding.Latin1.GetString(bytes[..start]) + Encoding.Latin1.GetString(bytes[stop..]);
            Add(new(partId, "openpgp", act, "inline", bytes[start..stop].ToArray(), Partial: !string.IsNullOrWhiteSpace(outside)));
            return;
        }
    }

    /// <summary>Armoured, or binary with the name that mail programs give: a packet of OpenPGP begins with its highest bit set.</summary>
    private static bool IsEncryptedFile(string name, byte[] content)
    {
        if (content.AsSpan().TrimStart(" \t\r\n"u8).StartsWith(Message))
            return true;
        var extension = Path.GetExtension(name).ToLowerInvariant();
        return extension is ".pgp" or ".gpg" or ".asc" && content[0] >= 0x80;
    }

    private void Add(ProtectedPart part)
    {
        // The payload of an encrypted container is met again as a leaf.
        if (_found.Count < Most && part.Data.Length > 0 && !_found.Exists(f => f.Data.AsSpan().SequenceEqual(part.Data)))
            _found.Add(part);
    }

    /// <summary>Signatures cover the text with line ends of the network (RFC 3156, 5), whatever the mail was stored with.</summary>
    private static byte[] WithNetworkLines(ReadOnlySpan<byte> text)
    {
        var lines = new List<byte>(text.Length + 64);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
                lines.Add((byte)'\r');
            lines.Add(text[i]);
        }
        return [.. lines];
    }
}
