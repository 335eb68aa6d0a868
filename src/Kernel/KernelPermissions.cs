using Appliance.Contracts;

namespace Appliance.Kernel;

/// <summary>The rights of the kernel's own pages, acts and endpoints.</summary>
public static class KernelPermissions
{
    /// <summary>Invite, lock and reset people; change roles and what roles may do.</summary>
    public static Permission ManageUsers { get; } = new("kernel.users.manage");

    /// <summary>Issue and revoke credentials of programs and peers.</summary>
    public static Permission ManageTokens { get; } = new("kernel.tokens.manage");

    /// <summary>Tell programs elsewhere of facts, and see what they were told.</summary>
    public static Permission ManageWebhooks { get; } = new("kernel.webhooks.manage");

    /// <summary>Read and verify the audit trail.</summary>
    public static Permission ReadAudit { get; } = new("kernel.audit.read");

    /// <summary>See jobs and their runs.</summary>
    public static Permission ReadJobs { get; } = new("kernel.jobs.read");

    /// <summary>Start a job now.</summary>
    public static Permission RunJobs { get; } = new("kernel.jobs.run");

    /// <summary>See the health page.</summary>
    public static Permission ReadHealth { get; } = new("kernel.health.read");

    /// <summary>Scrape <c>/metrics</c>.</summary>
    public static Permission ReadMetrics { get; } = new("kernel.metrics.read");

    /// <summary>See the settings of the appliance.</summary>
    public static Permission ReadSettings { get; } = new("kernel.settings.read");

    /// <summary>Change the settings of the appliance.</summary>
    public static Permission ManageSettings { get; } = new("kernel.settings.manage");

    /// <summary>Read received mail and the outgoing queue.</summary>
    public static Permission ReadMail { get; } = new("kernel.mail.read");

    /// <summary>Hold, release and repeat outgoing messages.</summary>
    public static Permission ReleaseMail { get; } = new("kernel.mail.release");

    /// <summary>Put in and remove keys of correspondents.</summary>
    public static Permission ManageMailKeys { get; } = new("kernel.mail-keys.manage");

    /// <summary>Make, put in and remove the team's own mail keys, and the authorities that certificates are judged by.</summary>
    public static Permission OwnMailKeys { get; } = new("kernel.mail-keys.own");

    /// <summary>See facts between modules, and retry or drop parked deliveries.</summary>
    public static Permission ManageOutbox { get; } = new("kernel.outbox.manage");

    /// <summary>Make the recovery key, write backups, read them through and take them away.</summary>
    public static Permission ManageBackups { get; } = new("kernel.backups.manage");

    /// <summary>Hand the machine a release, and start it again.</summary>
    public static Permission ManageUpdates { get; } = new("kernel.updates.manage");
}
