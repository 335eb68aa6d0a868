using System.Diagnostics;
using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Tests.Browser.Ui;
using Appliance.Tests.Case;
using Microsoft.Playwright;
using Xunit;

namespace Appliance.Tests.Plugins;

/// <summary>The sample plug-in of the documents: built against the program outside the solution, signed, installed, started and clicked; and refused as soon as a byte of it is another.</summary>
public sealed class PluginTests
{
    private static readonly Dictionary<string, string?> s_on = new() { ["kernel__plainLoopback"] = "true", ["plugins__enabled"] = "true" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sample_is_built_signed_installed_started_and_clicked_and_refused_when_changed()
    {
        var work = Directory.CreateTempSubdirectory("cirt-plugin-").FullName;
        try
        {
            await using var host = await HostProcess.StartAsync(s_on);
            await SayAsync(host, 0, "demo", "people");
            var place = await BuildAsync(work);
            var key = Path.Combine(work, "publisher.pem");
            await SayAsync(host, 0, "plugin", "keygen", key);
            await SayAsync(host, 0, "plugin", "sign", place, key, "--id", "visitors", "--version", "1.0", "--assembly", "Visitors.dll");

            // Signed by somebody is not enough: by whom it must be is pinned first.
            Assert.Contains("no pinned key", await SayAsync(host, 1, "plugin", "install", place), StringComparison.Ordinal);
            await SayAsync(host, 0, "plugin", "trust", key + ".pub");
            await SayAsync(host, 0, "plugin", "install", place);
            await RestartAsync(host);
            await ClickAsync(host);
            await RefusedAsync(host);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static async Task ClickAsync(HostProcess host)
    {
        await using var session = await CaseStage.SignInAsync(host, "lee");
        await session.KeepingAsync(async () =>
        {
            var page = session.Page;
            await ConsoleHost.GoAsync(page, "/directory/constituents");
            await page.ClickAsync("#rail a[href='/visitors']");
            await page.WaitForURLAsync("**/visitors");
            await ConsoleHost.ReadyAsync(page);
            await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Visitors");
            await page.FillAsync("#visitor-name", "<b>Boris</b>");
            await page.Locator("main button", new() { HasText = "Note visit" }).ClickAsync();
            await Assertions.Expect(page.Locator("#visits tbody tr bdi")).ToHaveTextAsync("<b>Boris</b>");
            await session.PictureAsync("plugin-visitors-en");
            await ConsoleHost.GoAsync(page, "/admin/health");
            await Assertions.Expect(page.Locator("main")).ToContainTextAsync("visitors 1.0");
            await ConsoleHost.GoAsync(page, "/admin/jobs");
            await Assertions.Expect(page.Locator("main")).ToContainTextAsync("visitors/send-home");
            await ConsoleHost.GoAsync(page, "/admin/roles?tab=who&right=visitors.visit.write");
            await Assertions.Expect(page.Locator("#who-may")).ToContainTextAsync("Lee Wei");
            Assert.Empty(session.Faults);
        }, host);

        // The same over the API, with the plug-in's own right; a person without it is refused.
        using var http = new HttpClient();
        DemoApi Api(string name) => new(http, host.Http, DemoPeople.Load(new DataFolder(host.Data))!.Single(p => p.Name == name).Token);
        // Tokens of the sample country were issued before the plug-in came: they hold none of its rights.
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => Api("lee").GetAsync("visitors/visits", Cancel));
        Assert.Contains("visitors.visit.read", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, await CaseStage.CountAsync(host, "select count(*) from visitors.visits"));
        Assert.Equal(1, await CaseStage.CountAsync(host, "select count(*) from audit.entries where action = 'visitors.visit.noted'"));
    }

    /// <summary>One byte more, one file more, one key less: the host starts without it and says why.</summary>
    private static async Task RefusedAsync(HostProcess host)
    {
        var installed = Path.Combine(host.Data, "plugins", "visitors");
        var assembly = Path.Combine(installed, "Visitors.dll");
        var bytes = await File.ReadAllBytesAsync(assembly, Cancel);
        await File.WriteAllBytesAsync(assembly, [.. bytes, 0], Cancel);
        Assert.Contains("Visitors.dll is not the file that was signed", await HealthAsync(host), StringComparison.Ordinal);
        await File.WriteAllBytesAsync(assembly, bytes, Cancel);

        var extra = Path.Combine(installed, "Extra.dll");
        await File.WriteAllBytesAsync(extra, bytes, Cancel);
        Assert.Contains("Extra.dll", await SayAsync(host, 0, "plugin", "list"), StringComparison.Ordinal);
        File.Delete(extra);

        File.SetUnixFileMode(assembly, File.GetUnixFileMode(assembly) | UnixFileMode.OtherWrite);
        Assert.Contains("may be written by others", await SayAsync(host, 0, "plugin", "list"), StringComparison.Ordinal);
        File.SetUnixFileMode(assembly, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Assert.Contains("1.0, signed by", await SayAsync(host, 0, "plugin", "list"), StringComparison.Ordinal);

        await File.AppendAllTextAsync(Path.Combine(installed, "manifest.json"), " ", Cancel);
        Assert.Contains("no pinned key", await SayAsync(host, 0, "plugin", "list"), StringComparison.Ordinal);
        await SayAsync(host, 0, "plugin", "remove", "visitors");
        Assert.False(Directory.Exists(installed));
    }

    private static async Task<string> HealthAsync(HostProcess host)
    {
        await host.StopAsync();
        await host.StartAgainAsync();
        await using var session = await CaseStage.SignInAsync(host, "lee");
        await ConsoleHost.GoAsync(session.Page, "/admin/health");
        var said = await session.Page.Locator("main").InnerTextAsync();
        await ConsoleHost.GoAsync(session.Page, "/directory/constituents");
        Assert.Equal(0, await session.Page.Locator("#rail a[href='/visitors']").CountAsync());
        return said;
    }

    private static async Task RestartAsync(HostProcess host)
    {
        await host.StopAsync();
        var (code, output) = await CirtProcess.RunAsync(["migrate"], new Dictionary<string, string?> { ["CIRT_DATA"] = host.Data, ["CIRT_DATABASE"] = host.Database, ["CIRT_plugins__enabled"] = "true" });
        Assert.True(code == 0, output);
        await host.StartAgainAsync();
    }

    private static async Task<string> SayAsync(HostProcess host, int expected, params string[] words)
    {
        var (code, output) = await host.RunAsync(words);
        Assert.True(code == expected, $"{string.Join(' ', words)} ended with {code}: {output}");
        return output;
    }

    /// <summary>Copies the sample away from the solution, so that nothing of it leaks in, and builds it against the program.</summary>
    private static async Task<string> BuildAsync(string work)
    {
        var source = Checkout.At("docs", "samples", "visitors");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal)))
        {
            var target = Path.Combine(work, "source", Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        foreach (var file in new[] { "global.json", "nuget.config" })
            File.Copy(Checkout.At(file), Path.Combine(work, "source", file));
        var output = Path.Combine(work, "out");
        var start = new ProcessStartInfo("dotnet", ["build", "visitors.csproj", "-c", "Release", "-o", output, $"-p:Cirt={Path.GetDirectoryName(Checkout.Cirt)}", "-v", "q", "-nologo", "-nodeReuse:false"])
        {
            WorkingDirectory = Path.Combine(work, "source"), RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var build = Process.Start(start)!;
        var said = await build.StandardOutput.ReadToEndAsync(Cancel);
        await build.WaitForExitAsync(Cancel);
        Assert.True(build.ExitCode == 0, said);
        var place = Directory.CreateDirectory(Path.Combine(work, "plugin")).FullName;
        File.Copy(Path.Combine(output, "Visitors.dll"), Path.Combine(place, "Visitors.dll"));
        return place;
    }
}
