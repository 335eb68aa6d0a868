using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail.Parse;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Settings;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Mail;

/// <summary>What mail adds to the kernel: its table of contents.</summary>
internal static class MailParts
{
    public static void Describe(IModuleBuilder builder)
    {
        builder.Services.AddOptions<MailOptions>().BindConfiguration(MailOptions.Section);
        builder.Services.AddSingleton(s => new StoredKeys(s.GetRequiredService<Database>(), new(s.GetRequiredService<IDataProtectionProvider>))).AddSingleton<KeptUploads>().AddSingleton<MailSealer>();
        builder.Services.AddScoped(s => new ListMailKeys(s.GetRequiredService<Database>(), s.GetRequiredService<MailKeys>(), s.GetRequiredService<MailSealer>(), s.GetRequiredService<ISettings>(), s.GetRequiredService<IOptionsMonitor<MailOptions>>(), s.GetRequiredService<TimeProvider>()));
        builder.Services.AddScoped(s => new LookAtMailKeys(s.GetRequiredService<Database>(), s.GetRequiredService<KeptUploads>()));
        builder.Services.AddScoped(s => new AddMailKeys(s.GetRequiredService<Database>(), s.GetRequiredService<KeptUploads>(), s.GetRequiredService<StoredKeys>()));
        builder.Services.AddScoped(s => new MakeMailKey(s.GetRequiredService<Database>(), s.GetRequiredService<StoredKeys>(), s.GetRequiredService<ISettings>(), s.GetRequiredService<IOptionsMonitor<MailOptions>>()));
        MailKeyEndpoints.Describe(builder);
        builder.Services.AddSingleton(s => new OutgoingMail(s.GetRequiredService<IOptionsMonitor<MailOptions>>(), s.GetRequiredService<ISettings>(), s.GetRequiredService<MailSealer>()));
        builder.Services.AddSingleton<MailStore>();
        builder.Services.AddSingleton<ParsePool>();
        builder.Services.AddSingleton<MailKeys>();
        builder.Services.AddSingleton<MailReading>();
        builder.Services.AddSingleton(s => new MailFiles(s.GetRequiredService<MailStore>(), s.GetRequiredService<ParsePool>()));
        builder.Services.AddSingleton(s => new ArchiveReading(s.GetRequiredService<ParsePool>()));
        builder
            .Publishes<MailReceived>()
            .Publishes<MailStateChanged>()
            .Worker<MailSender>()
            .Worker<MaildirReceiver>()
            .Health<MailOutProbe>()
            .Health<MailInProbe>()
            .Retention(new("kernel.mail_out", 730, MailStore.DeleteOldSent))
            .Retention(new("kernel.mail_in", 730, MailStore.DeleteOldReceived))
            .Retention(new("kernel.mail_raw", 730, MailStore.DeleteUnnamed))
            .Endpoint("GET", "/downloads/mail/{id:guid}", KernelPermissions.ReadMail, DownloadAsync);
    }

    private static async Task<IResult> DownloadAsync(Guid id, Viewer viewer, MailStore store, CancellationToken cancel) =>
        await store.RawAsync(viewer, new(id), cancel) is { } bytes
            // Never shown by the browser: what a stranger wrote is saved, not opened.
            ? Results.File(bytes, "application/octet-stream", $"mail-{id:N}.eml")
            : Results.NotFound();
}
