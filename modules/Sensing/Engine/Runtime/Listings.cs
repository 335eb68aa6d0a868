using System.Globalization;
using System.Runtime.InteropServices;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Memory;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>What the command prints instead of running: keywords, protocols, run modes, the build, the configuration as it was understood.</summary>
internal static class Listings
{
    /// <summary>Prints the listing asked for; the exit code.</summary>
    public static int Print(SensorArguments args, TextWriter stdout, TextWriter stderr)
    {
        switch (args.Listing)
        {
            case "list-keywords": return Keywords(args.ListingOf, stdout, stderr);
            case "list-app-layer-protos" or "list-app-layer-protocols":
                stdout.WriteLine("=========Supported App Layer Protocols=========");
                foreach (string name in Protocols()) stdout.WriteLine(name);
                return 0;
            case "list-runmodes":
                stdout.WriteLine("PCAP_FILE        single, autofp      captures read from files (-r)");
                stdout.WriteLine("AF_PACKET_DEV    workers             interfaces by a packet ring (-i), libpcap where the kernel refuses one");
                return 0;
            case "build-info": return Build(stdout);
            case "dump-features":
                foreach (string feature in Features()) stdout.WriteLine(feature);
                return 0;
            case "dump-config":
                var run = new StandAlone(args, stdout, stderr);
                if (!run.TryConfigure()) return 1;
                Dump(run.Root, "", stdout, 0);
                return 0;
            default: return RuleAnalysis.Print(args, stdout, stderr);
        }
    }

    /// <summary>What is told apart, parsed or only named, as far as it is on without being asked for.</summary>
    public static IEnumerable<string> Protocols()
    {
        var stock = new AppLayerOptions();
        return Enum.GetValues<AppProto>().Where(p => p is not (AppProto.Unknown or AppProto.Failed or AppProto.Http)).Select(AppProtoNames.Name).Where(stock.Enabled);
    }

    private static int Keywords(string? of, TextWriter stdout, TextWriter stderr)
    {
        switch (of)
        {
            case null:
                stdout.WriteLine("=====Supported keywords=====");
                foreach (string name in KeywordTable.Names) stdout.WriteLine("- " + name);
                return 0;
            case "all":
                foreach (string name in KeywordTable.Names)
                {
                    stdout.WriteLine(name + ":");
                    Describe(name, "\t", stdout);
                }
                return 0;
            case "csv":
                stdout.WriteLine("name;description;app layer;features;documentation");
                foreach (string name in KeywordTable.Names)
                {
                    var (about, protocol, features) = KeywordDescriptions.Of(name);
                    stdout.WriteLine($"{name};{about};{protocol};{features};;");
                }
                return 0;
        }
        if (!KeywordTable.Names.Contains(of, StringComparer.Ordinal))
        {
            stderr.WriteLine("Non existing keyword");
            return 1;
        }
        stdout.WriteLine($"= {of} =");
        Describe(of, "", stdout);
        return 0;
    }

    private static void Describe(string name, string indent, TextWriter stdout)
    {
        var (about, protocol, features) = KeywordDescriptions.Of(name);
        stdout.WriteLine($"{indent}Description: {about}");
        if (protocol != "Unset") stdout.WriteLine($"{indent}Protocol: {protocol}");
        stdout.WriteLine($"{indent}Features: {features}");
    }

    private static IEnumerable<string> Features()
    {
        yield return "output::filestore";
        yield return "output::file-store";
        yield return "ja3";
        yield return "ja4";
    }

    private static int Build(TextWriter stdout)
    {
        stdout.WriteLine($"This engine speaks the rules and records of Suricata version {SensorProgram.Version} RELEASE");
        stdout.WriteLine($"Version: {typeof(Listings).Assembly.GetName().Version?.ToString(3)}");
        stdout.WriteLine($"Features: PCAP_FILE AF_PACKET {(NativeLibraries.Exists("pcap") ? "LIBPCAP " : "")}{(Hyperscan.Available ? "HYPERSCAN " : "")}{(NativeLibraries.Exists("magic") ? "MAGIC " : "")}JA3 JA4 HASSH");
        stdout.WriteLine($"Runtime: {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}, {Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)} processors");
        stdout.WriteLine($"Pattern matcher: {(Hyperscan.Available ? "hyperscan" : "aho-corasick")}; PCRE2: {(NativeLibraries.Exists("pcre2-8") ? "yes" : "no")}; libpcap: {(NativeLibraries.Exists("pcap") ? "yes" : "no")}; libmagic: {(NativeLibraries.Exists("magic") ? "yes" : "no")}");
        stdout.WriteLine("Not there: Lua, GeoIP, in-line capture (NFQ, IPFW), AF_XDP, DPDK, netmap, PF_RING, NFLOG, ERF");
        return 0;
    }

    private static void Dump(YamlNode node, string path, TextWriter stdout, int depth, bool item = false)
    {
        if (depth > YamlNode.MostDepth) return;
        string below = path.Length == 0 ? "" : path + ".";
        if (path.Length > 0) stdout.WriteLine($"{path} = {node.Text ?? (item ? node.Map?.Keys.FirstOrDefault() : null) ?? "(null)"}");
        foreach (var (key, value) in node.Map ?? []) Dump(value, below + key, stdout, depth + 1);
        // a list that was written on one line has been printed as its text
        if (node.Text != null) return;
        for (int i = 0; i < (node.Items?.Count ?? 0); i++) Dump(node.Items![i], below + i.ToString(CultureInfo.InvariantCulture), stdout, depth + 1, true);
    }
}
