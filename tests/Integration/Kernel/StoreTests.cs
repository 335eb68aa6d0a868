using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Data;
using Appliance.Kernel.Files;
using Appliance.Kernel.Settings;
using Appliance.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace Appliance.Integration.Kernel;

public sealed class StoreTests : IAsyncLifetime
{
    private readonly MovedTime _time = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("cirt-files-").FullName;
    private TestModules _modules = null!;
    private Viewer _ana = null!;
    private Viewer _ada = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FileStore Files => _modules.Services.GetRequiredService<FileStore>();

    public async ValueTask InitializeAsync()
    {
        _modules = await TestModules.StartAsync([new ProbeModule()], s => s.Replace(ServiceDescriptor.Singleton<TimeProvider>(_time)).RemoveAll<DataFolder>().AddSingleton(new DataFolder(_folder)));
        _ana = _modules.Person("Ana", Role.Analyst);
        _ada = _modules.Person("Ada", Role.Administrator);
    }

    public async ValueTask DisposeAsync()
    {
        await _modules.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Same_content_is_kept_once_and_leaves_a_day_after_its_last_owner()
    {
        var first = await PutAsync("same bytes");
        var second = await PutAsync("same bytes");
        Assert.Equal(first.Sha256, second.Sha256);
        await OwnAsync(first, "incident/1", "../a.txt");
        await OwnAsync(first, "incident/2", "b.txt");
        Assert.Equal("a.txt", Assert.Single(await Files.OwnedByAsync("incident/1", Cancel)).Name);

        _time.Move(TimeSpan.FromDays(3));
        Assert.Equal(0, await Files.SweepAsync(Cancel));
        await DisownAsync("incident/1");
        Assert.Equal(0, await Files.SweepAsync(Cancel));
        await DisownAsync("incident/2");
        Assert.Equal(1, await Files.SweepAsync(Cancel));
        Assert.Null(Files.Open(first.Sha256));
        Assert.Null(await Files.FindAsync(first.Sha256, Cancel));
    }

    [Fact]
    public async Task Content_put_again_is_safe_from_the_sweep()
    {
        await PutAsync("again");
        _time.Move(TimeSpan.FromDays(3));
        var file = await PutAsync("again");
        Assert.Equal(0, await Files.SweepAsync(Cancel));
        using var reader = new StreamReader(Files.Open(file.Sha256)!);
        Assert.Equal("again", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task File_beyond_the_limit_is_refused_while_it_comes_and_leaves_nothing()
    {
        using var endless = new Endless();
        var outcome = await Files.PutAsync(endless, "text/plain", 1024 * 1024, Cancel);
        Assert.Equal("kernel.file.large", outcome.Refusals[0].Key);
        Assert.True(endless.Given < 4 * 1024 * 1024);
        Assert.Empty(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("../../../../etc/passwd")]
    [InlineData("")]
    [InlineData("zz")]
    public async Task What_is_no_hash_is_no_file(string name)
    {
        Assert.Null(Files.Open(name));
        Assert.Null(await Files.FindAsync(name, Cancel));
        Assert.Throws<ArgumentException>(() => Files.PathOf(name));
    }

    [Fact]
    public async Task Drafts_are_each_persons_own_and_survive_what_a_keyboard_can_send()
    {
        var drafts = _modules.Services.GetRequiredService<IDrafts>();
        var text = "{\"note\":\"a'b\\\"; drop table x; -- \u0000 العربية 中文\"}";
        await drafts.SaveAsync(_ana, "/incidents/new#form", text, Cancel);
        await drafts.SaveAsync(_ana, "/incidents/new#form", text + "2", Cancel);
        Assert.Equal((text + "2").Replace("\0", "", StringComparison.Ordinal), await drafts.LoadAsync(_ana, "/incidents/new#form", Cancel));
        Assert.Null(await drafts.LoadAsync(_ada, "/incidents/new#form", Cancel));
        await drafts.DropAsync(_ana, "/incidents/new#form", Cancel);
        Assert.Null(await drafts.LoadAsync(_ana, "/incidents/new#form", Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => drafts.SaveAsync(_ana, "/x", new string('x', 1024 * 1024 + 1), Cancel));
    }

    [Fact]
    public async Task Setting_changes_through_an_act_by_who_may_and_is_read_at_once()
    {
        var settings = _modules.Services.GetRequiredService<ISettings>();
        var change = _modules.Services.GetRequiredService<ChangeSetting>();
        Assert.Null(await settings.FindAsync<string>(SettingKeys.OrganisationName, Cancel));
        Assert.Equal(RefusalKind.Forbidden, (await change.RunAsync(_ana, new(SettingKeys.OrganisationName, "x"), Cancel)).Refusals[0].Kind);
        Assert.True((await change.RunAsync(_ada, new(SettingKeys.OrganisationName, "CIRT of Exampleland"), Cancel)).Succeeded);
        Assert.Equal("CIRT of Exampleland", await settings.FindAsync<string>(SettingKeys.OrganisationName, Cancel));
        Assert.Null(await settings.FindAsync<int[]>(SettingKeys.OrganisationName, Cancel));
        Assert.Equal("kernel.setting.key", (await change.RunAsync(_ada, new("Not a key", 1), Cancel)).Refusals[0].Key);
        Assert.True((await change.RunAsync(_ada, new(SettingKeys.OrganisationName, null), Cancel)).Succeeded);
        Assert.Null(await settings.FindAsync<string>(SettingKeys.OrganisationName, Cancel));
        Assert.Equal(2, await _modules.Database.FindAsync<int>("select count(*)::int from audit.entries where action = 'kernel.setting.changed'", null, Cancel));
    }

    [Fact]
    public async Task Preferences_that_nobody_offers_become_the_first_ones()
    {
        var store = _modules.Services.GetRequiredService<PreferenceStore>();
        Assert.Equal(new Preferences(), await store.LoadAsync(_ana, Cancel));
        await store.SaveAsync(_ana, new("dark", "compact", "Asia/Kathmandu", Shortcuts: false), Cancel);
        Assert.Equal(new("dark", "compact", "Asia/Kathmandu", Shortcuts: false), await store.LoadAsync(_ana, Cancel));
        await store.SaveAsync(_ana, new("<script>", "x", "Nowhere/At_all"), Cancel);
        Assert.Equal(new Preferences(), await store.LoadAsync(_ana, Cancel));
        Assert.False(await store.SaveLanguageAsync(_ana, "xx", Cancel));
    }

    private async Task<StoredFile> PutAsync(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return (await Files.PutAsync(stream, "text/plain", null, Cancel)).Value;
    }

    private async Task OwnAsync(StoredFile file, string owner, string name)
    {
        await using var work = await _modules.Database.BeginAsync(_ana, Cancel);
        await Files.OwnAsync(work, file, owner, name, Cancel);
        await work.CommitAsync(Cancel);
    }

    private async Task DisownAsync(string owner)
    {
        await using var work = await _modules.Database.BeginAsync(_ana, Cancel);
        await Files.DisownAsync(work, owner, null, Cancel);
        await work.CommitAsync(Cancel);
    }

    private sealed class Endless : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => Given; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Given += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
