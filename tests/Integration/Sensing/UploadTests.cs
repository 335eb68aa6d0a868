using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Appliance.Host.Demo;
using Appliance.Kernel.Data;
using Appliance.Sensing.Captures;
using Appliance.Sensing.Sensors;
using Appliance.Tests;
using Xunit;

namespace Appliance.Integration.Sensing;

/// <summary>Captures that come in parts: over lines that break, through a host that is killed, and only from who began.</summary>
public sealed class UploadTests
{
    private const string Uploads = "/api/v1/sensing/captures/uploads";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_capture_in_parts_goes_on_at_its_offset_and_only_for_who_began()
    {
        await using var host = await HostAsync();
        using var lee = Person(host, "lee");
        using var amina = Person(host, "amina");
        var capture = Capture(3_000_000);
        var address = await BeginAsync(lee, capture.Length, "mark-1");

        Assert.Equal((204, 1_000_000L, "?0"), await PatchAsync(lee, address, 0, capture[..1_000_000]));
        Assert.Equal((409, 1_000_000L, "?0"), await PatchAsync(lee, address, 5, capture[5..10]));
        Assert.Equal((409, 1_000_000L, "?0"), await PatchAsync(lee, address, 2_000_000, capture[2_000_000..]));
        Assert.Equal((204, 1_000_000L, "?0"), await HeadAsync(lee, address));
        var own = Assert.Single((await JsonAsync(lee, Uploads)).AsArray())!;
        Assert.Equal((1_000_000L, 3_000_000L, "mark-1", "x.pcap"), ((long)own["offset"]!, (long)own["size"]!, (string)own["mark"]!, (string)own["name"]!));

        Assert.Empty((await JsonAsync(amina, Uploads)).AsArray());
        Assert.Equal(404, (await HeadAsync(amina, address)).Status);
        Assert.Equal(404, (await PatchAsync(amina, address, 1_000_000, capture[1_000_000..])).Status);
        using (var refused = await amina.DeleteAsync(address, Cancel))
            Assert.Equal(404, (int)refused.StatusCode);

        Assert.Equal((200, 3_000_000L, "?1"), await PatchAsync(lee, address, 1_000_000, capture[1_000_000..]));
        // Whoever lost the answer to the last part asks, or sends again, and hears the same.
        Assert.Equal((204, 3_000_000L, "?1"), await HeadAsync(lee, address));
        Assert.Equal((200, 3_000_000L, "?1"), await PatchAsync(lee, address, 1_000_000, capture[1_000_000..]));
        Assert.Empty((await JsonAsync(lee, Uploads)).AsArray());
        var row = Assert.Single((await JsonAsync(lee, "/api/v1/sensing/captures")).AsArray())!;
        Assert.Equal((Convert.ToHexStringLower(SHA256.HashData(capture)), 3_000_000L), ((string)row["sha256"]!, (long)row["size"]!));
        Assert.Empty(Left(host));
    }

    [Fact]
    public async Task A_killed_host_and_a_hanging_line_cost_only_what_was_on_its_way()
    {
        await using var host = await HostAsync();
        using var lee = Person(host, "lee");
        var capture = Capture(6_000_000);
        var address = await BeginAsync(lee, capture.Length);
        for (var kill = 0; kill < 3; kill++)
        {
            var (_, from, _) = await HeadAsync(lee, address);
            using var dripping = new Dripping(capture.AsMemory((int)from));
            var sending = PatchAsync(lee, address, from, dripping);
            await UntilAsync(() => Length(host) > from + 300_000);
            await host.KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => sending);
            await host.StartAgainAsync();
            Assert.True((await HeadAsync(lee, address)).Offset >= from + 300_000);
        }
        // The line hangs and its sender comes back over another: the newer request ends the older one.
        var (_, stood, _) = await HeadAsync(lee, address);
        using var hanging = new Dripping(capture.AsMemory((int)stood), endless: true);
        var old = PatchAsync(lee, address, stood, hanging);
        await UntilAsync(() => Length(host) > stood);
        var (status, offset, _) = await HeadAsync(lee, address);
        Assert.Equal((204, true), (status, offset > stood));
        Assert.Equal((200, 6_000_000L, "?1"), await PatchAsync(lee, address, offset, capture[(int)offset..]));
        hanging.Dispose();
        await old.ContinueWith(static _ => { }, TaskScheduler.Default);
        var row = Assert.Single((await JsonAsync(lee, "/api/v1/sensing/captures")).AsArray())!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(capture)), (string)row["sha256"]!);
    }

    [Fact]
    public async Task What_cannot_become_a_capture_is_refused_at_the_first_part_and_leaves_nothing()
    {
        await using var host = await HostAsync();
        using var lee = Person(host, "lee");
        Assert.Equal((400, "urn:cirt:sensing.refused.capture-large"), await RefusedAsync(lee, (16L << 20) + 1));
        Assert.Equal((400, "urn:cirt:sensing.refused.not-a-capture"), await RefusedAsync(lee, 23));
        Assert.Equal((400, "urn:cirt:sensing.refused.upload-header"), await RefusedAsync(lee, null));
        Assert.Equal((400, "urn:cirt:sensing.refused.upload-mark"), await RefusedAsync(lee, 1000, "&mark=" + new string('x', 201)));

        var address = await BeginAsync(lee, 2_000_000);
        Assert.Equal(400, (await PatchAsync(lee, address, 0, new byte[1000])).Status);
        Assert.Equal(404, (await HeadAsync(lee, address)).Status);
        var longer = await BeginAsync(lee, 1000);
        Assert.Equal(400, (await PatchAsync(lee, longer, 0, Capture(1001))).Status);
        var thrown = await BeginAsync(lee, 5000);
        Assert.Equal((204, 4000L, "?0"), await PatchAsync(lee, thrown, 0, Capture(5000)[..4000]));
        using (var discarded = await lee.DeleteAsync(thrown, Cancel))
            Assert.Equal(204, (int)discarded.StatusCode);
        Assert.Empty(Left(host));

        using var untyped = new HttpRequestMessage(HttpMethod.Patch, await BeginAsync(lee, 1000)) { Content = new ByteArrayContent(Capture(1000)) };
        using var answer = await lee.SendAsync(untyped, Cancel);
        Assert.Equal(400, (int)answer.StatusCode);
        // Bytes may come with the announcement; a small capture is one request.
        using var whole = new HttpRequestMessage(HttpMethod.Post, $"{Uploads}?name=one.pcap") { Content = new ByteArrayContent(Capture(1000)) };
        whole.Headers.Add("Upload-Length", "1000");
        using var taken = await lee.SendAsync(whole, Cancel);
        Assert.Equal((200, "?1"), ((int)taken.StatusCode, taken.Headers.GetValues("Upload-Complete").Single()));
        for (var i = 1; i < BeginUpload.Most; i++)
            await BeginAsync(lee, 1000);
        Assert.Equal((409, "urn:cirt:sensing.refused.uploads-many"), await RefusedAsync(lee, 1000));
    }

    [Fact]
    public async Task A_full_disk_is_told_before_and_meanwhile_and_the_upload_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(SmallDisk.IsPossible, "mounting a small disk needs root");
        await using var disk = await SmallDisk.MountAsync(24);
        var sensor = Directory.CreateDirectory(Path.Combine(disk.Path, "sensor")).FullName;
        await using var host = await HostAsync(new() { ["sensing__folders__0__name"] = "local", ["sensing__folders__0__path"] = sensor, ["sensing__captureLimitMib"] = "64" });
        using var lee = Person(host, "lee");
        Assert.Equal((503, "urn:cirt:sensing.refused.capture-room"), await RefusedAsync(lee, 30 << 20));
        var capture = Capture(12 << 20);
        var address = await BeginAsync(lee, capture.Length);
        // What one was promised the next cannot have.
        Assert.Equal((503, "urn:cirt:sensing.refused.capture-room"), await RefusedAsync(lee, 12 << 20));
        Assert.Equal(204, (await PatchAsync(lee, address, 0, capture[..1_000_000])).Status);
        await disk.FillAsync();
        Assert.Equal(503, (await PatchAsync(lee, address, 1_000_000, capture[1_000_000..])).Status);
        disk.Free();
        var (_, offset, _) = await HeadAsync(lee, address);
        Assert.InRange(offset, 1_000_000, capture.Length - 1);
        Assert.Equal((200, (long)capture.Length, "?1"), await PatchAsync(lee, address, offset, capture[(int)offset..]));
        var row = Assert.Single((await JsonAsync(lee, "/api/v1/sensing/captures")).AsArray())!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(capture)), (string)row["sha256"]!);
    }

    [Fact]
    public async Task What_nobody_goes_on_with_is_thrown_away_after_a_day()
    {
        await using var world = await SensingWorld.StartAsync();
        var sensor = Assert.Single(await world.Get<SensorFolders>().RegisterAsync(Cancel));
        var old = (await world.Get<BeginUpload>().RunAsync(world.Analyst, new(sensor, "old.pcap", 1000, "", false), Cancel)).Value;
        var alive = (await world.Get<BeginUpload>().RunAsync(world.Analyst, new(sensor, "alive.pcap", 1000, "", false), Cancel)).Value;
        foreach (var upload in new[] { old, alive })
        {
            await world.Get<ReceiveUpload>().AppendAsync(world.Analyst, sensor, upload, 0, new MemoryStream(Capture(500)), Cancel);
            foreach (var file in Directory.GetFiles(UploadFolder.Captures(sensor), $".{upload.Id}.*"))
                File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime - UnfinishedUpload.Kept);
        }
        // It was begun a day ago, but a part came a moment ago.
        await world.Get<ReceiveUpload>().AppendAsync(world.Analyst, sensor, alive, 500, new MemoryStream(new byte[10]), Cancel);
        await world.Get<UploadFolder>().SweepAsync(Cancel);
        Assert.Equal(alive.Id, Assert.Single((await world.Get<ListUploads>().RunAsync(world.Analyst, new(), Cancel)).Value).Id);
        Assert.Equal(2, Directory.GetFiles(UploadFolder.Captures(sensor), ".*").Length);
    }

    private static async Task<HostProcess> HostAsync(Dictionary<string, string?>? settings = null)
    {
        var host = await HostProcess.StartAsync(new Dictionary<string, string?>(settings ?? []) { ["kernel__plainLoopback"] = "true", ["sensing__captureLimitMib"] = settings?.GetValueOrDefault("sensing__captureLimitMib") ?? "16", ["kernel__stopSpaceMiB"] = "16" });
        var (code, output) = await host.RunAsync("demo", "people");
        Assert.True(code == 0, output);
        return host;
    }

    private static HttpClient Person(HostProcess host, string name)
    {
        var client = host.Client();
        client.DefaultRequestHeaders.Authorization = new("Bearer", DemoPeople.Load(new DataFolder(host.Data))!.Single(p => p.Name == name).Token);
        return client;
    }

    private static HttpRequestMessage Announcement(long? size, string more)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"{Uploads}?name=x.pcap{more}");
        request.Headers.Add("Upload-Complete", "?0");
        if (size is { } length)
            request.Headers.Add("Upload-Length", length.ToString(CultureInfo.InvariantCulture));
        return request;
    }

    private static async Task<string> BeginAsync(HttpClient person, long size, string mark = "")
    {
        using var request = Announcement(size, $"&mark={mark}");
        using var answer = await person.SendAsync(request, Cancel);
        Assert.True((int)answer.StatusCode == 201, await answer.Content.ReadAsStringAsync(Cancel));
        return answer.Headers.Location!.OriginalString;
    }

    private static async Task<(int, string)> RefusedAsync(HttpClient person, long? size, string more = "")
    {
        using var request = Announcement(size, more);
        using var answer = await person.SendAsync(request, Cancel);
        return ((int)answer.StatusCode, (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!["type"]!);
    }

    private static Task<(int Status, long Offset, string? Complete)> PatchAsync(HttpClient person, string address, long offset, byte[] part) => PatchAsync(person, address, offset, new MemoryStream(part));

    private static async Task<(int Status, long Offset, string? Complete)> PatchAsync(HttpClient person, string address, long offset, Stream part)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, address) { Content = new StreamContent(part) };
        request.Content.Headers.ContentType = new("application/partial-upload");
        request.Headers.Add("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Upload-Complete", "?0");
        using var answer = await person.SendAsync(request, Cancel);
        return Said(answer);
    }

    private static async Task<(int Status, long Offset, string? Complete)> HeadAsync(HttpClient person, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, address);
        using var answer = await person.SendAsync(request, Cancel);
        return Said(answer);
    }

    private static (int Status, long Offset, string? Complete) Said(HttpResponseMessage answer) =>
        ((int)answer.StatusCode, answer.Headers.TryGetValues("Upload-Offset", out var offset) ? long.Parse(offset.Single(), CultureInfo.InvariantCulture) : -1, answer.Headers.TryGetValues("Upload-Complete", out var complete) ? complete.Single() : null);

    private static async Task<JsonNode> JsonAsync(HttpClient person, string path) => JsonNode.Parse(await person.GetStringAsync(path, Cancel))!;

    private static string[] Left(HostProcess host) => Directory.GetFiles(Path.Combine(host.SensorFolder, "control", "captures"), ".*");

    private static long Length(HostProcess host) => Left(host).Where(static f => f.EndsWith(".part", StringComparison.Ordinal)).Sum(static f => new FileInfo(f).Length);

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (var tries = 0; !isSo(); tries++)
        {
            Assert.True(tries < 600, "it took too long");
            await Task.Delay(50, Cancel);
        }
    }

    private static byte[] Capture(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        ((ReadOnlySpan<byte>)[0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0]).CopyTo(bytes);
        return bytes;
    }

    /// <summary>A slow line: a little every few milliseconds, never all of it before it is cut; an endless one then stands still.</summary>
    private sealed class Dripping(ReadOnlyMemory<byte> bytes, bool endless = false) : Stream
    {
        private readonly CancellationTokenSource _over = new();
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _over.Token);
            await Task.Delay(endless && _at > 200_000 ? Timeout.Infinite : 10, either.Token);
            var length = Math.Min(Math.Min(20_000, bytes.Length - _at), buffer.Length);
            bytes.Slice(_at, length).CopyTo(buffer);
            _at += length;
            return length;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_over.IsCancellationRequested)
                _over.Cancel();
            base.Dispose(disposing);
        }
    }
}
