using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Appliance.Contracts;
using Appliance.Uplink;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Peers;
using Xunit;

namespace Appliance.Integration.Uplink;

/// <summary>The server as a foreign client meets it: plain HTTP, the points where implementations are known to fail.</summary>
public sealed class TaxiiServerTests : IAsyncLifetime
{
    private const string Type = "application/taxii+json;version=2.1";

    private Node _node = null!;
    private PeerId _peer;
    private Credential _credential = null!;
    private HttpClient _http = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await Node.StartAsync("CERT-XX", NodeRole.National, new Dictionary<string, string?> { ["uplink:pageObjects"] = "50", ["uplink:maxBodyMiB"] = "1" });
        (_peer, _credential) = await _node.BefriendAsync("Centre");
        _http = _node.Foreign(_credential);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Discovery_leads_to_the_root_and_the_root_to_the_collections()
    {
        var discovery = await JsonAsync("");
        var root = discovery.GetProperty("api_roots")[0].GetString()!;
        Assert.Equal(root, discovery.GetProperty("default").GetString());
        Assert.Equal("CERT-XX", discovery.GetProperty("title").GetString());
        var api = await JsonAsync(root);
        Assert.Equal(Type, api.GetProperty("versions")[0].GetString());
        Assert.Equal(1024 * 1024, api.GetProperty("max_content_length").GetInt64());
        var collections = (await JsonAsync($"{root}collections/")).GetProperty("collections").EnumerateArray().ToList();
        Assert.Equal(["shared", "inbox"], collections.Select(c => c.GetProperty("alias").GetString()));
        foreach (var collection in collections)
        {
            var byId = await JsonAsync($"{root}collections/{collection.GetProperty("id").GetString()}/");
            var byAlias = await JsonAsync($"{root}collections/{collection.GetProperty("alias").GetString()}");
            Assert.Equal(byId.GetRawText(), byAlias.GetRawText());
            Assert.Equal("application/stix+json;version=2.1", byId.GetProperty("media_types")[0].GetString());
        }
    }

    [Theory]
    [InlineData("share/collections/shared/objects")]
    [InlineData("share/collections/shared/objects/")]
    [InlineData("share/collections/shared/manifest")]
    [InlineData("share/collections/shared/manifest/")]
    public async Task Empty_collection_is_an_empty_object_with_and_without_the_slash(string path)
    {
        using var answer = await _http.GetAsync(path, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Type, answer.Content.Headers.NonValidated["Content-Type"].ToString());
        Assert.Equal("{}", await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData("share/collections/shared/objects/?limit=0", 400)]
    [InlineData("share/collections/shared/objects/?limit=-5", 400)]
    [InlineData("share/collections/shared/objects/?added_after=never", 400)]
    [InlineData("share/collections/shared/objects/?match[shape]=round", 400)]
    [InlineData("share/collections/shared/objects/?next=AAAA", 400)]
    [InlineData("share/collections/shared/objects/indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f/", 404)]
    [InlineData("share/collections/nothing/objects/", 404)]
    [InlineData("share/collections/00000000-0000-4000-8000-000000000000/", 404)]
    [InlineData("share/status/00000000-0000-4000-8000-000000000000/", 404)]
    [InlineData("other/collections/", 404)]
    public async Task Refusal_is_an_error_resource_with_a_title(string path, int status)
    {
        using var answer = await _http.GetAsync(path, Cancel);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(Type, answer.Content.Headers.NonValidated["Content-Type"].ToString());
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement;
        Assert.NotEmpty(error.GetProperty("title").GetString()!);
        Assert.Equal(status.ToString(CultureInfo.InvariantCulture), error.GetProperty("http_status").GetString());
    }

    [Theory]
    [InlineData("PUT", "share/collections/shared/objects/", 405)]
    [InlineData("DELETE", "share/collections/shared/", 405)]
    [InlineData("POST", "share/", 405)]
    public async Task Wrong_method_is_answered_in_taxii(string method, string path, int status)
    {
        using var answer = await _http.SendAsync(new(new(method), path), Cancel);
        Assert.Equal((status, Type), ((int)answer.StatusCode, answer.Content.Headers.NonValidated["Content-Type"].ToString()));
    }

    [Theory]
    [InlineData(null, 200)]
    [InlineData("*/*", 200)]
    [InlineData("application/taxii+json", 200)]
    [InlineData("application/taxii+json; version=2.1", 200)]
    [InlineData("application/taxii+json;version=2.0", 406)]
    [InlineData("application/vnd.oasis.taxii+json; version=2.0", 406)]
    [InlineData("text/html", 406)]
    public async Task Accept_is_negotiated(string? accept, int status)
    {
        using var http = _node.Foreign(_credential, accept);
        using var answer = await http.GetAsync("share/collections/", Cancel);
        Assert.Equal((status, Type), ((int)answer.StatusCode, answer.Content.Headers.NonValidated["Content-Type"].ToString()));
    }

    [Fact]
    public async Task Pages_cover_everything_once_whatever_the_page_size()
    {
        await FillAsync(120);
        foreach (var limit in new[] { 1, 7, 50, 1000 })
        {
            var (ids, pages) = await WalkAsync($"share/collections/shared/objects/?limit={limit}", "objects");
            var whole = await _node.Database.QueryAsync<string>("select stix_id from uplink.objects where is_last order by date_added", null, Cancel);
            Assert.Equal(whole, ids);
            Assert.Equal((int)Math.Ceiling(whole.Count / (double)Math.Min(limit, 50)), pages);
            var (manifest, _) = await WalkAsync($"share/collections/shared/manifest/?limit={limit}", "objects");
            Assert.Equal(whole, manifest);
        }
    }

    [Fact]
    public async Task Client_without_next_goes_on_with_the_last_header_and_misses_nothing()
    {
        await FillAsync(30);
        var seen = new List<string>();
        var after = "";
        while (true)
        {
            using var answer = await _http.GetAsync($"share/collections/shared/objects/?limit=7{after}", Cancel);
            var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement;
            if (!body.TryGetProperty("objects", out var objects))
                break;
            seen.AddRange(objects.EnumerateArray().Select(o => o.GetProperty("id").GetString()!));
            var last = answer.Headers.GetValues("X-TAXII-Date-Added-Last").Single();
            Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", last);
            after = $"&added_after={Uri.EscapeDataString(last)}";
        }
        Assert.Equal(seen.Distinct(), seen);
        Assert.Equal(await _node.Database.FindAsync<int>("select count(*)::int from uplink.objects where is_last", null, Cancel), seen.Count);
    }

    [Fact]
    public async Task Versions_filter_and_list()
    {
        const string Id = "note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
        foreach (var version in (string[])["2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z", "2026-01-01T00:00:00.000Z"])
            await PostAsync(Note(Id, version));
        async Task<string[]> Versions(string match) =>
            [.. (await JsonAsync($"share/collections/inbox/objects/{Id}/{match}")).TryGetProperty("objects", out var o) ? o.EnumerateArray().Select(v => v.GetProperty("modified").GetString()![..10]) : []];

        Assert.Equal(["2026-01-03"], await Versions(""));
        Assert.Equal(["2026-01-01"], await Versions("?match[version]=first"));
        Assert.Equal(["2026-01-02", "2026-01-03", "2026-01-01"], await Versions("?match[version]=all"));
        Assert.Equal(["2026-01-02"], await Versions("?match[version]=2026-01-02T00:00:00.000Z"));
        Assert.Equal(["2026-01-03", "2026-01-01"], await Versions("?match[version]=first,last"));
        Assert.Empty(await Versions("?match[spec_version]=2.0"));
        var listed = await JsonAsync($"share/collections/inbox/objects/{Id}/versions/");
        Assert.Equal(3, listed.GetProperty("versions").GetArrayLength());
        var paged = await JsonAsync($"share/collections/inbox/objects/{Id}/versions/?limit=2");
        Assert.True(paged.GetProperty("more").GetBoolean());
        Assert.Single((await JsonAsync($"share/collections/inbox/objects/{Id}/versions/?limit=2&next={paged.GetProperty("next").GetString()}")).GetProperty("versions").EnumerateArray());
    }

    [Fact]
    public async Task Post_is_stored_before_it_is_answered_and_one_bad_object_does_not_fail_the_rest()
    {
        using var answer = await PostAsync(Note("note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "2026-01-02T00:00:00.000Z"), """{"type":"note","id":"broken"}""", """{"type":"indicator","type":"x"}""");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var status = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement;
        Assert.Equal(("complete", 3, 1, 2, 0), (status.GetProperty("status").GetString(), Int(status, "total_count"), Int(status, "success_count"), Int(status, "failure_count"), Int(status, "pending_count")));
        Assert.All(status.GetProperty("failures").EnumerateArray(), f => Assert.NotEmpty(f.GetProperty("message").GetString()!));
        var again = await JsonAsync($"share/status/{status.GetProperty("id").GetString()}/");
        Assert.Equal(1, Int(again, "success_count"));
        Assert.Single((await JsonAsync("share/collections/inbox/objects/")).GetProperty("objects").EnumerateArray());
        Assert.Equal(3, await _node.Database.FindAsync<int>("select count(*)::int from uplink.received", null, Cancel));
    }

    [Theory]
    [InlineData("application/json", """{"objects":[]}""", 415)]
    [InlineData("application/taxii+json;version=2.0", """{"objects":[]}""", 415)]
    [InlineData(Type, "{}", 422)]
    [InlineData(Type, """{"objects":{}}""", 400)]
    [InlineData(Type, "not json", 400)]
    [InlineData(Type, "[1]", 400)]
    public async Task Body_that_is_no_envelope_is_refused(string type, string body, int status)
    {
        using var answer = await SendAsync("inbox", type, Encoding.UTF8.GetBytes(body));
        Assert.Equal((status, Type), ((int)answer.StatusCode, answer.Content.Headers.NonValidated["Content-Type"].ToString()));
    }

    [Fact]
    public async Task Body_beyond_the_limit_is_413_and_nested_beyond_the_limit_400()
    {
        using var large = await SendAsync("inbox", Type, new byte[(1024 * 1024) + 1]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        using var deep = await SendAsync("inbox", Type, Encoding.UTF8.GetBytes(new string('[', 200_000)));
        Assert.Equal(HttpStatusCode.BadRequest, deep.StatusCode);
    }

    [Fact]
    public async Task Bundle_in_place_of_an_envelope_is_taken()
    {
        using var answer = await SendAsync("inbox", "application/taxii+json", Encoding.UTF8.GetBytes($$"""{"type":"bundle","id":"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","objects":[{{Note("note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "2026-01-02T00:00:00.000Z")}}]}"""));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    [Fact]
    public async Task Shared_collection_cannot_be_written_or_deleted_from()
    {
        await FillAsync(1);
        using var post = await SendAsync("shared", Type, Encoding.UTF8.GetBytes($$"""{"objects":[{{Note("note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "2026-01-02T00:00:00.000Z")}}]}"""));
        Assert.Equal(HttpStatusCode.Forbidden, post.StatusCode);
        var id = (await JsonAsync("share/collections/shared/manifest/")).GetProperty("objects")[0].GetProperty("id").GetString();
        using var delete = await _http.DeleteAsync($"share/collections/shared/objects/{id}/", Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, delete.StatusCode);
    }

    [Fact]
    public async Task Own_object_can_be_deleted_and_the_version_before_becomes_the_last()
    {
        const string Id = "note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";
        await PostAsync(Note(Id, "2026-01-01T00:00:00.000Z"), Note(Id, "2026-01-02T00:00:00.000Z"));
        using var one = await _http.DeleteAsync($"share/collections/inbox/objects/{Id}/", Cancel);
        Assert.Equal(HttpStatusCode.OK, one.StatusCode);
        Assert.Equal("2026-01-01T00:00:00.000Z", (await JsonAsync($"share/collections/inbox/objects/{Id}/")).GetProperty("objects")[0].GetProperty("modified").GetString());
        using var all = await _http.DeleteAsync($"share/collections/inbox/objects/{Id}/?match[version]=all", Cancel);
        using var gone = await _http.GetAsync($"share/collections/inbox/objects/{Id}/", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Other_peer_sees_nothing_of_it_by_id_or_alias()
    {
        await FillAsync(3);
        await PostAsync(Note("note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "2026-01-02T00:00:00.000Z"));
        var ids = (await JsonAsync("share/collections/")).GetProperty("collections").EnumerateArray().Select(c => c.GetProperty("id").GetString()).ToList();
        var (_, credential) = await _node.BefriendAsync("Other");
        using var other = _node.Foreign(credential);
        foreach (var id in ids)
        {
            using var answer = await other.GetAsync($"share/collections/{id}/objects/", Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        Assert.Equal("{}", await other.GetStringAsync("share/collections/shared/objects/", Cancel));
        Assert.Equal("{}", await other.GetStringAsync("share/collections/inbox/objects/", Cancel));
    }

    [Fact]
    public async Task Order_is_the_order_of_commit_under_many_writers_and_a_delta_loses_nothing()
    {
        var stop = new CancellationTokenSource();
        var seen = new List<string>();
        var reader = Task.Run(async () =>
        {
            var after = "2000-01-01T00:00:00.000000Z";
            while (true)
            {
                var last = stop.IsCancellationRequested;
                using var answer = await _http.GetAsync($"share/collections/inbox/objects/?added_after={Uri.EscapeDataString(after)}", Cancel);
                var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement;
                if (body.TryGetProperty("objects", out var objects))
                {
                    seen.AddRange(objects.EnumerateArray().Select(o => o.GetProperty("id").GetString()!));
                    after = answer.Headers.GetValues("X-TAXII-Date-Added-Last").Single();
                }
                else if (last)
                {
                    return;
                }
            }
        }, Cancel);
        await Parallel.ForEachAsync(Enumerable.Range(0, 60), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (_, _) =>
            (await PostAsync(Note($"note--{Guid.NewGuid()}", "2026-01-02T00:00:00.000Z"), Note($"note--{Guid.NewGuid()}", "2026-01-02T00:00:00.000Z"))).Dispose());
        await stop.CancelAsync();
        await reader;
        Assert.Equal(120, seen.Count);
        Assert.Equal(120, seen.Distinct().Count());
    }

    private async Task FillAsync(int count)
    {
        var share = await Publishing.ShareOfAsync(_node, Publishing.Advisory() with { Observables = [.. Enumerable.Range(0, count).Select(i => new Observable("domain", $"evil{i}.example"))] });
        var manager = _node.Modules.Person("Manu", Role.Manager);
        var sheet = (await _node.Get<ShowShare>().RunAsync(manager, share, Cancel)).Value;
        Assert.True((await _node.Get<ApproveShare>().RunAsync(manager, new(share, [_peer.Value], "Act", sheet.Sha256), Cancel)).Succeeded);
    }

    private async Task<(List<string> Ids, int Pages)> WalkAsync(string path, string list)
    {
        var ids = new List<string>();
        for (var (pages, next) = (1, ""); ; pages++)
        {
            var body = await JsonAsync(path + next);
            ids.AddRange(body.GetProperty(list).EnumerateArray().Select(o => o.GetProperty("id").GetString()!));
            if (!body.TryGetProperty("more", out var more) || !more.GetBoolean())
                return (ids, pages);
            next = $"&next={Uri.EscapeDataString(body.GetProperty("next").GetString()!)}";
        }
    }

    private async Task<JsonElement> JsonAsync(string path)
    {
        using var answer = await _http.GetAsync(path, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {(int)answer.StatusCode} {text}");
        Assert.Equal("application/taxii+json", answer.Content.Headers.ContentType!.MediaType);
        return JsonDocument.Parse(text).RootElement;
    }

    private Task<HttpResponseMessage> PostAsync(params string[] objects) => SendAsync("inbox", Type, Encoding.UTF8.GetBytes($$"""{"objects":[{{string.Join(',', objects)}}]}"""));

    private async Task<HttpResponseMessage> SendAsync(string collection, string type, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return await _http.PostAsync($"share/collections/{collection}/objects/", content, Cancel);
    }

    private static string Note(string id, string modified) =>
        $$"""{"type":"note","spec_version":"2.1","id":"{{id}}","created":"2026-01-01T00:00:00.000Z","modified":"{{modified}}","content":"text","object_refs":["identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"]}""";

    private static int Int(JsonElement value, string name) => value.GetProperty(name).GetInt32();
}
