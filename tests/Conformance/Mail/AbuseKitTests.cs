using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Kernel.Mail.Parse;
using Appliance.Tests;
using Xunit;

namespace Appliance.Conformance.Mail;

/// <summary>Reports about abuse in the forms that machines write. Floors only rise.</summary>
public sealed class AbuseKitTests(ITestOutputHelper output) : IDisposable
{
    private readonly ParserProcess _parser = ParserProcess.Start(Checkout.Cirt);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _parser.Dispose();

    [KitTheory("mail/abuse/xarf-v3.jsonl")]
    [InlineData("abuse/xarf-v3.jsonl", 185)]
    [InlineData("abuse/xarf-spec.jsonl", 21)]
    public async Task Valid_reports_are_accepted_and_invalid_ones_held(string file, int floor)
    {
        var (right, all) = (0, 0);
        foreach (var record in Lines(file))
        {
            all++;
            var report = await AskAsync(Frames.Xarf, (string)record["file"]!);
            var same = (bool)report["valid"]! == (bool)record["valid"]!;
            foreach (var (kit, ours) in new[] { ("category", "category"), ("type", "type"), ("reportId", "reportId"), ("sourceIdentifier", "source") })
                same &= (string?)record[kit] is not { } stated || stated == (string?)report[ours];
            right += same ? 1 : 0;
            if (!same)
                output.WriteLine($"{record["file"]}: {report["faults"]?.ToJsonString()}");
        }
        Report(file, right, all, floor);
    }

    [KitFact("mail/abuse/abuseio.jsonl")]
    public async Task Notifiers_fields_attachments_and_archives_are_read()
    {
        var (right, all) = (0, 0);
        foreach (var record in Lines("abuse/abuseio.jsonl"))
        {
            all++;
            var mail = await AskAsync(Frames.Mail, (string)record["file"]!);
            var members = mail["attachments"]!.AsArray().SelectMany(a => a!["members"]?.AsArray() ?? []).Select(m => $"{m!["name"]} {m["size"]} {m["lines"]}");
            var same = (string?)mail["abuse"]?["notifier"] == (string)record["notifier"]!
                && members.SequenceEqual(record["zipped"]!.AsArray().Select(z => $"{z!["name"]} {z["size"]} {z["lines"]}"))
                && mail["parts"]!.AsArray().Select(p => (string?)p!["fileName"]).OfType<string>().SequenceEqual(record["attachments"]!.AsArray().Select(a => (string)a!))
                && SameFields(record["feedbackReport"], mail["feedbackReport"]);
            right += same ? 1 : 0;
            if (!same)
                output.WriteLine($"{record["file"]}");
        }
        Report("abuse mails", right, all, floor: 58);
    }

    [KitFact("mail/arf/expected.jsonl")]
    public async Task Feedback_reports_are_read_field_by_field()
    {
        var (right, all) = (0, 0);
        foreach (var record in Lines("arf/expected.jsonl"))
        {
            var found = (await AskAsync(Frames.Mail, (string)record["file"]!))["abuse"]!["feedback"]!;
            foreach (var (name, stated) in record["expected"]!.AsObject())
            {
                var ours = found[string.Concat(name.Split('_').Select((w, i) => i == 0 ? w : char.ToUpperInvariant(w[0]) + w[1..]))];
                if (name is "message" or "headers" || stated is null || Plain(stated) is "0" or "unspecified")
                    continue;
                all++;
                var same = Plain(stated) == Plain(ours);
                right += same ? 1 : 0;
                if (!same)
                    output.WriteLine($"{record["file"]} {name}: {Plain(stated)} became {Plain(ours)}");
            }
        }
        Report("feedback fields", right, all, floor: all);
    }

    private static string Plain(JsonNode? node) => node is JsonArray list ? string.Join('|', list.Select(Plain)) : string.Join(' ', (node?.ToString() ?? "").Replace("-", "", StringComparison.Ordinal).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();

    private static bool SameFields(JsonNode? stated, JsonNode? ours) =>
        stated is null || ours is null ? (stated is null) == (ours is null)
        : stated.AsObject().Select(f => $"{f.Key.ToLowerInvariant()}={Plain(f.Value)}").Order(StringComparer.Ordinal).SequenceEqual(ours.AsObject().Select(f => $"{f.Key.ToLowerInvariant()}={Plain(f.Value)}").Order(StringComparer.Ordinal));

    private async Task<JsonNode> AskAsync(byte kind, string file) =>
        JsonNode.Parse(await _parser.AskAsync(kind, await File.ReadAllBytesAsync(Kit.Require($"mail/{file}"), Cancel), TimeSpan.FromSeconds(60), Cancel), documentOptions: new JsonDocumentOptions { MaxDepth = 128 })!;

    private static IEnumerable<JsonNode> Lines(string file) => File.ReadLines(Kit.Require($"mail/{file}")).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!);

    private void Report(string name, int right, int all, int floor)
    {
        output.WriteLine($"{name}: {right} of {all}");
        Assert.True(right >= floor, $"{name}: {right} of {all}, the floor is {floor}");
    }
}
