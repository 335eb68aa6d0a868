using System.Globalization;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Directories;
using Appliance.Integration.Mail;
using Appliance.Kernel.Data;
using Appliance.Kernel.Mail;
using Appliance.Tests;
using Appliance.Ticketing;
using Appliance.Ticketing.Incidents;
using Appliance.Ticketing.Reports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Xunit;

namespace Appliance.Integration.Ticketing;

/// <summary>Directory and ticketing over a real database, with a maildir, the confined parser and a mail program that keeps what it is given.</summary>
internal sealed class TicketingDesk : IAsyncDisposable
{
    private readonly string _data = System.IO.Directory.CreateTempSubdirectory("cirt-data-").FullName;
    private readonly string _maildir = System.IO.Directory.CreateTempSubdirectory("cirt-maildir-").FullName;
    private int _mails;

    private TicketingDesk()
    {
    }

    public DataFolder Data { get; private set; } = null!;

    public MailCatch Program { get; } = new();

    public TestModules Modules { get; private set; } = null!;

    public Viewer Analyst { get; private set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="settings">Configuration instead of the usual one.</param>
    /// <param name="data">Data folder; null for one of its own.</param>
    public static async Task<TicketingDesk> StartAsync(IReadOnlyDictionary<string, string?>? settings = null, string? data = null)
    {
        var desk = new TicketingDesk();
        desk.Data = new(data ?? desk._data);
        var options = new MailOptions { From = "cirt@cirt.example", Sendmail = desk.Program.Sendmail, Maildir = desk._maildir, Parser = Checkout.Cirt, ParserProcesses = 1 };
        desk.Modules = await TestModules.StartAsync(
            [new DirectoryModule(), new TicketingModule()],
            services => services.AddSingleton<IOptionsMonitor<MailOptions>>(new OutgoingMailTests.Fixed(options)).AddSingleton<IText>(new ModuleWords()).AddSingleton(desk.Data),
            settings ?? new Dictionary<string, string?> { ["ticketing:recallSeconds"] = "0" });
        System.IO.Directory.CreateDirectory(Path.Combine(desk._maildir, "new"));
        desk.Analyst = desk.Modules.Person("Ana", Role.Analyst);
        return desk;
    }

    public T Get<T>()
        where T : notnull => Modules.Services.GetRequiredService<T>();

    /// <summary>The handler in a scope of its own, as a request of its own would have it.</summary>
    public async Task<TAnswer> InScopeAsync<T, TAnswer>(Func<T, Task<TAnswer>> act)
        where T : notnull
    {
        await using var scope = Modules.Services.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
        return await act(scope.ServiceProvider.GetRequiredService<T>());
    }

    public async Task<IncidentRef> OpenAsync(string title, params Observable[] traces) => await OpenAsync(new IncidentFields { Title = title }, traces);

    public async Task<IncidentRef> OpenAsync(IncidentFields fields, params Observable[] traces) => (await Get<OpenIncident>().RunAsync(Analyst, new(fields, traces), Cancel)).Value;

    public async Task<IncidentSheet> ShowAsync(string number) => (await Get<ShowIncident>().RunAsync(Analyst, number, Cancel)).Value;

    public async Task<IReadOnlyList<ReportLine>> ReportsAsync(string state = "new") => (await Get<ListReports>().RunAsync(Analyst, new(state), Cancel)).Value.Items;

    /// <summary>A report by telephone, with its traces.</summary>
    public async Task<Guid> ReportAsync(string subject, string sender, params Observable[] traces) =>
        (await Get<TakeReport>().RunAsync(Analyst, new("phone", sender, "", subject, "", traces), Cancel)).Value;

    public async Task ReceiveAsync(string raw)
    {
        await File.WriteAllTextAsync(Path.Combine(_maildir, "new", $"{++_mails}"), raw, Cancel);
        await ActivatorUtilities.CreateInstance<MaildirReceiver>(Modules.Services, NullLogger<MaildirReceiver>.Instance).TakeAllAsync(_maildir, Cancel);
        while (await Get<MailReading>().ReadOneAsync(Cancel))
        {
        }
        await Modules.DeliverAsync();
        Assert.Empty(await Modules.Database.QueryAsync<string>("select reason from kernel.outbox_deliveries where reason is not null", null, Cancel));
    }

    public async Task SendAllAsync()
    {
        await Modules.DeliverAsync();
        while (await ActivatorUtilities.CreateInstance<MailSender>(Modules.Services, NullLogger<MailSender>.Instance).SendOneAsync(Cancel))
        {
        }
        await Modules.DeliverAsync();
    }

    /// <summary>A colleague with an account.</summary>
    public async Task<Viewer> ColleagueAsync(string name, Tlp readsUpTo = Tlp.AmberStrict)
    {
        var viewer = Modules.Person(name, Role.Analyst) with { ReadsUpTo = readsUpTo };
        await using var owner = NpgsqlDataSource.Create(Modules.Owner);
        await using var command = owner.CreateCommand(
            """
            insert into identity.users (id, name, normal_name, display_name, mail, normal_mail, security_stamp, state, reads_up_to, language, created_at)
            values ($1, $2, upper($2), $2, '', '', 'x', 'active', $3, 'en', now())
            """);
        command.Parameters.AddWithValue(viewer.Id.Value);
        command.Parameters.AddWithValue(name);
        command.Parameters.AddWithValue((short)readsUpTo);
        await command.ExecuteNonQueryAsync(Cancel);
        await using var role = owner.CreateCommand("insert into identity.user_roles (user_id, role) values ($1, 'analyst')");
        role.Parameters.AddWithValue(viewer.Id.Value);
        await role.ExecuteNonQueryAsync(Cancel);
        return viewer;
    }

    public async ValueTask DisposeAsync()
    {
        await Modules.DisposeAsync();
        Program.Dispose();
        System.IO.Directory.Delete(_maildir, recursive: true);
        System.IO.Directory.Delete(_data, recursive: true);
    }

    /// <summary>The module's own texts, read from its assembly.</summary>
    private sealed class ModuleWords : IText
    {
        public string this[string key, params object?[] arguments] => In(CultureInfo.GetCultureInfo("en"), key, arguments);

        public string In(CultureInfo language, string key, params object?[] arguments)
        {
            using var file = typeof(TicketingModule).Assembly.GetManifestResourceStream($"Appliance.Ticketing.Text.{language.TwoLetterISOLanguageName}.json")!;
            return string.Format(language, JsonSerializer.Deserialize<Dictionary<string, string>>(file)![key], arguments);
        }

        public bool Has(string key) => true;
    }
}
