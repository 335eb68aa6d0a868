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
