using Appliance.Sensing.Engine.Output;

namespace Appliance.Sensing.Engine.Runtime;

internal sealed partial class Configuration
{
    // the stock outputs in their places, for settings that count them
    private const string StockOutputs = """
        outputs:
          - fast:
              enabled: yes
          - eve-log:
              enabled: yes
              types:
                - alert:
                    tagged-packets: yes
                - frame:
                    enabled: no
                - anomaly:
                    enabled: yes
                - http:
                    extended: yes
                - dns
                - tls:
                    extended: yes
                - files:
                    force-magic: no
                - smtp
                - ftp
                - rdp
                - nfs
                - smb
                - tftp
                - ike
                - dcerpc
                - krb5
                - bittorrent-dht
                - snmp
                - rfb
                - sip
                - quic
                - dhcp:
                    enabled: yes
                    extended: no
                - ssh
                - mqtt
                - http2
                - pgsql:
                    enabled: no
                - stats:
                    totals: yes
                - flow
        """;

    /// <summary>What there is without a configuration file: nothing, which acts like the stock file; its outputs are spelled out when a setting names them.</summary>
    public static YamlNode Stock(IEnumerable<string> sets) =>
        sets.Any(s => s.StartsWith("outputs.", StringComparison.Ordinal)) ? YamlReader.Read(StockOutputs) : new YamlNode { Map = [] };

    /// <summary>The eve-log output: which records, and what they hold. Without a list of types the stock ones are on.</summary>
    private static EveOptions Eve(YamlNode? eve, SensorArguments args)
    {
        var options = new EveOptions { InLine = args.SimulateIps };
        if (eve == null) return options;
        options = options with
        {
            Enabled = eve.Flag("enabled", true),
            CommunityId = eve.Flag("community-id", false),
            CommunityIdSeed = (ushort)eve.Integer("community-id-seed", 0),
            Ethernet = eve.Flag("ethernet", false),
            PcapFileShown = eve.Flag("pcap-file", false),
            Xff = Xff(eve["xff"]),
            FilesXff = Xff(eve["xff"]),
            Metadata = eve.Flag("metadata", true),
        };
        YamlNode? types = eve["types"];
        if (types?.Items == null) return options;
        var named = new HashSet<string>();
        foreach (YamlNode type in types.Items)
        {
            string? name = type.Text ?? type.Map?.Keys.FirstOrDefault();
            if (name == null) continue;
            if (type.Map?.Values.FirstOrDefault()?.Value("enabled") is "no" or "false") continue;
            named.Add(name);
        }
        options = options with
        {
            Types = named,
            Flows = named.Contains("flow"),
            Netflow = named.Contains("netflow"),
            Files = named.Contains("files"),
            ForceMagic = types["files"]?.Flag("force-magic", false) ?? false,
            FilesXff = Xff(types["files"]?["xff"]) ?? options.FilesXff,
            Stats = named.Contains("stats"),
            Frames = named.Contains("frame"),
            // the last byte of the buffer is not used
            FramePayloadSize = (int)Math.Clamp((types["frame"]?.Size("payload-buffer-size", 4096) ?? 4096) - 1, 0, 1 << 20),
            MetadataRecords = named.Contains("metadata"),
            Anomaly = named.Contains("anomaly") ? Anomalies(types["anomaly"]) : AnomalyOptions.Off,
            Drops = named.Contains("drop"),
            DropAlerts = types["drop"]?.Flag("alerts", false) ?? false,
            DropEveryPacket = types["drop"]?.Value("flows") == "all",
            StreamStates = named.Contains("stream") ? new(types["stream"]?.Flag("all", false) ?? false, types["stream"]?.Flag("event-set", false) ?? false, types["stream"]?.Flag("state-update", false) ?? false) : null,
            DropVerdict = types["drop"]?.Flag("verdict", false) ?? false,
        };
        return Alerts(options, named.Contains("alert"), types["alert"]);
    }

    private static EveOptions Alerts(EveOptions options, bool on, YamlNode? alert)
    {
        options = options with { Alerts = on };
        if (alert == null) return options;
        // "metadata: no" switches the three groups off, a map chooses among them
        bool all = alert.Flag("metadata", true);
        return options with
        {
            Payload = alert.Flag("payload", false),
            PayloadPrintable = alert.Flag("payload-printable", false),
            Packet = alert.Flag("packet", false),
            PayloadBufferSize = (int)Math.Clamp(alert.Size("payload-buffer-size", 4096), 1, 1 << 20),
            HttpBody = alert.Flag("http-body", false),
            HttpBodyPrintable = alert.Flag("http-body-printable", false),
            AppLayerInAlert = alert.Flag("metadata.app-layer", all),
            FlowInAlert = alert.Flag("metadata.flow", all),
            RuleMetadata = alert.Flag("metadata.rule.metadata", all),
            RuleText = alert.Flag("metadata.rule.raw", false),
            RuleReference = alert.Flag("metadata.rule.reference", false),
            TaggedPackets = alert.Flag("tagged-packets", true),
            Verdict = alert.Flag("verdict", false),
            Xff = Xff(alert["xff"]) ?? options.Xff,
        };
    }

    private static XffOptions? Xff(YamlNode? node) =>
        node == null || !node.Flag("enabled", false) ? null : new XffOptions(node.Value("header") ?? "X-Forwarded-For", node.Value("mode") == "overwrite", node.Value("deployment") != "forward");

    private static AnomalyOptions Anomalies(YamlNode? node)
    {
        var stock = new AnomalyOptions();
        if (node?["types"] is not { } types) return stock;
        return new AnomalyOptions(types.Flag("decode", stock.Decode), types.Flag("stream", stock.Stream), types.Flag("applayer", stock.AppLayer));
    }
}
