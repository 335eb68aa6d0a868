using System.Text;
using Appliance.Tests.Case;
using Microsoft.Playwright;

namespace Appliance.Tests.Browser.Ui;

/// <summary>Files let go over a drop zone, as a person with a mouse does it, over a slow link and a broken one.</summary>
public sealed class FileDropTests
{
    private static readonly LocatorAssertionsToBeVisibleOptions s_soon = new() { Timeout = 60_000 };

    /// <summary>Lets files go over the zone, as the browser reports it.</summary>
    private const string Drop =
        """
        ({ zone, files }) => {
          const data = new DataTransfer();
          for (const { name, type, base64 } of files) data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
          const root = document.querySelector(zone);
          const say = (event) => root.dispatchEvent(new DragEvent(event, { dataTransfer: data, bubbles: true, cancelable: true }));
          say('dragover');
          const invited = 'over' in root.dataset;
          say('drop');
          return invited && !('over' in root.dataset);
        }
        """;

    [Fact]
    public async Task A_dropped_capture_travels_with_progress_and_is_replayed()
    {
        await using var host = await HostAsync();
        await using var session = await CaseStage.SignInAsync(host, "amina");
        var page = session.Page;
        await OpenAsync(page, "/sense/captures");
        await SlowAsync(page);

        Assert.True(await DropAsync(page, ("sample-case.pcap", await PaddedCaptureAsync())));

        var bar = page.Locator(".drop-files progress");
        await Assertions.Expect(bar).ToBeVisibleAsync();
        await page.WaitForFunctionAsync("() => { const bar = document.querySelector('.drop-files progress'); return bar && bar.value > 0 && bar.value < bar.max; }");
        await session.PictureAsync("drop-progress-en");
        await Assertions.Expect(page.Locator(".drop-files .good")).ToHaveTextAsync("Received", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "sample-case.pcap" })).ToBeVisibleAsync(s_soon);
        Assert.True(session.Faults.Count == 0, string.Join('\n', session.Faults));
    }

    [Fact]
    public async Task A_cancelled_upload_says_so_and_leaves_nothing()
    {
        await using var host = await HostAsync();
        await using var session = await CaseStage.SignInAsync(host, "amina");
        var page = session.Page;
        await OpenAsync(page, "/sense/captures");
        await SlowAsync(page);

        await DropAsync(page, ("sample-case.pcap", await PaddedCaptureAsync()));
        await page.Locator(".drop-files button").ClickAsync();

        await Assertions.Expect(page.Locator(".drop-files .bad")).ToHaveTextAsync("Cancelled");
        Assert.Equal(0, await CaseStage.CountAsync(host, "select count(*) from sensing.captures"));
    }

    [Fact]
    public async Task What_cannot_be_taken_is_refused_by_name_and_reason()
    {
        await using var host = await HostAsync();
        await using var session = await CaseStage.SignInAsync(host, "lee");
        var page = session.Page;
        await OpenAsync(page, "/sense/captures");
        var asked = 0;
        page.Request += (_, request) => asked += request.Method == "POST" && request.Url.Contains("/sensing/captures", StringComparison.Ordinal) ? 1 : 0;

        await DropAsync(page, ("big.pcap", new byte[3 << 19]));
        await DropAsync(page, ("notes.docx", [1, 2, 3]));

        await Assertions.Expect(Line(page, "big.pcap")).ToContainTextAsync("1.5 MiB, at most 1 MiB");
        await Assertions.Expect(Line(page, "notes.docx")).ToContainTextAsync(".pcap .pcapng .cap");
        Assert.Equal(0, asked);

        // The name promises what the bytes do not hold: the host looks at them and says so.
        await DropAsync(page, ("fake.pcap", Encoding.UTF8.GetBytes(new string('x', 100))));
        await Assertions.Expect(Line(page, "fake.pcap")).ToContainTextAsync("fake.pcap is no capture");
        await session.PictureAsync("drop-refused-en");

        await OpenAsync(page, "/sense/rules");
        await DropAsync(page, ("one.rules", [1]), ("two.rules", [2]));
        await Assertions.Expect(Line(page, "one.rules, two.rules")).ToContainTextAsync("one file at a time");
    }

    [Fact]
    public async Task An_upload_outlives_a_lost_circuit_and_the_page_hears_of_it_afterwards()
    {
        await using var host = await HostAsync();
        await using var session = await CaseStage.SignInAsync(host, "amina");
        var page = session.Page;
        IWebSocketRoute? socket = null;
        var cut = false;
        await page.RouteWebSocketAsync("**/_blazor**", route =>
        {
            socket = route;
            if (cut)
                _ = route.CloseAsync(new() { Code = 3001 });
            else
                route.ConnectToServer();
        });
        // Nor by any other way than the socket.
        await page.RouteAsync("**/_blazor**", route => cut ? route.AbortAsync() : route.ContinueAsync());
        await OpenAsync(page, "/sense/captures");
        await page.EvaluateAsync("() => { window.before = true; }");
        await SlowAsync(page);
        await DropAsync(page, ("sample-case.pcap", await PaddedCaptureAsync()));
        await Assertions.Expect(page.Locator(".drop-files progress")).ToBeVisibleAsync();

        cut = true;
        await socket!.CloseAsync(new() { Code = 3001 });
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'lost'");
        await Assertions.Expect(page.Locator(".drop-files .good")).ToHaveTextAsync("Received", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "sample-case.pcap" })).ToHaveCountAsync(0);
        cut = false;

        await page.WaitForFunctionAsync("() => document.documentElement.dataset.circuit === 'up'", null, new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "sample-case.pcap" })).ToBeVisibleAsync(s_soon);
        Assert.True(await page.EvaluateAsync<bool>("() => window.before === true"), "the page was not loaded again");
    }

    [Fact]
    public async Task An_upload_goes_on_when_the_line_is_back_and_when_the_page_was_loaded_again()
    {
        await using var host = await HostAsync();
        await using var session = await CaseStage.SignInAsync(host, "amina");
        var page = session.Page;
        await OpenAsync(page, "/sense/captures");
        await SlowAsync(page);
        var capture = await PaddedCaptureAsync();
        await DropAsync(page, ("first.pcap", capture), ("second.pcap", capture));
        await Assertions.Expect(Line(page, "second.pcap")).ToContainTextAsync("Waiting for the one before");
        await UnderWayAsync(page);

        // The host is killed and comes again: the files arrive before the page is loaded anew.
        await host.KillAsync();
        await Assertions.Expect(Line(page, "first.pcap")).ToContainTextAsync("goes on by itself", new() { Timeout = 30_000 });
        await session.PictureAsync("upload-broken-en");
        await host.StartAgainAsync();
        await Assertions.Expect(Line(page, "first.pcap").Locator(".good")).ToHaveTextAsync("Received", new() { Timeout = 90_000 });
        await page.Locator("tbody tr", new() { HasText = "second.pcap" }).WaitForAsync(new() { Timeout = 90_000 });
        await page.Locator(".drop[data-listed]").WaitForAsync();

        // The page is loaded again in the middle: it is listed there, and the same file goes on.
        await SlowAsync(page);
        await DropAsync(page, ("third.pcap", capture));
        await UnderWayAsync(page);
        await page.ReloadAsync();
        await page.Locator(".drop[data-listed]").WaitForAsync();
        await Assertions.Expect(page.Locator(".drop-files li")).ToHaveCountAsync(1);
        await Assertions.Expect(Line(page, "third.pcap")).ToContainTextAsync("Choose the same file again");
        await session.PictureAsync("upload-unfinished-en");
        var came = new DirectoryInfo(Path.Combine(host.SensorFolder, "control", "captures")).GetFiles(".*.part").Single().Length;
        Assert.InRange(came, 1, capture.Length - 1);
        // Another file of the same name and length is another upload.
        var other = (byte[])capture.Clone();
        other[^1] ^= 1;
        await DropAsync(page, ("third.pcap", other));
        await Assertions.Expect(page.Locator(".drop-files li")).ToHaveCountAsync(2);
        await page.Locator(".drop-files li:not([data-unfinished]) button").ClickAsync();
        await DropAsync(page, ("third.pcap", capture));
        await Assertions.Expect(page.Locator(".drop-files .good")).ToHaveTextAsync("Received", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "third.pcap" })).ToHaveCountAsync(1);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(capture));
        Assert.Equal(3, await CaseStage.CountAsync(host, $"select count(*) from sensing.captures where sha256 = '{hash}'"));
        Assert.Empty(Directory.GetFiles(Path.Combine(host.SensorFolder, "control", "captures"), ".*.part"));
    }

    [Fact]
    public async Task An_unfinished_upload_can_be_discarded_in_the_readers_language()
    {
        await using var host = await HostAsync();
        await using var session = await CaseStage.SignInAsync(host, "amina", "ar");
        var page = session.Page;
        await OpenAsync(page, "/sense/captures");
        await SlowAsync(page);
        await DropAsync(page, ("sample-case.pcap", await PaddedCaptureAsync()));
        await UnderWayAsync(page);
        await session.PictureAsync("upload-progress-ar");
        await page.ReloadAsync();
        await page.Locator("li[data-unfinished]").WaitForAsync();
        await session.PictureAsync("upload-unfinished-ar");
        await page.Locator("li[data-unfinished] button").ClickAsync();
        await Assertions.Expect(page.Locator(".drop-files li")).ToHaveCountAsync(0);
        Assert.Empty(Directory.GetFiles(Path.Combine(host.SensorFolder, "control", "captures"), ".*"));
    }

    private static Task UnderWayAsync(IPage page) =>
        page.WaitForFunctionAsync("() => { const bar = document.querySelector('.drop-files progress'); return bar && bar.value > 40000 && bar.value < bar.max; }");

    private static ILocator Line(IPage page, string name) => page.Locator(".drop-files li", new() { HasText = name });

    private static async Task OpenAsync(IPage page, string path)
    {
        await ConsoleHost.GoAsync(page, path);
        await page.Locator(".drop[data-ready]").First.WaitForAsync();
    }

    private static Task<bool> DropAsync(IPage page, params (string Name, byte[] Bytes)[] files) =>
        page.EvaluateAsync<bool>(Drop, new { zone = ".drop", files = files.Select(f => new { name = f.Name, type = "", base64 = Convert.ToBase64String(f.Bytes) }).ToArray() });

    /// <summary>The link of a small team: 60 kB a second upwards.</summary>
    private static async Task SlowAsync(IPage page)
    {
        var tools = await page.Context.NewCDPSessionAsync(page);
        await tools.SendAsync("Network.enable");
        await tools.SendAsync("Network.emulateNetworkConditions", new() { ["offline"] = false, ["latency"] = 20, ["downloadThroughput"] = 1_000_000, ["uploadThroughput"] = 60_000 });
    }

    /// <summary>The sample, made long enough to be seen travelling: its packets again and again.</summary>
    private static async Task<byte[]> PaddedCaptureAsync()
    {
        const int Header = 24;
        var sample = await File.ReadAllBytesAsync(Checkout.At("modules", "Sensing", "Module", "Samples", "sample-case.pcap"));
        using var padded = new MemoryStream();
        padded.Write(sample, 0, Header);
        while (padded.Length < 400_000)
            padded.Write(sample, Header, sample.Length - Header);
        return padded.ToArray();
    }

    private static async Task<HostProcess> HostAsync()
    {
        var host = await HostProcess.StartAsync(new Dictionary<string, string?> { ["kernel__plainLoopback"] = "true", ["sensing__captureLimitMib"] = "1" });
        var (code, output) = await host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        await host.StartSensorAsync();
        return host;
    }
}
