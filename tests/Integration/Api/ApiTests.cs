using System.Text.Json.Nodes;
using Xunit;

namespace Appliance.Integration.Api;

/// <summary>What every endpoint of the API has in common.</summary>
public sealed class ApiTests(ApiHost api) : IClassFixture<ApiHost>
{
    private static JsonObject Constituent(string name) => new() { ["name"] = name, ["sector"] = "government", ["country"] = "ZZ" };

    [Theory]
    [InlineData("GET", "no/such/thing", null, 404)]
    [InlineData("GET", "/api/v2/anything", null, 404)]
    [InlineData("DELETE", "directory/constituents", null, 405)]
    [InlineData("POST", "directory/constituents", "text/plain", 415)]
    [InlineData("POST", "directory/constituents", "application/json", 400)]
    [InlineData("GET", "directory/constituents/0198c7a0-0000-7000-8000-000000000001", null, 404)]
    public async Task Refusals_are_problem_details(string method, string path, string? type, int status)
    {
        var answer = await api.SendAsync(method, path, type is null ? null : JsonValue.Create("{{"), type: type ?? "application/json");
        Assert.Equal(status, answer.Status);
        Assert.StartsWith("application/problem+json", answer["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(status, (int)answer.Json["status"]!);
        Assert.StartsWith("urn:cirt:", (string)answer.Json["type"]!, StringComparison.Ordinal);
        Assert.False(string.IsNullOrWhiteSpace((string)answer.Json["title"]!));
    }

    [Fact]
    public async Task Refusals_of_size_sign_in_and_right_are_problem_details_too()
    {
        var large = await api.SendAsync("POST", "directory/constituents", new JsonObject { ["name"] = new string('x', 31 * 1024 * 1024) });
        Assert.Equal((413, "application/problem+json"), (large.Status, large["Content-Type"].Split(';')[0]));
        var nobody = await api.SendAsync("GET", "directory/constituents", person: null);
        Assert.Equal((401, "application/problem+json"), (nobody.Status, nobody["Content-Type"].Split(';')[0]));
        var other = await api.SendAsync("GET", "kernel/webhooks", person: "amina");
        Assert.Equal((403, "application/problem+json"), (other.Status, other["Content-Type"].Split(';')[0]));
    }

    [Fact]
    public async Task Next_page_is_a_link_that_leads_on_to_the_end()
    {
        for (var i = 0; i < 5; i++)
            await api.SendAsync("POST", "directory/constituents", Constituent($"Paged {i}"));
        var (names, path) = (new List<string>(), "/api/v1/directory/constituents?words=Paged&limit=2");
        while (path.Length > 0)
        {
            var answer = await api.SendAsync("GET", path);
            names.AddRange(answer.Json["items"]!.AsArray().Select(i => (string)i!["name"]!));
            var link = answer["Link"];
            Assert.True(link.Length == 0 || link.EndsWith("; rel=\"next\"", StringComparison.Ordinal), link);
            path = link.Length == 0 ? "" : link[1..link.IndexOf('>', StringComparison.Ordinal)];
        }
        Assert.Equal(["Paged 0", "Paged 1", "Paged 2", "Paged 3", "Paged 4"], names);
    }

    [Fact]
    public async Task Same_key_with_the_same_request_acts_once_and_with_another_is_refused()
    {
        var key = ("Idempotency-Key", $"import-{Guid.NewGuid()}");
        var body = Constituent("Once only");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.SendAsync("POST", "directory/constituents", body.DeepClone(), headers: key)));
        Assert.All(answers, a => Assert.True(a.Status is 200 or 409, $"{a.Status} {a.Text}"));
        var first = answers.First(a => a.Status == 200);
        var again = await api.SendAsync("POST", "directory/constituents", body.DeepClone(), headers: key);
        Assert.Equal((200, first.Text, "true"), (again.Status, again.Text, again["Idempotent-Replayed"]));
        var other = await api.SendAsync("POST", "directory/constituents", Constituent("Another"), headers: key);
        Assert.Equal((422, "urn:cirt:kernel.idempotency.other"), (other.Status, (string)other.Json["type"]!));
        // Keys belong to who sends them.
        var colleague = await api.SendAsync("POST", "directory/constituents", Constituent("Another"), "amina", headers: key);
        Assert.NotEqual(422, colleague.Status);
        var list = await api.SendAsync("GET", "directory/constituents?words=Once%20only");
        Assert.Single(list.Json["items"]!.AsArray());
        // A refusal is an answer too, and kept.
        var refused = ("Idempotency-Key", $"refused-{Guid.NewGuid()}");
        Assert.Equal(409, (await api.SendAsync("POST", "directory/constituents", body.DeepClone(), headers: refused)).Status);
        Assert.Equal("true", (await api.SendAsync("POST", "directory/constituents", body.DeepClone(), headers: refused))["Idempotent-Replayed"]);
        Assert.Equal(400, (await api.SendAsync("POST", "directory/constituents", body.DeepClone(), headers: ("Idempotency-Key", new string('k', 201)))).Status);
    }

    [Fact]
    public async Task Version_is_an_entity_tag_and_an_update_may_name_it()
    {
        var id = (await api.SendAsync("POST", "directory/constituents", Constituent("Tagged"))).Json.ToString();
        var path = $"directory/constituents/{id}";
        var seen = await api.SendAsync("GET", path);
        Assert.Equal("\"v1\"", seen["ETag"]);
        Assert.Equal(304, (await api.SendAsync("GET", path, headers: ("If-None-Match", seen["ETag"]))).Status);
        JsonObject Edit(string notes) => new() { ["fields"] = new JsonObject { ["name"] = "Tagged", ["sector"] = "government", ["country"] = "ZZ", ["notes"] = notes } };
        Assert.Equal(204, (await api.SendAsync("PUT", path, Edit("one"), headers: ("If-Match", seen["ETag"]))).Status);
        // Somebody else changed it since: nothing is overwritten.
        var late = await api.SendAsync("PUT", path, Edit("two"), headers: ("If-Match", seen["ETag"]));
        Assert.Equal(412, late.Status);
        Assert.Contains("\"one\"", (await api.SendAsync("GET", path)).Text, StringComparison.Ordinal);
        Assert.Equal(412, (await api.SendAsync("PUT", path, Edit("two"), headers: ("If-Match", "\"abc\""))).Status);
        var both = Edit("two");
        both["version"] = 1;
        Assert.Equal(412, (await api.SendAsync("PUT", path, both, headers: ("If-Match", "\"v2\""))).Status);
        Assert.Equal(409, (await api.SendAsync("PUT", path, both.DeepClone())).Status);
        Assert.Equal(204, (await api.SendAsync("PUT", path, Edit("two"), headers: ("If-Match", "\"v2\""))).Status);
    }

    [Fact]
    public async Task Member_that_nobody_reads_is_refused_by_name_wherever_it_stands()
    {
        const string Extra = "isAdministrator";
        var document = (await api.SendAsync("GET", "/api/v1/openapi.json")).Json;
        var (wrong, count) = (new List<string>(), 0);
        foreach (var (path, operations) in document["paths"]!.AsObject().Where(p => p.Key.StartsWith("/api/", StringComparison.Ordinal)))
            foreach (var (method, operation) in operations!.AsObject())
            {
                if (operation!["requestBody"]?["content"]?["application/json"]?["example"] is not JsonObject example)
                    continue;
                var place = System.Text.RegularExpressions.Regex.Replace(path, "{[^}]+}", "0198c7a0-0000-7000-8000-00000000000f", System.Text.RegularExpressions.RegexOptions.NonBacktracking);
                foreach (var pick in Objects(example))
                {
                    var body = example.DeepClone();
                    pick(body)[Extra] = true;
                    count++;
                    var answer = await api.SendAsync(method.ToUpperInvariant(), place, body, AskerOf(method, path));
                    if (answer.Status != 400 || !answer.Text.Contains(Extra, StringComparison.Ordinal))
                        wrong.Add($"{method} {place} with {body.ToJsonString()}: {answer.Status} {answer.Text}");
                }
            }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(count > 40, $"{count} places");
    }

    /// <summary>The ways to every object within an example, the example itself first.</summary>
    private static IEnumerable<Func<JsonNode, JsonNode>> Objects(JsonNode node)
    {
        if (node is JsonObject)
            yield return n => n;
        var inner = node switch
        {
            JsonObject members => members.Where(m => m.Value is not null).Select(m => (Step: (Func<JsonNode, JsonNode>)(n => n[m.Key]!), m.Value)),
            JsonArray items => items.Where(i => i is not null).Select((i, at) => ((Func<JsonNode, JsonNode>)(n => n[at]!), i)),
            _ => [],
        };
        foreach (var (step, value) in inner)
            foreach (var deeper in Objects(value!))
                yield return n => deeper(step(n));
    }

    [Theory]
    [InlineData("""{"sector":"government","country":"ZZ"}""", "name")]
    [InlineData("""{"name":7,"sector":"government","country":"ZZ"}""", "$.name")]
    [InlineData("""{"name":"Unfinished",""", "$")]
    public async Task Body_that_cannot_be_read_is_refused_with_the_place_and_without_our_types(string body, string named)
    {
        using var client = api.Host.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/directory/constituents") { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", api.TokenOf("lee"));
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal((400, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Contains(named, (string)JsonNode.Parse(text)!["title"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("Appliance.", text, StringComparison.Ordinal);
    }

    /// <summary>What an analyst works on, but for what only a manager may do.</summary>
    private static string AskerOf(string method, string path) =>
        method is "post" && path.Contains("/ticketing/", StringComparison.Ordinal) && !path.Contains("/ticketing/types", StringComparison.Ordinal) && !path.EndsWith("/destroy", StringComparison.Ordinal) ? "amina" : "lee";

    [Fact]
    public async Task Document_gives_an_example_for_every_body_and_each_is_accepted()
    {
        var asked = await api.SendAsync("GET", "/api/v1/openapi.json");
        Assert.True(asked.Status == 200, $"{asked.Status}: {asked.Text}\n{api.Host.Process.Output}");
        var document = asked.Json;
        var (without, refused, count) = (new List<string>(), new List<string>(), 0);
        foreach (var (path, operations) in document["paths"]!.AsObject().Where(p => p.Key.StartsWith("/api/", StringComparison.Ordinal)))
            foreach (var (method, operation) in operations!.AsObject())
            {
                if (operation!["requestBody"]?["content"]?["application/json"] is not { } content)
                    continue;
                if (content["example"] is not { } example)
                {
                    without.Add($"{method} {path}");
                    continue;
                }
                count++;
                var place = System.Text.RegularExpressions.Regex.Replace(path, "{[^}]+}", "0198c7a0-0000-7000-8000-00000000000f", System.Text.RegularExpressions.RegexOptions.NonBacktracking);
                var answer = await api.SendAsync(method.ToUpperInvariant(), place, example.DeepClone(), AskerOf(method, path));
                // What it is about need not exist here; the body must be read and found right.
                if (answer.Status is not (>= 200 and < 300 or 404 or 409))
                    refused.Add($"{method} {place}: {answer.Status} {answer.Text}");
            }
        Assert.Empty(without);
        Assert.True(refused.Count == 0, string.Join('\n', refused));
        Assert.True(count > 30, $"{count} examples");
    }
}
