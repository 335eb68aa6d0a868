using System.Text.Json;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Engine.Runtime;
using Appliance.Tests;
using Xunit;

namespace Appliance.Conformance.Sensing;

/// <summary>The evasion cases of the sensing kit, judged by their own test.yaml. The floor only rises.</summary>
public sealed class EvasionKitTests(ITestOutputHelper output)
{
    private const int Floor = 108;

    private static string Cases => Kit.Require("sensing/verify/tests/http-evader");

    [KitFact("sensing/verify/tests/http-evader")]
    public async Task Evasion_cases_raise_what_they_ask_for()
    {
        int passed = 0, all = 0;
        foreach (string folder in Directory.EnumerateDirectories(Cases).Order(StringComparer.Ordinal))
        {
            all++;
            string? fault = await Judge(folder);
            if (fault == null) passed++;
            else output.WriteLine($"{Path.GetFileName(folder)}: {fault}");
        }
        output.WriteLine($"evasion cases: {passed} of {all}");
        Assert.True(passed >= Floor, $"{passed} of {all} evasion cases passed, the floor is {Floor}");
    }

    private static async Task<string?> Judge(string folder)
    {
        string into = Directory.CreateTempSubdirectory("evasion-").FullName;
        try
        {
            string capture = Directory.EnumerateFiles(folder, "*.pcap*").First();
            var log = new StringWriter();
            int exit = await SensorProgram.RunAsync(["-r", capture, "-S", Path.Combine(folder, "test.rules"), "-l", into, "-k", "none"], log, log, TestContext.Current.CancellationToken);
            if (exit != 0) return $"exit code {exit}: {log}";
            List<JsonElement> records = [];
            await foreach (string line in File.ReadLinesAsync(Path.Combine(into, "eve.json"), TestContext.Current.CancellationToken))
            {
                using JsonDocument json = JsonDocument.Parse(line);
                records.Add(json.RootElement.Clone());
            }
            foreach (YamlNode check in YamlReader.Read(await File.ReadAllTextAsync(Path.Combine(folder, "test.yaml"), TestContext.Current.CancellationToken))["checks"]?.Items ?? [])
            {
                if (check["filter"] is not { } filter) continue;
                int want = filter.Integer("count", 1);
                int found = records.Count(r => (filter["match"]?.Map ?? []).All(m => Look(r, m.Key) == m.Value.Text));
                if (found != want) return $"expected {want}, found {found} of {string.Join(", ", (filter["match"]?.Map ?? []).Select(m => $"{m.Key}={m.Value.Text}"))}";
            }
            return null;
        }
        finally
        {
            Directory.Delete(into, true);
        }
    }

    private static string? Look(JsonElement record, string path)
    {
        foreach (string part in path.Split('.'))
        {
            if (record.ValueKind != JsonValueKind.Object || !record.TryGetProperty(part, out JsonElement next)) return null;
            record = next;
        }
        return record.ValueKind == JsonValueKind.String ? record.GetString() : record.GetRawText();
    }
}
