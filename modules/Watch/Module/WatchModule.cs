using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Watch.Advisories;
using Appliance.Watch.Desk;
using Appliance.Watch.Feeds;
using Appliance.Watch.Figures;
using Appliance.Watch.Notify;
using Appliance.Watch.Reporting;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Watch;

/// <summary>Watch and warning: sources in, the desk, advisories out. This file is the table of contents.</summary>
public sealed class WatchModule : IModule
{
    /// <inheritdoc/>
    public string Id => "watch";

    /// <inheritdoc/>
    public IReadOnlyList<string> Requires => ["directory"];

    /// <inheritdoc/>
    public void Describe(IModuleBuilder builder)
    {
        builder
            .Options<WatchOptions>(WatchOptions.Faults)
            .Permission(Permissions.ReadItems, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.DecideItems, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.ManageFeeds, Role.Manager, Role.Analyst, Role.Provisioner)
            .Permission(Permissions.ReadAdvisories, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.WriteAdvisories, Role.Manager, Role.Analyst)
            .Permission(Permissions.ApproveAdvisories, Role.Manager, Role.Analyst)
            .Permission(Permissions.PublishAdvisories, Role.Manager, Role.Analyst)
            .Permission(Permissions.ManageSubscribers, Role.Manager, Role.Analyst)
            .Publishes<AdvisoryPublished>()
            .Subscribes<WarningReceived, WarningOnDesk>("warning-on-desk")
            .Subscribes<MailStateChanged, DeliveryOnMailState>("delivery-state")
            .Subscribes<ShareAcknowledged, AcknowledgementOnShare>("acknowledgement")
            .Job<FetchFeedsJob>("fetch-feeds", JobSchedule.Each(TimeSpan.FromSeconds(30)))
            .Search<ItemSearch>()
            .Search<AdvisorySearch>()
            .AppendOnly("watch.advisory_revisions")
            .Pages("Appliance.Watch.Pages")
            .Navigation(new("watch", "watch.nav.desk", "/watch", Permissions.ReadItems, 0, "watch"))
            .Navigation(new("watch", "watch.nav.advisories", "/watch/advisories", Permissions.ReadAdvisories, 1))
            .Navigation(new("watch", "watch.nav.feeds", "/watch/feeds", Permissions.ReadItems, 2))
            .Navigation(new("watch", "watch.nav.subscribers", "/watch/subscribers", Permissions.ReadAdvisories, 3));
        DescribeRetention(builder);
        WatchApi.Describe(builder);
        builder.Services
            .AddScoped<FeedDownload>()
            .AddScoped<FetchFeed>()
            .AddScoped<ItemMatcher>()
            .AddScoped<TakeItems>()
            .AddScoped<Recipients>()
            .AddSingleton<AdvisoryText>()
            .AddSingleton<AdvisoryMail>()
            .AddScoped<IFigures, WatchFigures>()
            .AddScoped<IOwnWork, OwnAdvisories>()
            .AddScoped<IThings, AdvisoryThings>()
            .AddScoped<IReportParts, WatchReport>();
    }

    private static void DescribeRetention(IModuleBuilder builder) => builder
        .Retention(new("watch.items", 365, "delete from watch.items where id in (select id /* -- every row: age decides, whoever may read it */ from watch.items where received_at < @before and state in ('new', 'ignored') limit 2000)"))
        .Retention(new("watch.fetches", 90, "delete from watch.fetches where id in (select id from watch.fetches where at < @before limit 2000)"))
        .Retention(new("watch.raw_documents", 90, "delete from watch.raw_documents where sha256 in (select sha256 from watch.raw_documents where stored_at < @before limit 500)"));
}
