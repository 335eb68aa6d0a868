using Appliance.Consoles.Account;
using Appliance.Consoles.Home;
using Appliance.Consoles.Reports;
using Appliance.Consoles.Search;
using Appliance.Consoles.Settings;
using Appliance.Consoles.Setup;
using Appliance.Consoles.Wall;
using Appliance.Contracts;
using Appliance.Kernel;
using Appliance.Kernel.Modules;
using Appliance.Ui;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Consoles;

/// <summary>The pages that no other module owns.</summary>
internal sealed class ConsoleModule : IModule
{
    public string Id => "console";

    public void Describe(IModuleBuilder builder)
    {
        builder.Pages("Appliance.Console");
        builder.Services.AddSingleton<ISampleMark, SampleMark>();
        builder.Services.AddScoped<SetupSteps>();
        builder.Services.AddScoped<HomeBoard>();
        builder.Services.AddScoped<OwnFactor>();
        builder.Services.AddScoped<WallNumbers>();
        builder.Permission(new("console.wall.read"), Role.Administrator, Role.Manager, Role.Analyst, Role.Operator);
        builder.Permission(ReportPermissions.Read, Role.Administrator, Role.Manager, Role.Analyst, Role.Operator, Role.Auditor);
        builder.Answers<OrganisationAnswers>();
        builder.Endpoint("GET", "search", Permission.SignedIn, SearchEndpoint.FindAsync);
        builder.Endpoint("GET", "report.pdf", ReportPermissions.Read, ReportDocument.PdfAsync);
        builder.Endpoint("GET", "report.csv", ReportPermissions.Read, ReportFile.CsvAsync);
        builder.Endpoint("GET", "report.json", ReportPermissions.Read, ReportFile.JsonAsync);
        builder.Navigation(new("home", "ui.area.home", "/", Permission.SignedIn));
        builder.Navigation(new("reports", "console.reports", "/reports", ReportPermissions.Read));
        builder.Navigation(new("admin", "console.health", "/admin/health", KernelPermissions.ReadHealth, 0));
        builder.Navigation(new("admin", "console.users", "/admin/users", KernelPermissions.ManageUsers, 10));
        builder.Navigation(new("admin", "console.roles", "/admin/roles", KernelPermissions.ManageUsers, 11));
        builder.Navigation(new("admin", "console.tokens", "/admin/tokens", KernelPermissions.ManageTokens, 12));
        builder.Navigation(new("admin", "console.webhooks", "/admin/webhooks", KernelPermissions.ManageWebhooks, 13));
        builder.Navigation(new("admin", "console.settings", "/admin/settings", KernelPermissions.ReadSettings, 20));
        builder.Navigation(new("admin", "console.jobs", "/admin/jobs", KernelPermissions.ReadJobs, 30));
        builder.Navigation(new("admin", "console.deliveries", "/admin/deliveries", KernelPermissions.ManageOutbox, 40));
        builder.Navigation(new("admin", "console.mail", "/admin/mail", KernelPermissions.ReadMail, 45));
        builder.Navigation(new("admin", "console.keys", "/admin/mail-keys", KernelPermissions.ReadMail, 46));
        builder.Navigation(new("admin", "console.backup", "/admin/backup", KernelPermissions.ManageBackups, 47));
        builder.Navigation(new("admin", "console.audit", "/admin/audit", KernelPermissions.ReadAudit, 50));
    }
}
