using System.Globalization;
using System.Text.Json;
using Appliance.Kernel.Data;
using Appliance.Sensing.Sensors;
using Microsoft.Extensions.Logging;

namespace Appliance.Sensing.Rules;

/// <summary>
/// Puts settings and rules before the sensors as the next generation: a finished directory, renamed into place. Its number is taken in the database first,
/// so that a crash in between leaves a number unused, never one used twice.
/// </summary>
internal sealed class GenerationWriter(Database database, SensorFolders folders, SensingOptions options, TimeProvider time, ILogger<GenerationWriter> log)
{
    private const int Kept = 5;

    private const string Wish =
        """
        select (s.value #>> '{}')::bigint as wanted, coalesce((select max(wanted) from sensing.generations where state = 'published'), 0) as published,
            coalesce((select max(number) from sensing.generations), 0) as last
        from sensing.settings s where s.key = 'wanted_generation'
        """;

    private const string Begin =
        "insert into sensing.generations (number, state, wanted, created_at) values (@number, 'building', @wanted, @now)";

    private const string End =
        """
        update sensing.generations set state = @state, rules = @rules, rules_wrong = @wrong, reason = @reason, published_at = @now
        where number = @number
        """;

    private const string Files =
        """
        select s.name as source, f.name, f.kind, f.body
        from sensing.rule_files f
        join sensing.rule_sources s on s.id = f.source_id
        where s.enabled
        order by s.kind <> 'bundled', s.name, f.name
        """;

    private const string States = "select gid, sid, enabled from sensing.rule_states";

    private const string Indicators =
        """
        -- every row: they go to the sensors, whoever may read them here; a sensor shows nobody anything. PAP:RED stays in the box: a sensor may stand on another machine.
        select sid, type, key from sensing.indicators
        where key is not null and pap < 3 and ended_at is null and (valid_until is null or valid_until > @now) and exists (select 1 from sensing.rule_sources where kind = 'indicators' and enabled)
        order by sid
        """;

    private const string Sensors = "select id, interfaces from sensing.sensors";

    private const string HomeNetworks = "select value #>> '{}' from sensing.settings where key = 'home_networks'";

    private const string WrongCount =
        "select count(*) from sensing.rules r join sensing.rule_sources s on s.id = r.source_id where s.enabled and r.error is not null";

    /// <summary>Fulfils the newest wish, if there is one; true when a generation was published.</summary>
    public async Task<bool> PublishAsync(CancellationToken cancel)
    {
        var wish = (await database.FindAsync<WishRow>(Wish, null, cancel))!;
        if (wish.Wanted <= wish.Published)
            return false;
        var sensors = (await folders.RegisterAsync(cancel)).Where(static s => s.IsOurs).ToList();
        var number = Math.Max(wish.Last, sensors.Select(Highest).DefaultIfEmpty().Max()) + 1;
        await database.ExecuteAsync(Begin, new { number, wanted = wish.Wanted, now = time.GetUtcNow() }, cancel);
        var content = await ContentAsync(cancel);
        var reached = 0;
        string? reason = null;
        foreach (var sensor in sensors)
        {
            try
            {
                Put(sensor, number, content);
                reached++;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                reason = $"{sensor.Name}: {fault.Message}";
                Log.GenerationFailed(log, number, sensor.Name, fault.Message);
            }
        }
        var wrong = await database.FindAsync<int>(WrongCount, null, cancel);
        await database.ExecuteAsync(End, new { number, state = reached == sensors.Count ? "published" : "failed", rules = content.Rules, wrong, reason, now = time.GetUtcNow() }, cancel);
        Log.GenerationPublished(log, number, content.Rules, reached);
        return reached == sensors.Count;
    }

    private async Task<GenerationContent> ContentAsync(CancellationToken cancel)
    {
        var states = (await database.QueryAsync<StateRow>(States, null, cancel)).ToDictionary(s => (s.Gid, s.Sid), s => s.Enabled);
        var tunings = await database.QueryAsync<TuningRow>(ThresholdLines.Tunings, null, cancel);
        var actions = tunings.Where(static t => t.Action is not null).ToDictionary(t => (t.Gid, t.Sid), t => t.Action);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        var seen = new HashSet<(int, long)>();
        var rules = 0;
        foreach (var file in await database.QueryAsync<FileRow>(Files, null, cancel))
        {
            if (file.Kind != "rules")
            {
                files.TryAdd($"{file.Kind}.config", file.Body);
                continue;
            }
            // Two sources may carry the same rule; the first one keeps it.
            var body = RuleScanner.Apply(
                file.Body,
                rule => (rule.Sid is { } sid && states.TryGetValue((rule.Gid, sid), out var enabled) ? enabled : rule.IsOn) && (rule.Sid is null || seen.Add((rule.Gid, rule.Sid.Value))),
                rule => rule.Sid is { } sid ? actions.GetValueOrDefault((rule.Gid, sid)) : null);
            rules += RuleScanner.Scan(body).Count(static r => r.IsOn);
            files[$"rules/{Slug(file.Source)}--{file.Name}"] = body;
        }
        var indicators = IndicatorRules.Of(await database.QueryAsync<IndicatorRow>(Indicators, new { now = time.GetUtcNow() }, cancel));
        rules += indicators.Rules;
        foreach (var (name, body) in indicators.Files)
            files[name] = body;
        // After the sources' own lines: of two for one rule the engine lets the stricter one count.
        if (ThresholdLines.Of(tunings, await database.QueryAsync<SilenceRow>(ThresholdLines.Silences, new { now = time.GetUtcNow() }, cancel)) is { Length: > 0 } lines)
            files["threshold.config"] = files.TryGetValue("threshold.config", out var known) ? $"{known}\n{lines}" : lines;
        var interfaces = (await database.QueryAsync<SensorRow>(Sensors, null, cancel)).ToDictionary(s => s.Id, s => s.Interfaces);
        var networks = JsonSerializer.Deserialize<string[]>(await database.FindAsync<string>(HomeNetworks, null, cancel) ?? "[]") ?? [];
        return new(files, rules, networks, interfaces);
    }

    private void Put(SensorFolder sensor, int number, GenerationContent content)
    {
        Directory.CreateDirectory(sensor.Control);
        var temporary = Path.Combine(sensor.Control, string.Create(CultureInfo.InvariantCulture, $".new-{number}"));
        if (Directory.Exists(temporary))
            Directory.Delete(temporary, recursive: true);
        Directory.CreateDirectory(Path.Combine(temporary, "rules"));
        foreach (var (name, body) in content.Files)
            File.WriteAllText(Path.Combine(temporary, name), body);
        var settings = new Dictionary<string, object>
        {
            ["interfaces"] = content.Interfaces.GetValueOrDefault(sensor.Id, []).Select(static i => new { name = i, threads = 1, promiscuous = true }).ToArray(),
            ["community_id"] = true,
            ["payload"] = true,
            ["packet"] = true,
            ["budgets_mib"] = new { packets = options.PacketsBudgetMib },
        };
        if (content.HomeNetworks.Length > 0)
            settings["home_networks"] = content.HomeNetworks;
        File.WriteAllText(Path.Combine(temporary, "settings.json"), JsonSerializer.Serialize(settings));
        Directory.Move(temporary, Path.Combine(sensor.Control, string.Create(CultureInfo.InvariantCulture, $"generation-{number:D6}")));
        foreach (var old in Directory.EnumerateDirectories(sensor.Control, "generation-*").OrderDescending(StringComparer.Ordinal).Skip(Kept))
            Directory.Delete(old, recursive: true);
    }

    private static int Highest(SensorFolder sensor) =>
        Directory.Exists(sensor.Control)
            ? Directory.EnumerateDirectories(sensor.Control, "generation-*")
                .Select(static d => int.TryParse(Path.GetFileName(d).AsSpan("generation-".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0)
                .DefaultIfEmpty()
                .Max()
            : 0;

    private static string Slug(string name) => new([.. name.ToLowerInvariant().Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);

    private sealed record GenerationContent(Dictionary<string, string> Files, int Rules, string[] HomeNetworks, Dictionary<short, string[]> Interfaces);

    private sealed class WishRow
    {
        public long Wanted { get; init; }
        public long Published { get; init; }
        public int Last { get; init; }
    }

    private sealed class StateRow
    {
        public int Gid { get; init; }
        public long Sid { get; init; }
        public bool Enabled { get; init; }
    }

    private sealed class FileRow
    {
        public string Source { get; init; } = "";
        public string Name { get; init; } = "";
        public string Kind { get; init; } = "";
        public string Body { get; init; } = "";
    }

    private sealed class SensorRow
    {
        public short Id { get; init; }
        public string[] Interfaces { get; init; } = [];
    }
}
