using System.Security.Cryptography;
using Appliance.Contracts;
using Appliance.Kernel.Mail.Parse;

namespace Appliance.Kernel.Mail;

/// <summary>Takes files out of received messages, in the confined process. Thread-safe.</summary>
public sealed class MailFiles
{
    private readonly MailStore _store;
    private readonly ParsePool _pool;

    internal MailFiles(MailStore store, ParsePool pool) => (_store, _pool) = (store, pool);

    /// <summary>
    /// The bytes of an attachment, or null: the viewer may not see the message, it has no such part, or the part lies within something encrypted. Their SHA-256 is that which
    /// <see cref="ParsedAttachment.Sha256"/> names.
    /// </summary>
    public async Task<byte[]?> FindAsync(Viewer viewer, MailId mail, ParsedAttachment file, CancellationToken cancel)
    {
        if (file.PartId.Length > 200 || await _store.RawAsync(viewer, mail, cancel) is not { } message)
            return null;
        var answer = await _pool.AskAsync(Frames.Part, Frames.With(file.PartId, message), cancel);
        return answer.Json is [1, .. var bytes] && Convert.ToHexStringLower(SHA256.HashData(bytes)) == file.Sha256 ? bytes : null;
    }
}
