using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Ticketing.Changes;
using Appliance.Ticketing.Classification;
using Appliance.Ticketing.Clocks;
using Appliance.Ticketing.Evidence;
using Appliance.Ticketing.Figures;
using Appliance.Ticketing.Handover;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Intake;
using Appliance.Ticketing.Lookups;
using Appliance.Ticketing.Mailings;
using Appliance.Ticketing.Notices;
using Appliance.Ticketing.Printing;
using Appliance.Ticketing.Reporting;
using Appliance.Ticketing.Reports;
using Appliance.Ticketing.Search;
using Appliance.Ticketing.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Ticketing;

/// <summary>Reports become incidents, incidents are worked to their end. This file is the table of contents.</summary>
public sealed class TicketingModule : IModule
{
    /// <inheritdoc/>
    public string Id => "ticketing";

    /// <inheritdoc/>
    public IReadOnlyList<string> Requires => ["directory"];

    /// <inheritdoc/>
    public void Describe(IModuleBuilder builder)
    {
        builder
            .Options<TicketingOptions>(TicketingOptions.Faults)
            .Permission(Permissions.Read, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.Open, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.Edit, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.Mail, Role.Manager, Role.Analyst)
            .Permission(Permissions.Override, Role.Manager)
            .Permission(Permissions.Confirm, Role.Manager, Role.Analyst)
            .Permission(Permissions.Triage, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.HandOver, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.Keep, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.Take, Role.Manager, Role.Analyst)
            .Permission(Permissions.Destroy, Role.Manager)
            .Permission(Permissions.Playbooks, Role.Manager, Role.Analyst)
            .Permission(Permissions.Places, Role.Administrator, Role.Manager)
            .Permission(Permissions.Types, Role.Administrator, Role.Manager)
            .Publishes<IncidentOpened>()
            .Publishes<IncidentConfirmed>()
            .Publishes<IncidentClosed>()
            .Subscribes<AlertEscalated, OpenFromAlert>("open-from-alert")
            .Subscribes<MailReceived, TakeMail>("take-mail")
            .Subscribes<MailStateChanged, NoteDelivery>("note-delivery")
            .Subscribes<ShareAcknowledged, NoteAcknowledgement>("note-acknowledgement")
            .Bulk<ChangeMany>("change")
            .Bulk<RejectMany>("reject")
            .Bulk<SendLetters>("mailing")
            .Job<EscalateJob>("escalate", JobSchedule.Each(TimeSpan.FromMinutes(1)))
            .Job<DestroyOldJob>("destroy-old-evidence", JobSchedule.At("0 40 3 * * ?"))
            .AppendOnly("ticketing.note_versions")
            .AppendOnly("ticketing.custody")
            .AppendOnly("ticketing.playbook_versions")
            .Search<IncidentSearch>()
            .Retention(new("ticketing.reports", 730, RejectReport.DeleteOld))
            .Retention(new("ticketing.handovers", 730, HandOver.DeleteOld))
            .Retention(new("ticketing.mailings", 30, PrepareMailing.DeleteOld))
            .Pages("Appliance.Ticketing.Pages")
            .Navigation(new("tickets", "ticketing.nav.queue", "/tickets", Permissions.Read, 0, "confirmation_number"))
            .Navigation(new("tickets", "ticketing.nav.reports", "/tickets/reports", Permissions.Triage, 1))
            .Navigation(new("tickets", "ticketing.nav.new", "/tickets/new", Permissions.Open, 2))
            .Navigation(new("tickets", "ticketing.nav.tasks", "/tickets/tasks", Permissions.Read, 3))
            .Navigation(new("tickets", "ticketing.nav.follow-ups", "/tickets/follow-ups", Permissions.Read, 4))
            .Navigation(new("tickets", "ticketing.handover", "/tickets/handover", Permissions.HandOver, 5))
            .Navigation(new("tickets", "ticketing.nav.playbooks", "/tickets/playbooks", Permissions.Playbooks, 6))
            .Navigation(new("admin", "ticketing.places.title", "/admin/places", Permissions.Places, 60))
            .Navigation(new("admin", "ticketing.types.title", "/admin/incident-types", Permissions.Types, 61))
            .Navigation(new("tickets", "ticketing.nav.templates", "/tickets/templates", Permissions.Open, 7))
            .Navigation(new("tickets", "ticketing.nav.acts", "/tickets/acts", Permissions.Edit, 9));
        builder.Services
            .AddSingleton<IncidentClocks>()
            .AddSingleton<IncidentWatch>()
            .AddHostedService<IncidentListener>()
            .AddSingleton<LocalTypes>()
            .AddHostedService<LocalTypesReader>()
            .AddSingleton<LocalPlaces>()
            .AddSingleton<LookupBell>()
            .AddSingleton<RdapBootstrap>()
            .AddSingleton<RdapClient>()
            .AddSingleton<DnsAsker>()
            .AddHostedService<LookupWorker>()
            .AddScoped<IncidentOpening>()
            .AddScoped<NewReport>()
            .AddScoped<NoticeText>()
            .AddScoped<LetterText>()
            .AddScoped<WriteLetter>()
            .AddScoped<Addressees>()
            .AddScoped<StoreLetters>()
            .AddScoped<FillMailings>()
            .AddScoped<NoteRun>()
            .AddScoped<SendMailing>()
            .AddScoped<PrintIncident>()
            .AddSingleton<EvidenceVault>()
            .AddSingleton<PackEvidence>()
            .AddSingleton<ArchiveTurn>()
            .AddScoped<ReadMembers>()
            .AddScoped<KeepFromMail>()
            .AddScoped<CollectFiles>()
            .AddScoped<HeldFiles>()
            .AddScoped<IFigures, TicketingFigures>()
            .AddScoped<IOwnWork, OwnIncidents>()
            .AddScoped<IOwnWork, OwnTasks>()
            .AddScoped<IOwnWork, OwnHandovers>()
            .AddScoped<IThings, TicketThings>()
            .AddScoped<IReportParts, TicketingReport>();
        TicketingApi.Describe(builder);
    }
}
