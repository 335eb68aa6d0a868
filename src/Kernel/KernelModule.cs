using Appliance.Contracts;
using Appliance.Kernel.Audit;
using Appliance.Kernel.Identity;
using Appliance.Kernel.Mail;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Outbox;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel;

/// <summary>The kernel as a module: its table of contents.</summary>
internal sealed class KernelModule : IModule
{
    public string Id => "kernel";

    public void Describe(IModuleBuilder builder)
    {
        builder.Options<KernelOptions>(KernelOptions.Faults);
        DescribePermissions(builder);
        builder.Services.AddAccounts();
        AccountEndpoints.Describe(builder);
        MailParts.Describe(builder);

        builder.Services.AddSingleton<AuditChain>();

        builder.Worker<OutboxDispatcher>();
        builder.Worker<AuditSealer>();

        builder.AppendOnly("audit.entries");
        builder.AppendOnly("audit.seals");
    }

    private static void DescribePermissions(IModuleBuilder builder) => builder
        .Permission(KernelPermissions.ManageUsers, Role.Administrator, Role.Provisioner)
        .Permission(KernelPermissions.ManageTokens, Role.Administrator, Role.Provisioner)
        .Permission(KernelPermissions.ReadAudit, Role.Administrator, Role.Auditor, Role.Manager)
        .Permission(KernelPermissions.ReadJobs, Role.Administrator, Role.Auditor, Role.Provisioner)
        .Permission(KernelPermissions.RunJobs, Role.Administrator, Role.Provisioner)
        .Permission(KernelPermissions.ReadHealth, Role.Administrator, Role.Auditor, Role.Provisioner, Role.Manager, Role.Analyst, Role.Operator)
        .Permission(KernelPermissions.ReadSettings, Role.Administrator, Role.Auditor, Role.Provisioner, Role.Manager)
        .Permission(KernelPermissions.ManageSettings, Role.Administrator, Role.Provisioner)
        .Permission(KernelPermissions.ReadMail, Role.Administrator, Role.Manager, Role.Analyst, Role.Operator)
        .Permission(KernelPermissions.ReleaseMail, Role.Administrator, Role.Manager, Role.Analyst)
        .Permission(KernelPermissions.ManageOutbox, Role.Administrator);
}
