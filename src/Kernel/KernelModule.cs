using Appliance.Contracts;
using Appliance.Kernel.Alarms;
using Appliance.Kernel.Answers;
using Appliance.Kernel.Audit;
using Appliance.Kernel.Backup;
using Appliance.Kernel.Bulk;
using Appliance.Kernel.Disk;
using Appliance.Kernel.Drafts;
using Appliance.Kernel.Files;
using Appliance.Kernel.Health;
using Appliance.Kernel.Health.Acceptance;
using Appliance.Kernel.Http;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Jobs;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Notices;
using Appliance.Kernel.Outbox;
using Appliance.Kernel.Print;
using Appliance.Kernel.Recents;
using Appliance.Kernel.Reporting;
using Appliance.Kernel.Settings;
using Appliance.Kernel.Site;
using Appliance.Kernel.Update;
using Appliance.Kernel.Webhooks;
using Appliance.Kernel.Views;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel;

/// <summary>The kernel as a module: its table of contents.</summary>
internal sealed class KernelModule : IModule
{
    private HostLock? _lock;

    public string Id => "kernel";

    public void Describe(IModuleBuilder builder)
    {
        builder.Options<KernelOptions>(KernelOptions.Faults);
        DescribePermissions(builder);
        DescribeServices(builder.Services);
        AccountEndpoints.Describe(builder);
        PasskeyEndpoints.Describe(builder);
        HealthEndpoint.Describe(builder);
        AuditEndpoints.Describe(builder);
        MailParts.Describe(builder);
        WebhookEndpoints.Describe(builder);
        BackupEndpoints.Describe(builder);
        UpdateEndpoints.Describe(builder);

        builder
            .Worker<HostLockWatch>()
            .Worker<DatabaseWatch>()
            .Worker<DiskWatch>()
            .Worker<OutboxDispatcher>()
            .Worker<AuditSealer>()
            .Worker<WebhookSender>()
            .Worker<BackupDesk>()
            .Worker<BulkWorker>()
            .Worker<JobSchedules>();
        JobSchedules.AddQuartz(builder.Services);

        builder
            .Job<RetentionJob>("retention", JobSchedule.At("0 20 3 * * ?"))
            .Job<FileSweepJob>("sweep-files", JobSchedule.At("0 50 3 * * ?"))
            .Job<BackupJob>("backup", JobSchedule.At("0 20 2 * * ?"))
            .Job<ExpireDeliveriesJob>("expire-deliveries", JobSchedule.At("0 10 4 * * ?"));

        builder
            .Health<DatabaseProbe>()
            .Health<DiskProbe>()
            .Health<OutboxProbe>()
            .Health<SealerProbe>()
            .Health<ClockProbe>()
            .Health<JobsProbe>()
            .Health<BackupProbe>()
            .Health<BackupCheckProbe>();

        KernelRetention.Describe(builder);

        builder
            .Verb<UserVerb>()
            .Verb<TokenVerb>()
            .Verb<AuditVerb>()
            .Verb<BackupVerb>()
            .Verb<DoctorVerb>()
            .Verb<SiteVerb>();

        builder
            .Answers<PeopleAnswers>()
            .Answers<SiteAnswers>();

        builder
            .AppendOnly("audit.entries")
            .AppendOnly("audit.seals");
    }

    /// <summary>Takes the lock of this database: one host at a time.</summary>
    public Task StartAsync(IServiceProvider services, CancellationToken cancel) => (_lock = services.GetRequiredService<HostLock>()).TakeAsync(cancel);

    public Task StopAsync(CancellationToken deadline) => _lock?.ReleaseAsync() ?? Task.CompletedTask;

    private static void DescribeServices(IServiceCollection services)
    {
        services.AddAccounts();
        services.AddSingleton<AuditChain>();
        services.AddSingleton<PdfPrinter>();
        services.AddSingleton<AlarmBoard>().AddSingleton<IAlarms>(s => s.GetRequiredService<AlarmBoard>());
        services.AddSingleton<IntakeGate>().AddSingleton<DiskParts>();
        services.AddSingleton<HostLock>();
        services.AddSingleton<StoredSettings>().AddSingleton<ISettings>(s => s.GetRequiredService<StoredSettings>());
        services.AddSingleton<PreferenceStore>();
        services.AddSingleton<IDrafts, StoredDrafts>();
        services.AddSingleton<IPersonal, Personal>();
        services.AddSingleton<INotices, StoredNotices>();
        services.AddScoped<ISavedViews, StoredViews>();
        services.AddScoped<IRecents, StoredRecents>();
        services.AddSingleton<BulkBell>().AddSingleton<BulkCatalog>().AddSingleton<BulkStep>().AddScoped<IBulkActs, BulkDesk>().AddScoped<OwnBulk>();
        services.AddSingleton<FileStore>();
        services.AddSingleton<Api.KeptAnswers>();
        services.AddSingleton<WebhookSecrets>();
        services.AddSingleton<MakeBackup>().AddSingleton<BackupFolder>().AddSingleton<UpdateFolder>();
        services.AddSingleton<OutgoingHttp>();
        services.AddSingleton<HealthBoard>();
        services.AddScoped<IReportParts, KernelReport>();
        services.AddSingleton<IAcceptanceCheck, MachineCheck>().AddSingleton<IAcceptanceCheck, DiskCheck>();
    }

    private static void DescribePermissions(IModuleBuilder builder) => builder
        .Permission(KernelPermissions.ManageUsers, Role.Administrator, Role.Provisioner)
        .Permission(KernelPermissions.ManageTokens, Role.Administrator, Role.Provisioner)
        .Permission(KernelPermissions.ManageWebhooks, Role.Administrator)
        .Permission(KernelPermissions.ReadAudit, Role.Administrator, Role.Auditor, Role.Manager)
        .Permission(KernelPermissions.ReadJobs, Role.Administrator, Role.Auditor, Role.Provisioner)
        .Permission(KernelPermissions.RunJobs, Role.Administrator, Role.Provisioner)
        .Permission(KernelPermissions.ReadHealth, Role.Administrator, Role.Auditor, Role.Provisioner, Role.Manager, Role.Analyst, Role.Operator)
        .Permission(KernelPermissions.ReadMetrics, Role.Administrator, Role.Auditor, Role.Provisioner)
        .Permission(KernelPermissions.ReadSettings, Role.Administrator, Role.Auditor, Role.Provisioner, Role.Manager)
        .Permission(KernelPermissions.ManageSettings, Role.Administrator, Role.Provisioner)
        .Permission(KernelPermissions.ReadMail, Role.Administrator, Role.Manager, Role.Analyst, Role.Operator)
        .Permission(KernelPermissions.ReleaseMail, Role.Administrator, Role.Manager, Role.Analyst)
        .Permission(KernelPermissions.ManageMailKeys, Role.Administrator, Role.Manager, Role.Analyst)
        .Permission(KernelPermissions.OwnMailKeys, Role.Administrator)
        .Permission(KernelPermissions.ManageOutbox, Role.Administrator)
        .Permission(KernelPermissions.ManageBackups, Role.Administrator, Role.Provisioner)
        .Permission(KernelPermissions.ManageUpdates, Role.Administrator, Role.Provisioner);
}
