using System.Text.Json;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Runtime;

internal sealed record CaptureInterface(string Name, int Threads, bool Promiscuous);

/// <summary>settings.json of a generation.</summary>
internal sealed class SensorFolderSettings
{
    private const long Mib = 1 << 20;
    public List<string> HomeNetworks { get; } = [];
    public Dictionary<string, string> AddressVariables { get; } = [];
    public Dictionary<string, string> PortVariables { get; } = [];
    public List<CaptureInterface> Interfaces { get; } = [];
    public bool CommunityId { get; private set; } = true;
    public bool Payload { get; private set; } = true;
    public bool Packet { get; private set; } = true;
    public long FlowMemcap { get; private set; } = 128 * Mib;
    public long StreamMemcap { get; private set; } = 64 * Mib;
    public long ReassemblyMemcap { get; private set; } = 256 * Mib;
    public long DefragMemcap { get; private set; } = 32 * Mib;
    public long SpoolBudget { get; private set; } = 2048 * Mib;
    public long PacketsBudget { get; private set; }
    public long FilesBudget { get; private set; }
    public int StatsIntervalSeconds { get; private set; } = 10;

    /// <summary>How often the sensor tells what rules cost; 0: they are not timed.</summary>
    public int CostsIntervalSeconds { get; private set; } = 600;

    public static SensorFolderSettings Read(string path)
    {
        var settings = new SensorFolderSettings();
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object) throw new FormatException("settings.json is not an object");
        string at = "a name";
        try
        {
            foreach (JsonProperty property in root.EnumerateObject())
            {
                at = property.Name;
                settings.Take(at, property.Value);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
        {
            // a value of another kind, or text that is no Unicode
            throw new FormatException($"{at} is not what it should be: {e.Message}");
        }
        return settings;
    }

    private void Take(string name, JsonElement value)
    {
        switch (name)
        {
            case "home_networks":
                foreach (JsonElement e in Expect(name, value, JsonValueKind.Array).EnumerateArray())
                {
                    string net = e.GetString() ?? "";
                    if (!AddressSet.TryRange(net.TrimStart('!'), out _)) throw new FormatException($"home_networks: \"{net}\" is not a network");
                    HomeNetworks.Add(net);
                }
                break;
            case "variables":
                foreach (JsonProperty kind in Expect(name, value, JsonValueKind.Object).EnumerateObject())
                    foreach (JsonProperty one in Expect("variables." + kind.Name, kind.Value, JsonValueKind.Object).EnumerateObject())
                        (kind.Name == "port" ? PortVariables : AddressVariables)[one.Name] = one.Value.GetString() ?? "any";
                break;
            case "interfaces":
                foreach (JsonElement e in Expect(name, value, JsonValueKind.Array).EnumerateArray())
                    Interfaces.Add(new CaptureInterface(e.GetProperty("name").GetString() ?? "", e.TryGetProperty("threads", out JsonElement t) ? Math.Clamp(t.GetInt32(), 1, 64) : 1,
                        !e.TryGetProperty("promiscuous", out JsonElement p) || p.GetBoolean()));
                break;
            case "community_id": CommunityId = value.GetBoolean(); break;
            case "payload": Payload = value.GetBoolean(); break;
            case "packet": Packet = value.GetBoolean(); break;
            case "memcaps_mib":
                foreach (JsonProperty one in Expect(name, value, JsonValueKind.Object).EnumerateObject())
                {
                    long bytes = Amount("memcaps_mib." + one.Name, one.Value, 1);
                    switch (one.Name)
                    {
                        case "flow": FlowMemcap = bytes; break;
                        case "stream": StreamMemcap = bytes; break;
                        case "reassembly": ReassemblyMemcap = bytes; break;
                        case "defrag": DefragMemcap = bytes; break;
                    }
                }
                break;
            case "budgets_mib":
                foreach (JsonProperty one in Expect(name, value, JsonValueKind.Object).EnumerateObject())
                {
                    long bytes = Amount("budgets_mib." + one.Name, one.Value, 0);
                    switch (one.Name)
                    {
                        case "spool": SpoolBudget = bytes; break;
                        case "packets": PacketsBudget = bytes; break;
                        case "files": FilesBudget = bytes; break;
                    }
                }
                break;
            case "stats_interval_seconds":
                StatsIntervalSeconds = value.GetInt32();
                if (StatsIntervalSeconds is < 1 or > 3600) throw new FormatException("stats_interval_seconds lies outside 1 to 3600");
                break;
            case "costs_interval_seconds":
                CostsIntervalSeconds = value.GetInt32();
                if (CostsIntervalSeconds is < 0 or > 86400) throw new FormatException("costs_interval_seconds lies outside 0 to 86400");
                break;
        }
    }

    private static long Amount(string name, JsonElement value, long least)
    {
        if (!value.TryGetInt64(out long mib) || mib < least || mib > 1 << 20) throw new FormatException($"{name} lies outside {least} to 1048576");
        return mib * Mib;
    }

    private static JsonElement Expect(string name, JsonElement value, JsonValueKind kind) =>
        value.ValueKind == kind ? value : throw new FormatException($"{name} is not {(kind == JsonValueKind.Array ? "a list" : "an object")}");

    public void ApplyTo(RuleVariables variables)
    {
        if (HomeNetworks.Count > 0) variables.Addresses["HOME_NET"] = "[" + string.Join(',', HomeNetworks) + "]";
        foreach (var (name, value) in AddressVariables) variables.Addresses[name] = value;
        foreach (var (name, value) in PortVariables) variables.Ports[name] = value;
    }

    public EngineSettings ToEngine() => new()
    {
        Decode = new DecodeOptions { DefragMemcap = DefragMemcap },
        Flow = new FlowOptions { Memcap = FlowMemcap },
        Stream = new StreamOptions { Memcap = StreamMemcap, ReassemblyMemcap = ReassemblyMemcap },
        App = new AppLayerOptions { Files = new FileWishes { Sha256 = true, Md5 = true } },
        Eve = new EveOptions { CommunityId = CommunityId, Payload = Payload, PayloadPrintable = Payload, Packet = Packet, ShowNumbers = false },
        MeasuresCosts = CostsIntervalSeconds > 0,
    };
}
