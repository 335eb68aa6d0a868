using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.AppLayer.Files;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect.Thresholds;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>From suricata.yaml, --set and the command line to settings. What is not given acts like the stock configuration.</summary>
internal sealed partial class Configuration
{
    /// <summary>Named as the file of a fault that lies in the configuration's own values.</summary>
    public const string Itself = "configuration";

    private const string StockPolicies = "host-os-policy: { windows: [0.0.0.0/0] }\n";

    public required EngineSettings Settings { get; init; }
    public required RuleVariables Variables { get; init; }
    public required Classification Classes { get; init; }
    public List<RuleFault> Faults { get; init; } = [];
    public string EveName { get; init; } = "eve.json";

    public static Configuration Build(SensorArguments args, YamlNode root)
    {
        var variables = new RuleVariables();
        foreach (var (name, node) in root["vars.address-groups"]?.Map ?? []) variables.Addresses[name] = Flat(node);
        foreach (var (name, node) in root["vars.port-groups"]?.Map ?? []) variables.Ports[name] = Flat(node);
        var classes = new Classification();
        string? classFile = root.Value("classification-file");
        if (classFile != null && File.Exists(classFile)) classes.Load(classFile);
        var faults = new List<RuleFault>();
        var suppressions = new SuppressionList();
        string? thresholdFile = root.Value("threshold-file");
        if (thresholdFile != null && File.Exists(thresholdFile)) suppressions.Load(thresholdFile, variables, faults);
        // a capture file is taken as it is when its checksums are switched off, whatever -k says
        string? wish = args.Capture == null ? null : root.Value("pcap-file.checksum-checks");
        bool checksums = (args.Checksums ?? true) && (wish is null or "auto" || YamlNode.IsTrue(wish));
        DefragPolicies policies = Policies(root["host-os-policy"] ?? (args.ConfigFile == null ? YamlReader.Read(StockPolicies)["host-os-policy"] : null));
        bool inline = root.Value("stream.inline") switch { null or "auto" => args.SimulateIps, string v => YamlNode.IsTrue(v) };
        bool midstream = root.Flag("stream.midstream", false);
        ExceptionPolicy Policy(string path, bool forMidstream = false) => PolicyOf(root, path, args.SimulateIps, forMidstream, midstream, faults);
        AppLayerOptions app = App(root["app-layer.protocols"]) with
        {
            Files = Files(root, args),
            ErrorPolicy = Policy("app-layer.error-policy"),
            Memcap = Math.Max(1 << 20, root.Size("app-layer.memcap", 1L << 30)),
            HttpMemcap = root.Size("app-layer.protocols.http.memcap", 0),
            FtpMemcap = root.Size("app-layer.protocols.ftp.memcap", 0),
        };
        YamlNode? eve = root["outputs.eve-log"];
        app = ProtocolConfiguration.Apply(app, root["app-layer.protocols"], eve);
        return new Configuration
        {
            Variables = variables,
            Classes = classes,
            Faults = faults,
            EveName = eve?.Value("filename") ?? "eve.json",
            Settings = new EngineSettings
            {
                SimulateIps = args.SimulateIps,
                RuleLoad = new RuleLoadOptions { FilesAnywhere = true, Reputation = ReputationOf(root, faults), DataFolder = args.DataFolder ?? args.LogFolder, CacheFolder = CacheFolder(root, args), IgnoreUnknownRequirements = root.Flag("ignore-unknown-requirements", false), ActionOrder = Actions(root["action-order"]) },
                Suppressions = suppressions,
                StatsIntervalSeconds = Math.Clamp(root.Integer("stats.interval", 8), 1, 3600),
                MaxAlertsPerPacket = root.Integer("packet-alert-max", 15) is > 0 and <= 256 and int most ? most : 15,
                NativeMatcher = root.Value("mpm-algo") is not ("ac" or "ac-bs" or "ac-ks"),
                Decode = new DecodeOptions
                {
                    Teredo = root.Flag("decoder.teredo.enabled", true),
                    TeredoPorts = Ports(root, "decoder.teredo.ports", 3544),
                    Vxlan = root.Flag("decoder.vxlan.enabled", true),
                    VxlanPorts = Ports(root, "decoder.vxlan.ports", 4789),
                    Geneve = root.Flag("decoder.geneve.enabled", true),
                    GenevePorts = Ports(root, "decoder.geneve.ports", 6081),
                    MaxLayers = Math.Max(1, root.Integer("decoder.recursion-level-max", 0) is > 0 and int n ? n : 16),
                    DefragMemcap = root.Size("defrag.memcap", 32L << 20),
                    MemcapPolicy = Policy("defrag.memcap-policy"),
                    MaxTrackers = Math.Max(1, root.Integer("defrag.trackers", 65535)),
                    DefragTimeoutSeconds = root.Integer("defrag.timeout", 60),
                    Policies = policies,
                },
                Flow = new FlowOptions
                {
                    Memcap = root.Size("flow.memcap", 128L << 20),
                    MemcapPolicy = Policy("flow.memcap-policy"),
                    VlanInKey = root.Flag("vlan.use-for-tracking", true),
                    Tcp = Timeouts(root["flow-timeouts.tcp"], new FlowTimeouts(60, 600, 60)),
                    Udp = Timeouts(root["flow-timeouts.udp"], new FlowTimeouts(30, 300, 0)),
                    Icmp = Timeouts(root["flow-timeouts.icmp"], new FlowTimeouts(30, 300, 0)),
                    Other = Timeouts(root["flow-timeouts.default"], new FlowTimeouts(30, 300, 0)),
                    EmergencyTcp = Timeouts(root["flow-timeouts.tcp"], new FlowTimeouts(5, 100, 10), "emergency-"),
                    EmergencyUdp = Timeouts(root["flow-timeouts.udp"], new FlowTimeouts(10, 100, 0), "emergency-"),
                    EmergencyIcmp = Timeouts(root["flow-timeouts.icmp"], new FlowTimeouts(10, 100, 0), "emergency-"),
                    EmergencyOther = Timeouts(root["flow-timeouts.default"], new FlowTimeouts(10, 100, 0), "emergency-"),
                    EmergencyRecoveryPercent = Math.Clamp(root.Integer("flow.emergency-recovery", 30), 1, 100),
                    BypassedSeconds = Math.Max(1, root.Integer("flow-timeouts.tcp.bypassed", 100)),
                },
                Stream = new StreamOptions
                {
                    Memcap = root.Size("stream.memcap", 64L << 20),
                    ReassemblyMemcap = root.Size("stream.reassembly.memcap", 256L << 20),
                    Depth = root.Size("stream.reassembly.depth", 1 << 20),
                    ToServerChunk = (int)root.Size("stream.reassembly.toserver-chunk-size", 2560),
                    ToClientChunk = (int)root.Size("stream.reassembly.toclient-chunk-size", 2560),
                    Raw = root.Flag("stream.reassembly.raw", true),
                    Midstream = midstream,
                    AsyncOneside = root.Flag("stream.async-oneside", false),
                    ChecksumValidation = checksums && root.Flag("stream.checksum-validation", true),
                    MaxCalls = Math.Clamp(root.Integer("stream.max-syn-queued", 10), 0, 255),
                    MaxAnswers = Math.Clamp(root.Integer("stream.max-synack-queued", 5), 0, 255),
                    LiberalTimestamps = root.Flag("stream.liberal-timestamps", true),
                    ChecksumsUnread = wish is not (null or "auto") && !YamlNode.IsTrue(wish),
                    ChecksumsByTrial = args.Capture != null && wish is null or "auto",
                    Inline = inline,
                    Urgent = root.Value("stream.reassembly.urgent.policy") switch { "oob" => UrgentPolicy.OutOfBand, "gap" => UrgentPolicy.Gap, "drop" => UrgentPolicy.Drop, _ => UrgentPolicy.Inline },
                    Ips = args.SimulateIps,
                    DropInvalid = inline && root.Flag("stream.drop-invalid", true),
                    MidstreamPolicy = Policy("stream.midstream-policy", true),
                    MemcapPolicy = Policy("stream.memcap-policy"),
                    ReassemblyMemcapPolicy = Policy("stream.reassembly.memcap-policy"),
                    Policies = policies,
                },
                App = app,
                Eve = Eve(eve, args) is var records && root.Flag("stats.enabled", true) ? records : records with { Stats = false },
            },
        };
    }

    /// <summary>A policy's own setting, else the master switch. Automatic means: drop the flow when in-line, else nothing; and nothing to conversations that may be picked up midway.</summary>
    private static ExceptionPolicy PolicyOf(YamlNode root, string path, bool ips, bool forMidstream, bool midstream, List<RuleFault> faults)
    {
        ExceptionPolicy automatic = ips && !(forMidstream && midstream) ? ExceptionPolicy.DropFlow : ExceptionPolicy.Ignore;
        string? own = root.Value(path);
        if (!ips && own is "reject" or "rejectboth" && forMidstream) own = "ignore"; // there is nothing to answer
        ExceptionPolicy policy = ExceptionPolicies.Parse(own) ?? (own == null ? ExceptionPolicies.Parse(root.Value("exception-policy")) : null) ?? automatic;
        if (!forMidstream) return policy;
        if (own != null)
        {
            // what does not fit is told, and taken by its word
            string? fault = policy is ExceptionPolicy.DropPacket or ExceptionPolicy.PassPacket ? "a missing handshake is held against a whole flow"
                : midstream && policy is not (ExceptionPolicy.PassFlow or ExceptionPolicy.Ignore) ? "with stream.midstream only pass-flow and ignore fit"
                : !ips && policy == ExceptionPolicy.DropFlow ? "nothing is dropped where nothing is in-line" : null;
            if (fault != null) faults.Add(new RuleFault(Itself, 0, 0, path, $"{own} does not fit: {fault}"));
            return policy;
        }
        // a flow is the smallest thing that a missing handshake can be held against
        if (policy is ExceptionPolicy.DropPacket or ExceptionPolicy.PassPacket) policy = policy == ExceptionPolicy.DropPacket ? ExceptionPolicy.DropFlow : ExceptionPolicy.Ignore;
        if (midstream && policy is not (ExceptionPolicy.PassFlow or ExceptionPolicy.Bypass)) policy = ExceptionPolicy.Ignore;
        return policy;
    }

    private static FileWishes Files(YamlNode root, SensorArguments args)
    {
        long depth = root.Size("stream.reassembly.depth", 1 << 20);
        YamlNode? store = root["outputs.file-store"], files = root["outputs.eve-log.types.files"];
        var hashes = new HashSet<string>();
        foreach (YamlNode? node in (YamlNode?[])[store?["force-hash"], files?["force-hash"]])
            foreach (string word in (node == null ? "" : Flat(node)).Trim('[', ']').Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) hashes.Add(word);
        FileStoreOptions? place = null;
        if (store != null && store.Flag("enabled", false))
        {
            string folder = store.Value("dir") ?? "filestore";
            place = new FileStoreOptions
            {
                Folder = Path.IsPathRooted(folder) ? folder : Path.Combine(args.LogFolder, folder),
                Force = store.Flag("force-filestore", false),
                WritesInfo = store.Flag("write-fileinfo", false),
            };
        }
        return new FileWishes { Md5 = hashes.Contains("md5"), Sha1 = hashes.Contains("sha1"), Sha256 = hashes.Contains("sha256"), Magic = files?.Flag("force-magic", false) ?? store?.Flag("force-magic", false) ?? false, Store = place, Depth = store?.Size("stream-depth", depth) ?? depth };
    }

    private static Reputation ReputationOf(YamlNode root, List<RuleFault> faults)
    {
        var reputation = new Reputation();
        string folder = root.Value("default-reputation-path") ?? "";
        try
        {
            if (root.Value("reputation-categories-file") is { } categories) reputation.LoadCategories(categories, faults);
            foreach (YamlNode file in root["reputation-files"]?.Items ?? [])
                if (file.Text != null) reputation.Load(Path.Combine(folder, file.Text), faults);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(new RuleFault("reputation", 0, 0, "reputation-files", e.Message));
        }
        return reputation;
    }

    private static List<RuleAction> Actions(YamlNode? node)
    {
        var order = new List<RuleAction>();
        foreach (YamlNode item in node?.Items ?? [])
        {
            RuleAction? action = item.Text switch { "pass" => RuleAction.Pass, "drop" => RuleAction.Drop, "reject" => RuleAction.Reject, "alert" => RuleAction.Alert, _ => null };
            if (action is { } known && !order.Contains(known)) order.Add(known);
        }
        foreach (RuleAction action in new RuleLoadOptions().ActionOrder)
            if (!order.Contains(action)) order.Add(action);
        return order;
    }

    /// <summary>Only where a place is named: by the path's own key, or below the data folder unless caching is switched off.</summary>
    private static string? CacheFolder(YamlNode root, SensorArguments args) =>
        !root.Flag("detect.sgh-mpm-caching", true) ? null : root.Value("detect.sgh-mpm-caching-path") ?? (args.DataFolder == null ? null : Path.Combine(args.DataFolder, "cache", "patterns"));

    private static string Flat(YamlNode node) => node.Text ?? (node.Items != null ? "[" + string.Join(',', node.Items.Select(i => i.Text)) + "]" : "any");

    private static PortList Ports(YamlNode root, string path, ushort otherwise)
    {
        string text = root[path] is { } node ? Flat(node) : "";
        ushort[] ports = text.Trim('[', ']').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(p => ushort.TryParse(p, System.Globalization.CultureInfo.InvariantCulture, out ushort n) ? n : otherwise).ToArray();
        return ports.Length > 0 ? new PortList(ports) : PortList.One(otherwise);
    }

    private static FlowTimeouts Timeouts(YamlNode? node, FlowTimeouts stock, string prefix = "") =>
        node == null ? stock : new FlowTimeouts(node.Integer(prefix + "new", stock.New), node.Integer(prefix + "established", stock.Established), node.Integer(prefix + "closed", stock.Closed));

    private static DefragPolicies Policies(YamlNode? node)
    {
        var policies = new DefragPolicies();
        if (node?.Map == null) return policies;
        foreach (var (name, nets) in node.Map)
        {
            (OverlapPolicy segments, OverlapPolicy fragments) = TargetOf(name);
            foreach (string net in (nets.Items?.Select(i => i.Text ?? "") ?? [nets.Text ?? ""]).SelectMany(t => t.Trim('[', ']').Split(',', StringSplitOptions.TrimEntries)))
                if (AddressSet.TryRange(net, out var range)) policies.Add(range.Low, range.High, 128 - (int)UInt128.Log2(range.High - range.Low + 1), segments, fragments);
        }
        return policies;
    }

    /// <summary>How a system settles overlaps of segments and of fragments: found by asking the reference about each.</summary>
    private static (OverlapPolicy Segments, OverlapPolicy Fragments) TargetOf(string system) => system switch
    {
        "linux" => (OverlapPolicy.Linux, OverlapPolicy.Linux),
        "old-linux" => (OverlapPolicy.OldLinux, OverlapPolicy.Linux),
        "windows" => (OverlapPolicy.Windows, OverlapPolicy.Windows),
        "windows2k3" => (OverlapPolicy.Windows2003, OverlapPolicy.Windows),
        "vista" => (OverlapPolicy.Vista, OverlapPolicy.Windows),
        "solaris" => (OverlapPolicy.Solaris, OverlapPolicy.Solaris),
        "old-solaris" or "hpux11" => (OverlapPolicy.Solaris, OverlapPolicy.First),
        "macos" => (OverlapPolicy.Bsd, OverlapPolicy.First),
        "bsd-right" => (OverlapPolicy.Bsd, OverlapPolicy.BsdRight),
        _ => (OverlapPolicy.Bsd, OverlapPolicy.Bsd),
    };

    private static AppLayerOptions App(YamlNode? node)
    {
        var stock = new AppLayerOptions();
        if (node?.Map == null) return stock;
        var disabled = new HashSet<string>(stock.Disabled);
        foreach (var (name, protocol) in node.Map)
        {
            string? enabled = protocol.Value("enabled");
            if (enabled == null) continue;
            if (enabled is "no" or "false" or "detection-only") disabled.Add(name);
            else disabled.Remove(name);
        }
        YamlNode? http = node["http.libhtp.default-config"];
        return stock with
        {
            Disabled = disabled,
            Ja3 = node.Value("tls.ja3-fingerprints") is "yes" or "true" or "on",
            Hassh = node.Value("ssh.hassh") is "yes" or "true" or "on",
            HttpRequestBodyLimit = (int)(http?.Size("request-body-limit", stock.HttpRequestBodyLimit) ?? stock.HttpRequestBodyLimit),
            HttpResponseBodyLimit = (int)(http?.Size("response-body-limit", stock.HttpResponseBodyLimit) ?? stock.HttpResponseBodyLimit),
            HttpRequestMinInspect = (int)(http?.Size("request-body-minimal-inspect-size", stock.HttpRequestMinInspect) ?? stock.HttpRequestMinInspect),
            HttpRequestWindow = (int)(http?.Size("request-body-inspect-window", stock.HttpRequestWindow) ?? stock.HttpRequestWindow),
            HttpResponseMinInspect = (int)(http?.Size("response-body-minimal-inspect-size", stock.HttpResponseMinInspect) ?? stock.HttpResponseMinInspect),
            HttpResponseWindow = (int)(http?.Size("response-body-inspect-window", stock.HttpResponseWindow) ?? stock.HttpResponseWindow),
            HttpLayers = http?.Integer("response-body-decompress-layer-limit", stock.HttpLayers) ?? stock.HttpLayers,
            HttpMaxHeaders = Math.Clamp(http?.Integer("headers-limit", stock.HttpMaxHeaders) ?? stock.HttpMaxHeaders, 1, 1 << 16),
            DoubleDecodePath = http?.Flag("double-decode-path", false) ?? false,
            DoubleDecodeQuery = http?.Flag("double-decode-query", false) ?? false,
        };
    }
}
