using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Kernel.Mail.Parse;
using Appliance.Tests;
using Xunit;

namespace Appliance.Conformance.Mail;

/// <summary>The mail kit, read by the real parser process. Floors only rise.</summary>
public sealed class MailKitTests(ITestOutputHelper output) : IDisposable
{
    private readonly ParserProcess _parser = ParserProcess.Start(Checkout.Cirt);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _parser.Dispose();

    [KitFact("mail/mime/expected.jsonl")]
    public async Task Structure_headers_and_contents_equal_those_of_an_independent_reader()
    {
        var (equal, all) = (0, 0);
        foreach (var record in Lines("mime/expected.jsonl"))
        {
            all++;
            var tree = (await ReadAsync(record))["tree"]!;
            var fault = Difference(record["tree"]!, tree, "");
            equal += fault is null ? 1 : 0;
            if (fault is not null)
                output.WriteLine($"{record["file"]}: {fault}");
        }
        Report("mime structure", equal, all, floor: 45);
    }

    [KitFact("mail/bounce/flanker.jsonl")]
    public async Task Bounces_and_complaints_are_told_from_mail()
    {
        var (right, all) = (0, 0);
        foreach (var record in Lines("bounce/flanker.jsonl").Where(r => (string)r["kind"]! != "spam"))
        {
            all++;
            right += (string)(await ReadAsync(record))["kind"]! == (string)record["kind"]! ? 1 : 0;
        }
        Report("flanker kinds", right, all, floor: 26);
    }

    [KitFact("mail/bounce/sisimai.jsonl")]
    public async Task Real_bounces_are_recognised()
    {
        var (right, all) = (0, 0);
        foreach (var record in Lines("bounce/sisimai.jsonl"))
        {
            all++;
            var reasons = record["recipients"]!.AsArray().Select(r => (string)r!["reason"]!).ToHashSet();
            var kind = reasons.Contains("feedback") ? "complaint" : reasons.Contains("vacation") ? "auto-reply" : "bounce";
            right += (string)(await ReadAsync(record))["kind"]! == kind ? 1 : 0;
        }
        Report("sisimai kinds", right, all, floor: 351);
    }

    [KitFact("mail/bounce/sisimai.jsonl")]
    public async Task Bounces_name_each_recipient_and_what_happened()
    {
        var (bounces, counted, recipients, status, hard) = (0, 0, 0, 0, 0);
        foreach (var record in Lines("bounce/sisimai.jsonl"))
        {
            var stated = record["recipients"]!.AsArray();
            if (stated.Any(r => (string)r!["reason"]! is "feedback" or "vacation"))
                continue;
            var found = (await ReadAsync(record))["bounced"]!.AsArray();
            bounces++;
            counted += found.Count == stated.Count ? 1 : 0;
            for (var i = 0; i < stated.Count; i++)
            {
                recipients++;
                if (i >= found.Count)
                    continue;
                status += SameStatus((string)stated[i]!["status"]!, (string)found[i]!["status"]!) ? 1 : 0;
                hard += (bool)stated[i]!["hardBounce"]! == (bool)found[i]!["hardBounce"]! ? 1 : 0;
            }
        }
        Report("sisimai recipients", counted, bounces, floor: 335);
        Report("sisimai status", status, recipients, floor: 345);
        Report("sisimai hard bounces", hard, recipients, floor: 323);
    }

    /// <summary>Codes such as 5.0.911 are the source's own: there only the first digit says something.</summary>
    private static bool SameStatus(string stated, string found) =>
        stated.Length == 0 || (stated.Contains(".0.9", StringComparison.Ordinal) && stated.Length == 7 ? found[..1] == stated[..1] : found == stated);

    [KitFact("mail/address/mailboxes.jsonl")]
    public void Malformed_addresses_are_refused()
    {
        var (right, all) = (0, 0);
        foreach (var record in Lines("address/mailboxes.jsonl"))
        {
            var input = (string)record["input"]!;
            // Left out as the appliance means to: names beyond ASCII, comments, display names and a leading hyphen are refused although they are well formed.
            if ((bool)record["valid"]! && (!System.Text.Ascii.IsValid(input) || input.Contains('(', StringComparison.Ordinal) || input.Contains('<', StringComparison.Ordinal)))
                continue;
            all++;
            var accepted = Kernel.Mail.MailAddress.TryRead(input, out _, out _);
            right += accepted == (bool)record["valid"]! ? 1 : 0;
            if (accepted != (bool)record["valid"]!)
                output.WriteLine($"{record["valid"]}: {input[..Math.Min(80, input.Length)]}");
        }
        Report("addresses", right, all, floor: 125);
    }

    [KitTheory("mail/mime")]
    [InlineData("mime")]
    [InlineData("bounce")]
    [InlineData("arf")]
    [InlineData("abuse/abuseio")]
    [InlineData("crypto")]
    public async Task Every_message_is_read_without_losing_the_parser(string folder)
    {
        var count = 0;
        foreach (var file in System.IO.Directory.EnumerateFiles(Kit.Require($"mail/{folder}"), "*.eml", SearchOption.AllDirectories))
        {
            var parsed = await AskAsync(await File.ReadAllBytesAsync(file, Cancel));
            Assert.True(parsed["tree"] is not null, file);
            count++;
        }
        Assert.True(count > 0);
        output.WriteLine($"{folder}: {count} read");
    }

    /// <summary>Null when they are equal, else where they differ first.</summary>
    private static string? Difference(JsonNode expected, JsonNode actual, string path)
    {
        if ((string)expected["kind"]! != (string)actual["kind"]!)
            return $"{path}: kind";
        if ((string?)expected["contentType"] is { } type && type != (string?)actual["contentType"])
            return $"{path}: {type} became {actual["contentType"]}";
        var (want, got) = (Headers(expected), Headers(actual));
        if (!want.SequenceEqual(got))
            return $"{path}: headers";
        var children = actual["children"]!.AsArray();
        var stated = expected["children"]!.AsArray();
        if (stated.Count != children.Count)
            stated = new JsonArray([.. stated.Where(c => (bool?)c!["phantom"] != true).Select(c => c!.DeepClone())]);
        if (stated.Count != children.Count)
            return $"{path}: {stated.Count} children became {children.Count}";
        if (expected["body"] is { } body && (string)body["sha256"]! != (string?)actual["body"]?["sha256"])
            return $"{path}: content";
        return Enumerable.Range(0, children.Count).Select(i => Difference(stated[i]!, children[i]!, $"{path}/{i}")).FirstOrDefault(d => d is not null);
    }

    private static List<(string Name, string Value)> Headers(JsonNode node) => [.. node["headers"]!.AsArray().Select(h => (((string)h![0]!).ToLowerInvariant(), (string)h[1]!))];

    private async Task<JsonNode> ReadAsync(JsonNode record) => await AskAsync(await File.ReadAllBytesAsync(Kit.Require($"mail/{record["file"]}"), Cancel));

    private async Task<JsonNode> AskAsync(byte[] message) => JsonNode.Parse(await _parser.AskAsync(Frames.Mail, message, TimeSpan.FromSeconds(30), Cancel), documentOptions: new JsonDocumentOptions { MaxDepth = 128 })!;

    private static IEnumerable<JsonNode> Lines(string file) => File.ReadLines(Kit.Require($"mail/{file}")).Where(l => l.Length > 0).Select(l => JsonNode.Parse(l, documentOptions: new JsonDocumentOptions { MaxDepth = 128 })!);

    private void Report(string name, int right, int all, int floor)
    {
        output.WriteLine($"{name}: {right} of {all}");
        Assert.True(right >= floor, $"{name}: {right} of {all}, the floor is {floor}");
    }
}
