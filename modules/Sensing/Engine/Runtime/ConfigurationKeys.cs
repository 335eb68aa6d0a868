namespace Appliance.Sensing.Engine.Runtime;

/// <summary>
/// Every key of suricata.yaml that is known: those that are read, and those that say something to Suricata and nothing here (other capture methods, its threads, its hash tables,
/// its other log files). "*" stands for one name, "**" at the end for everything below.
/// </summary>
internal static class ConfigurationKeys
{
    private static readonly string[] Read =
    [
        "vars.address-groups.*", "vars.port-groups.*", "default-log-dir", "default-rule-path", "rule-files", "classification-file", "reference-config-file", "threshold-file",
        "include", "runmode", "autofp-scheduler", "detect.sgh-mpm-caching", "detect.sgh-mpm-caching-path", "threading.detect-thread-ratio", "action-order", "packet-alert-max", "exception-policy", "mpm-algo", "ignore-unknown-requirements", "host-os-policy.*", "vlan.use-for-tracking", "pidfile",
        "stats.enabled", "stats.interval",
        "default-reputation-path", "reputation-categories-file", "reputation-files",
        "decoder.teredo.enabled", "decoder.teredo.ports", "decoder.vxlan.enabled", "decoder.vxlan.ports", "decoder.geneve.enabled", "decoder.geneve.ports", "decoder.recursion-level-max",
        "defrag.memcap", "defrag.timeout", "defrag.trackers", "defrag.memcap-policy",
        "flow.memcap", "flow.memcap-policy", "flow.emergency-recovery",
        "flow-timeouts.*.new", "flow-timeouts.*.established", "flow-timeouts.*.closed", "flow-timeouts.*.bypassed",
        "flow-timeouts.*.emergency-new", "flow-timeouts.*.emergency-established", "flow-timeouts.*.emergency-closed",
        "stream.memcap", "stream.max-syn-queued", "stream.max-synack-queued", "stream.liberal-timestamps", "stream.checksum-validation", "stream.inline", "stream.midstream", "stream.async-oneside", "stream.drop-invalid", "stream.midstream-policy", "stream.memcap-policy",
        "stream.reassembly.memcap", "stream.reassembly.depth", "stream.reassembly.toserver-chunk-size", "stream.reassembly.toclient-chunk-size", "stream.reassembly.raw",
        "stream.reassembly.memcap-policy", "stream.reassembly.urgent.policy",
        "pcap-file.checksum-checks", "af-packet.interface", "af-packet.threads",
        "app-layer.error-policy", "app-layer.memcap", "app-layer.protocols.*.enabled", "app-layer.protocols.*.detection-ports.**", "app-layer.protocols.*.tcp.**", "app-layer.protocols.*.udp.**",
        "app-layer.protocols.*.memcap", "app-layer.protocols.*.max-line-length", "app-layer.protocols.*.max-tx", "app-layer.protocols.*.encryption-handling", "app-layer.protocols.*.encrypt-handling",
        "app-layer.protocols.tls.ja3-fingerprints", "app-layer.protocols.tls.ja4-fingerprints", "app-layer.protocols.ssh.hassh",
        "app-layer.protocols.ftp.**", "app-layer.protocols.http2.**", "app-layer.protocols.mqtt.**", "app-layer.protocols.smb.**", "app-layer.protocols.dcerpc.**", "app-layer.protocols.pgsql.**",
        "app-layer.protocols.modbus.**", "app-layer.protocols.smtp.**", "app-layer.protocols.quic.**", "app-layer.protocols.template.**",
        "app-layer.protocols.http.libhtp.default-config.**", "app-layer.protocols.http.libhtp.server-config.**",
        "outputs.eve-log.enabled", "outputs.eve-log.filename", "outputs.eve-log.filetype", "outputs.eve-log.community-id", "outputs.eve-log.community-id-seed", "outputs.eve-log.pcap-file", "outputs.eve-log.ethernet",
        "outputs.eve-log.metadata", "outputs.eve-log.xff.*", "outputs.eve-log.types.**",
        "outputs.file-store.enabled", "outputs.file-store.version", "outputs.file-store.dir", "outputs.file-store.force-filestore", "outputs.file-store.force-magic", "outputs.file-store.force-hash",
        "outputs.file-store.write-fileinfo",
    ];

    private static readonly string[] WithoutEffect =
    [
        "suricata-version", "af-packet.**", "af-xdp.**", "dpdk.**", "netmap.**", "pfring.**", "ipfw.**", "nfq.**", "nflog.**", "napatech.**", "pcap.**", "pcap-file.**", "mpipe.**", "cuda.**",
        "capture.**", "plugins", "sensor-name", "umask", "daemon-directory", "run-as.**", "max-pending-packets", "default-packet-size", "unix-command.**",
        "magic-file", "geoip-database", "legacy.**", "pcre.**", "engine-analysis.**", "coredump.**", "host-mode", "livedev.**", "vlan.**", "asn1-max-frames", "spm-algo", "luajit.**", "security.**",
        "logging.**", "profiling.**", "threading.**", "datasets.**", "detect-engine.**", "unittests.**", "multi-detect.**", "lua.**",
        "detect.profile", "detect.inspection-recursion-limit", "detect.custom-values.**", "detect.sgh-mpm-context", "detect.prefilter.**", "detect.grouping.**", "detect.profiling.**", "detect.thresholds.**",
        "detect.guess-applayer-tx", "detect.stream-tx-log-limit", "stats.decoder-events-prefix", "stats.decoder-events", "stats.stream-events", "stats.exception-policy.**",
        "decoder.vntag.enabled", "decoder.erspan.**", "containers.**",
        "defrag.hash-size", "defrag.prealloc", "defrag.max-frags", "defrag.host-config.**", "flow.hash-size", "flow.prealloc", "flow.managers", "flow.recyclers", "flow.rate-tracking.**", "flow-timeouts.*.emergency-bypassed",
        "host.memcap", "ippair.memcap", "host.hash-size", "host.prealloc", "ippair.hash-size", "ippair.prealloc",
        "stream.prealloc-sessions", "stream.max-sessions", "stream.bypass", "stream.log-flowstate-changes",
        "stream.reassembly.segment-prealloc", "stream.reassembly.segments", "stream.reassembly.check-overlap-different-data", "stream.reassembly.max-regions", "stream.reassembly.zero-copy-size",
        "stream.reassembly.randomize-chunk-size", "stream.reassembly.randomize-chunk-range", "stream.reassembly.urgent.oob-limit-policy",
        "app-layer.protocols.*.stream-depth", "app-layer.protocols.dns.global-memcap", "app-layer.protocols.dns.state-memcap", "app-layer.protocols.dns.request-flood", "app-layer.protocols.msn.**",
        "app-layer.protocols.tls.no-reassemble",
        "outputs.eve-log.prefix", "outputs.eve-log.identity", "outputs.eve-log.facility", "outputs.eve-log.level", "outputs.eve-log.redis.**", "outputs.eve-log.rotate-interval", "outputs.eve-log.filemode",
        "outputs.eve-log.buffer-size", "outputs.eve-log.threaded", "outputs.eve-log.suricata-version", "outputs.eve-log.append",
        "outputs.fast.**", "outputs.alert-debug.**", "outputs.alert-prelude.**", "outputs.http-log.**", "outputs.tls-log.**", "outputs.tls-store.**", "outputs.dns-log.**",
        "outputs.pcap-log.**", "outputs.syslog.**", "outputs.drop.**", "outputs.file-log.**", "outputs.file-store.xff.**", "outputs.file-store.log-dir", "outputs.file-store.force-md5", "outputs.file-store.stream-depth",
        "outputs.file-store.max-open-files", "outputs.file-store.write-meta", "outputs.file-store.waldo", "outputs.file-store.include-pid", "outputs.stats.**", "outputs.lua.**", "outputs.tcp-data.**",
        "outputs.http-body-data.**", "outputs.unified2-alert.**",
    ];

    private static readonly KeyTree ReadTree = new(Read), WithoutEffectTree = new(WithoutEffect);

    /// <summary>What a configuration holds that is not read: unknown keys with their place, and known ones without effect, each told at the highest level that is wholly so.</summary>
    public static (List<YamlKey> Unknown, List<string> WithoutEffect, List<string> NotWritten) Sort(YamlNode root)
    {
        var unknown = new List<YamlKey>();
        var idle = new SortedSet<string>(StringComparer.Ordinal);
        var notWritten = new List<string>();
        Walk(root, [], unknown, idle, notWritten);
        return (unknown, [.. idle], notWritten);
    }

    private static void Walk(YamlNode node, List<string> path, List<YamlKey> unknown, SortedSet<string> idle, List<string> notWritten)
    {
        if (path.Count > YamlNode.MostDepth) return;
        foreach (YamlNode item in node.Items ?? []) Walk(item, path, unknown, idle, notWritten);
        foreach (var (key, value) in node.Map ?? [])
        {
            // a list that was changed by number (--set outputs.1.…) names no key
            if (node.Items != null && int.TryParse(key, System.Globalization.CultureInfo.InvariantCulture, out _)) continue;
            path.Add(key);
            if (ReadTree.Holds(path)) { }
            else if (ReadTree.Leads(path)) Walk(value, path, unknown, idle, notWritten);
            else if (WithoutEffectTree.Holds(path) || WithoutEffectTree.Leads(path))
            {
                idle.Add(string.Join('.', path));
                if (path[0] == "outputs" && path.Count == 2 && value.Flag("enabled", false)) notWritten.Add(string.Join('.', path));
            }
            else unknown.Add(new YamlKey(string.Join('.', path), value.File, value.Line));
            path.RemoveAt(path.Count - 1);
        }
    }
}

/// <summary>A key and where it stands.</summary>
internal readonly record struct YamlKey(string Path, string File, int Line);

/// <summary>Patterns of dotted names, asked whether they hold a path or whether something below it is held.</summary>
internal sealed class KeyTree(IEnumerable<string> patterns)
{
    private readonly string[][] _patterns = [.. patterns.Select(p => p.Split('.'))];

    public bool Holds(List<string> path) => Array.Exists(_patterns, p => Matches(p, path, out bool whole) && whole);

    public bool Leads(List<string> path) => Array.Exists(_patterns, p => Matches(p, path, out bool whole) && !whole);

    /// <summary>Does the pattern agree with the path as far as both go; <paramref name="whole"/>: and is the path all that the pattern asks for?</summary>
    private static bool Matches(string[] pattern, List<string> path, out bool whole)
    {
        whole = false;
        for (int i = 0; i < path.Count; i++)
        {
            if (i >= pattern.Length) return false;
            if (pattern[i] == "**")
            {
                whole = true;
                return true;
            }
            if (pattern[i] != "*" && pattern[i] != path[i]) return false;
        }
        whole = pattern.Length == path.Count || pattern.Length == path.Count + 1 && pattern[^1] == "**";
        return true;
    }
}
