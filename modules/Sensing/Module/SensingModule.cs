using Appliance.Contracts;
using Appliance.Kernel.Disk;
using Appliance.Kernel.Health.Acceptance;
using Appliance.Kernel.Modules;
using Appliance.Sensing.Alerts;
using Appliance.Sensing.Captures;
using Appliance.Sensing.Events;
using Appliance.Sensing.Filter;
using Appliance.Sensing.Inbox;
using Appliance.Sensing.Intake;
using Appliance.Sensing.Packets;
using Appliance.Sensing.Pipeline;
using Appliance.Sensing.Reporting;
using Appliance.Sensing.Rules;
using Appliance.Sensing.Sensors;
using Appliance.Sensing.Triage;
using Appliance.Sensing.Verbs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Appliance.Sensing;

/// <summary>EVE records in, triage, rule sets, sensors: everything that Sensing adds to the product.</summary>
public sealed class SensingModule : IModule
{
    /// <inheritdoc/>
    public string Id => "sensing";

    /// <inheritdoc/>
    public void Describe(IModuleBuilder builder)
    {
        builder.Options<SensingOptions>(static o => o.Faults());
        Services(builder.Services);
        builder
            .Permission(Permissions.Read, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.Triage, Role.Manager, Role.Analyst, Role.Operator)
            .Permission(Permissions.Rules, Role.Administrator, Role.Manager, Role.Analyst, Role.Provisioner)
            .Permission(Permissions.Sensors, Role.Administrator, Role.Analyst, Role.Provisioner)
            .Permission(Permissions.Look, Role.Administrator, Role.Manager, Role.Analyst, Role.Operator, Role.Auditor, Role.Provisioner)
            .Permission(Permissions.Captures, Role.Administrator, Role.Manager, Role.Analyst, Role.Provisioner)
            .Publishes<AlertEscalated>()
            .Subscribes<IncidentOpened, IncidentOpenedHandler>("incident-opened")
            .Subscribes<IncidentClosed, IncidentClosedHandler>("incident-closed")
            .Subscribes<IndicatorReceived, IndicatorReceivedHandler>("indicator-received")
            .Subscribes<AdvisoryPublished, AdvisoryIndicators>("advisory-indicators")
            .Bulk<CloseMany>("close")
            .Bulk<SnoozeMany>("snooze")
            .Bulk<AssignMany>("assign")
            .Answers<ListeningAnswers>()
            .Answers<RuleAnswers>()
            .Worker<IntakeWorker>()
            .Worker<Upkeep>();
        Faces(builder);
        builder
            .Health<HeartbeatProbe>()
            .Health<CarriedProbe>()
            .Health<IntakeProbe>()
            .Health<DropsProbe>()
            .Health<RulesProbe>()
            .Search<SensingSearch>()
            .Verb<ReplayVerb>()
            .Verb<RulesVerb>()
            .Retention(new("sensing.alerts", 365, "-- every row: retention\ndelete from sensing.alerts where id in (select id from sensing.alerts where received_at < @before order by id limit 5000)"))
            .Retention(new("sensing.alert_groups", 365, "-- every row: retention\ndelete from sensing.alert_groups where id in (select id from sensing.alert_groups where last_received < @before and state = 'closed' limit 2000)"))
            .Retention(new("sensing.rejects", 30, "-- every row: retention\ndelete from sensing.rejects where id in (select id from sensing.rejects where received_at < @before order by id limit 2000)"))
            .Retention(new("sensing.sensor_answers", 90, "delete from sensing.sensor_answers where id in (select id from sensing.sensor_answers where at < @before order by id limit 5000)"))
            .Retention(new("sensing.sensor_spans", 30, "delete from sensing.sensor_spans where at < @before"))
            .Retention(new("sensing.auto_close_rules", 365, "delete from sensing.auto_close_rules where coalesce(removed_at, expires_at) < @before"))
            .Retention(new("sensing.indicators", 365, "delete from sensing.indicators where coalesce(ended_at, valid_until, received_at) < @before"))
            .Retention(new("sensing.extracts", 30, "-- every row: retention\ndelete from sensing.extracts where id in (select id from sensing.extracts where asked_at < @before order by asked_at limit 2000)"))
            .Retention(new("sensing.rule_changes", 365, "delete from sensing.rule_changes where id in (select id from sensing.rule_changes where at < @before order by at limit 2000)"));
    }

    private static void Services(IServiceCollection services)
    {
        services
            .AddSingleton<SensorFolders>()
            .AddSingleton<IDiskPlaces>(s => s.GetRequiredService<SensorFolders>())
            .AddSingleton<SensorStates>()
            .AddSingleton<SensingBell>()
            .AddSingleton<Exercises>()
            .AddSingleton<Hours>()
            .AddSingleton<CaptureJobs>()
            .AddSingleton<UploadFolder>()
            .AddSingleton<UploadTurns>()
            .AddSingleton<SensorOrders>()
            .AddSingleton<SilenceWatch>()
            .AddSingleton<GenerationWriter>()
            .AddSingleton<RuleChecker>()
            .AddSingleton<RuleFetcher>()
            .AddSingleton<Expiry>()
            .AddSingleton<UpkeepParts>()
            .AddSingleton<IAcceptanceCheck, PacketRateCheck>()
            .AddScoped<StartSelfTest>()
            .AddScoped<ReceiveUpload>()
            .AddScoped<IFigures, SensingFigures>()
            .AddScoped<IOwnWork, OwnAlerts>()
            .AddScoped<IThings, SensingThings>()
            .AddScoped<IReportParts, SensingReport>();
        services.TryAddSingleton(TimeProvider.System);
    }

    private static void Faces(IModuleBuilder builder) => builder
        .Pages("Appliance.Sensing.Pages")
        .Navigation(new("sense", "sensing.nav.inbox", "/sense/inbox", Permissions.Read, 10, "inbox"))
        .Navigation(new("sense", "sensing.nav.events", "/sense/events", Permissions.Read, 20))
        .Navigation(new("sense", "sensing.nav.assets", "/sense/assets", Permissions.Read, 25))
        .Navigation(new("sense", "sensing.nav.rules", "/sense/rules", Permissions.Look, 30))
        .Navigation(new("sense", "sensing.nav.sensors", "/sense/sensors", Permissions.Look, 40))
        .Navigation(new("sense", "sensing.nav.captures", "/sense/captures", Permissions.Look, 50))
        .Navigation(new("sense", "sensing.nav.data", "/sense/data", Permissions.Look, 60))
        .Endpoint("GET", "groups", Permissions.Read, SensingApi.ListAsync)
        .Endpoint("GET", "groups.csv", Permissions.Read, ExportGroups.CsvAsync)
        .Endpoint("GET", "groups.json", Permissions.Read, ExportGroups.JsonAsync)
        .Endpoint("GET", "groups/hints", Permissions.Read, HintEndpoints.OfGroupsAsync)
        .Endpoint("GET", "groups/{id:guid}", Permissions.Read, SensingApi.ShowAsync)
        .Endpoint("POST", "groups/escalate", Permissions.Triage, SensingApi.EscalateAsync)
        .Example(new { ids = new[] { "0198c7a0-0000-7000-8000-000000000001" } })
        .Endpoint("POST", "groups/close", Permissions.Triage, SensingApi.CloseAsync)
        .Example(new { ids = new[] { "0198c7a0-0000-7000-8000-000000000001" }, verdict = "benign", reason = "The scanner of the ministry itself." })
        .Endpoint("POST", "groups/snooze", Permissions.Triage, SensingApi.SnoozeAsync)
        .Example(new { ids = new[] { "0198c7a0-0000-7000-8000-000000000001" }, hours = 8 })
        .Endpoint("POST", "groups/assign", Permissions.Triage, SensingApi.AssignAsync)
        .Example(new { ids = new[] { "0198c7a0-0000-7000-8000-000000000001" }, to = "0198c7a0-0000-7000-8000-000000000002" })
        .Endpoint("POST", "groups/reopen", Permissions.Triage, SensingApi.ReopenAsync)
        .Example(new { ids = new[] { "0198c7a0-0000-7000-8000-000000000001" } })
        .Endpoint("GET", "events", Permissions.Read, SensingApi.EventsAsync)
        .Endpoint("GET", "events.csv", Permissions.Read, ExportEvents.CsvAsync)
        .Endpoint("GET", "events.json", Permissions.Read, ExportEvents.JsonAsync)
        .Endpoint("GET", "events/hints", Permissions.Read, HintEndpoints.OfEventsAsync)
        .Endpoint("GET", "rules/hints", Permissions.Look, HintEndpoints.OfRulesAsync)
        .Endpoint("GET", "packets/{id:guid}", Permissions.Read, PacketDownload.SendAsync)
        .Endpoint("GET", "sensors", Permissions.Look, SensingApi.SensorsAsync)
        .Endpoint("GET", "sensors/{id:int}", Permissions.Look, SensorEndpoints.ShowAsync)
        .Endpoint("POST", "sensors/{id:int}/restart", Permissions.Sensors, SensorEndpoints.RestartAsync)
        .Endpoint("POST", "sensors/{id:int}/generation", Permissions.Sensors, SensorEndpoints.SendAsync)
        .Endpoint("GET", "captures", Permissions.Look, SensingApi.CapturesAsync)
        .Endpoint("POST", "captures", Permissions.Captures, CaptureEndpoints.TakeAsync)
        .Endpoint("GET", "captures/uploads", Permissions.Captures, UploadEndpoints.ListAsync)
        .Endpoint("POST", "captures/uploads", Permissions.Captures, UploadEndpoints.BeginAsync)
        .Endpoint("HEAD", "captures/uploads/{id:guid}", Permissions.Captures, UploadEndpoints.LookAsync)
        .Endpoint("PATCH", "captures/uploads/{id:guid}", Permissions.Captures, UploadEndpoints.AppendAsync)
        .Endpoint("DELETE", "captures/uploads/{id:guid}", Permissions.Captures, UploadEndpoints.DiscardAsync)
        .Endpoint("POST", "rules", Permissions.Rules, CaptureEndpoints.CarryRulesAsync)
        .Endpoint("POST", "self-test", Permissions.Captures, SensingApi.StartSelfTestAsync)
        .Example(new { exercise = true })
        .Endpoint("GET", "self-test", Permissions.Look, SensingApi.SelfTestAsync)
        .Endpoint("GET", "pipeline", Permissions.Look, SensingApi.PipelineAsync);
}
