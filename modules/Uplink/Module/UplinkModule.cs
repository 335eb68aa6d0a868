using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Inbox;
using Appliance.Uplink.Peers;
using Appliance.Uplink.Pull;
using Appliance.Uplink.Reporting;
using Appliance.Uplink.Taxii;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Uplink;

/// <summary>Sharing with other nodes: the gate, the TAXII server and client, the quarantine. Its table of contents.</summary>
internal sealed class UplinkModule : IModule
{
    public string Id => "uplink";

    public void Describe(IModuleBuilder builder)
    {
        builder.Options<UplinkOptions>(UplinkOptions.Faults);

        builder.Services
            .AddSingleton<NodeStore>()
            .AddSingleton<Redaction>(s => new Redaction(s.GetService<IConstituency>()))
            .AddSingleton<ShareDrafts>()
            .AddSingleton<TakeIn>()
            .AddSingleton<CollectionWriter>()
            .AddSingleton<CollectionReader>()
            .AddSingleton<NotePulled>()
            .AddSingleton<TaxiiServer>()
            .AddSingleton<PeerSecrets>()
            .AddSingleton<HubEnrolment>()
            .AddSingleton<TaxiiClient>()
            .AddSingleton<Acknowledgements>()
            .AddSingleton<AcknowledgementsRead>()
            .AddSingleton<Receive>()
            .AddSingleton<PullPeer>()
            .AddSingleton<PostAcknowledgements>()
            .AddScoped<ApprovalDesk>()
            .AddScoped<IFigures, UplinkFigures>()
            .AddScoped<IOwnWork, OwnShares>()
            .AddScoped<IThings, ShareThings>()
            .AddScoped<IReportParts, UplinkReport>();

        builder
            .Permission(Permissions.ShareRead, Role.Manager, Role.Analyst, Role.Operator, Role.Auditor)
            .Permission(Permissions.SharePrepare, Role.Manager, Role.Analyst)
            .Permission(Permissions.ShareApprove, Role.Manager)
            .Permission(Permissions.PeerRead, Role.Manager, Role.Analyst, Role.Operator, Role.Auditor, Role.Administrator, Role.Provisioner)
            .Permission(Permissions.PeerManage, Role.Manager, Role.Administrator, Role.Provisioner)
            .Permission(Permissions.InboxRead, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.InboxAccept, Role.Manager, Role.Analyst)
            .Permission(Permissions.TaxiiRead, Role.Peer)
            .Permission(Permissions.TaxiiWrite, Role.Peer);

        builder
            .Subscribes<IncidentConfirmed, IncidentConfirmedHandler>("incident-confirmed")
            .Subscribes<AdvisoryPublished, AdvisoryPublishedHandler>("advisory-published")
            .Publishes<ShareAcknowledged>()
            .Publishes<IndicatorReceived>()
            .Publishes<WarningReceived>();

        builder
            .Answers<HubAnswers>()
            .Answers<PeerAnswers>();

        TaxiiEndpoints.Describe(builder);
        UplinkApi.Describe(builder);

        builder
            .Worker<ExchangeService>()
            .Search<ShareSearch>()
            .Health<PeerHealth>()
            .Health<QueueHealth>()
            .Retention(new("uplink.statuses", 7, "delete from uplink.statuses where requested_at < @before"))
            .Retention(new("uplink.received", 365, Retention))
            .Pages("Appliance.Uplink.Pages")
            .Navigation(new("share", "uplink.nav.outbox", "/share/outbox", Permissions.ShareRead, 10, "outbox"))
            .Navigation(new("share", "uplink.nav.inbox", "/share/inbox", Permissions.InboxRead, 20))
            .Navigation(new("share", "uplink.nav.peers", "/share/peers", Permissions.PeerRead, 30));
    }

    private const string Retention =
        """
        -- every row: all of them leave in time
        with old as (
            select id from uplink.received where received_at < @before order by received_at limit 2000
        ), told as (
            delete from uplink.acknowledgements where received_id in (select id from old)
        )
        delete from uplink.received where id in (select id from old)
        """;
}
