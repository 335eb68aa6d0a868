using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Files;
using Appliance.Kernel.Modules;
using Microsoft.AspNetCore.Http;

namespace Appliance.Kernel.Mail;

/// <summary>Mail keys over <c>/api/v1/kernel/mail-keys</c>. No secret part comes out.</summary>
internal static class MailKeyEndpoints
{
    /// <summary>A key made for this example alone; nobody has its secret part.</summary>
    private const string Example =
        """
        -----BEGIN PGP PUBLIC KEY BLOCK-----

        mDMEawOPzBYJKwYBBAHaRw8BAQdAeHixcnZKxQJdtfM1Q2Na3yFwmDAhIxeem7Ay
        yQ7CpV+0J0V4YW1wbGUgUGFydG5lciA8YWJ1c2VAcGFydG5lci5leGFtcGxlPoiQ
        BBMWCAA4FiEE32Ju28LkqIaki84lHTzJz3iZBMoFAmsDj8wCGwMFCwkIBwIGFQoJ
        CAsCBBYCAwECHgECF4AACgkQHTzJz3iZBMqjQQD/SalRj2Inci1Vp15TkUdDbYFj
        LFWoFuG8gxMoNmPVTXEBAMfT52sksr77/gXia5BFFFtse83ipoOx+4atFX7E0gwC
        uDgEawOPzBIKKwYBBAGXVQEFAQEHQAJ0fBaEQKNo2IziiB6uKtbPCcdkWaeibATC
        n73sGuNWAwEIB4h4BBgWCAAgFiEE32Ju28LkqIaki84lHTzJz3iZBMoFAmsDj8wC
        GwwACgkQHTzJz3iZBMr3RAEAsrxG/HubXsJ5sYngcpIQ+BQn4b1aanLX7h/bBD8A
        sF4BANCDnDY7hHKfK7zfpvLHIcMNNSNkHUTRGd98FA86IvAH
        =Kzkl
        -----END PGP PUBLIC KEY BLOCK-----
        """;

    public static void Describe(IModuleBuilder builder) => builder
        .Endpoint("GET", "mail-keys", KernelPermissions.ReadMail, (Viewer viewer, ListMailKeys list, CancellationToken cancel, string words = "", bool? own = null, string? after = null, int limit = 50) => list.RunAsync(viewer, new(words, own, after, limit), cancel))
        .Endpoint("POST", "mail-keys", KernelPermissions.ManageMailKeys, (Viewer viewer, AddMailKeys add, KeyBody body, CancellationToken cancel) => add.RunAsync(viewer, new(body.Content, null, body.Passphrase), cancel))
        .Example(new { content = Example })
        .Endpoint("POST", "mail-keys/own", KernelPermissions.OwnMailKeys, (Viewer viewer, MakeMailKey make, MakeBody body, CancellationToken cancel) => make.RunAsync(viewer, new(body.Scheme, body.Years), cancel))
        .Example(new { scheme = "openpgp", years = 2 })
        .Endpoint("POST", "mail-keys/upload", KernelPermissions.ManageMailKeys, UploadAsync)
        .Endpoint("GET", "mail-keys/{id:guid}/file", KernelPermissions.ReadMail, FileAsync)
        .Endpoint("DELETE", "mail-keys/{id:guid}", KernelPermissions.ManageMailKeys, (Viewer viewer, RemoveMailKey remove, Guid id, CancellationToken cancel) => remove.RunAsync(viewer, id, cancel));

    /// <summary>Takes a file for the page, which shows what is in it before it is put in.</summary>
    private static async Task<Outcome<UploadedKeys>> UploadAsync(HttpContext http, Viewer viewer, KeptUploads uploads, CancellationToken cancel)
    {
        if (await Upload.OpenAsync(http, KeyReading.MostBytes, cancel) is not { } upload)
            return Refuse.Invalid("kernel.mail-keys.refused.none", "file");
        using var kept = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await upload.Content.ReadAsync(buffer, cancel)) > 0)
        {
            if (kept.Length + read > KeyReading.MostBytes)
                return Refuse.Invalid("kernel.mail-keys.refused.size", "file", KeyReading.MostBytes / 1024);
            kept.Write(buffer, 0, read);
        }
        return new UploadedKeys(uploads.Keep(viewer.Id, kept.ToArray()));
    }

    private static async Task<object> FileAsync(Viewer viewer, TakePublicKey take, Guid id, CancellationToken cancel)
    {
        var outcome = await take.RunAsync(viewer, id, cancel);
        return outcome.TryGet(out var file) ? FileDownload.Answer(new MemoryStream(Encoding.ASCII.GetBytes(file.Text)), file.Name) : outcome;
    }

    internal sealed record KeyBody(string Content, string? Passphrase = null);

    internal sealed record MakeBody(string Scheme = "openpgp", int Years = 2);

    /// <summary>A file that waits to be put in.</summary>
    internal sealed record UploadedKeys(Guid Upload);
}
