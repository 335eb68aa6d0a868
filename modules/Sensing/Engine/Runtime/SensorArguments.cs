namespace Appliance.Sensing.Engine.Runtime;

/// <summary>The command line, in Suricata's shape.</summary>
internal sealed class SensorArguments
{
    public string? Capture;
    public List<string> Interfaces = [];
    public List<string> OnlyRules = [];      // -S
    public List<string> MoreRules = [];      // -s
    public string LogFolder = ".";
    public string? ConfigFile;
    public List<string> Sets = [];
    public bool? Checksums;
    public bool TestOnly;
    public bool DisableDetection;
    public bool SimulateIps;
    public bool InitErrorsFatal;
    public bool StrictCapture;
    public bool Recursive;
    public bool Each;
    public bool ShowVersion;
    public string? Folder;
    public int Threads;                      // 0: as the configuration says
    public string? Fault;
    public string? DataFolder;
    public string? Filter;                   // BPF
    public string? FilterFile;
    public List<string> Notes = [];
    public List<string> Includes = [];
    public string? Listing;                  // what to print instead of running
    public string? ListingOf;
    public string? PidFile;
    public string? RunMode;
    public bool DeleteRead;
    public bool Continuous;
    public bool Verbose;
    public bool LogFolderGiven;

    public static SensorArguments Parse(IReadOnlyList<string> args)
    {
        var found = new SensorArguments();
        for (int i = 0; i < args.Count && found.Fault == null; i++)
        {
            string arg = args[i];
            string? inline = null;
            int equals = arg.IndexOf('=', StringComparison.Ordinal);
            if (arg.StartsWith("--", StringComparison.Ordinal) && equals > 0)
            {
                inline = arg[(equals + 1)..];
                arg = arg[..equals];
            }
            else if (arg.Length > 2 && arg[0] == '-' && arg[1] is 'r' or 'S' or 's' or 'l' or 'c' or 'k' or 'i' && arg[1] != '-')
            {
                inline = arg[2..];
                arg = arg[..2];
            }
            string Value()
            {
                if (inline != null) return inline;
                if (i + 1 < args.Count) return args[++i];
                found.Fault = $"{arg} needs a value";
                return "";
            }
            switch (arg)
            {
                case "-r": found.Capture = Value(); break;
                case "-i" or "--af-packet" or "--pcap":
                    if (arg == "-i" || inline != null) found.Interfaces.Add(Value());
                    break;
                case "-S": found.OnlyRules.Add(Value()); break;
                case "-s": found.MoreRules.Add(Value()); break;
                case "-l":
                    found.LogFolder = Value();
                    found.LogFolderGiven = true;
                    break;
                case "--include": found.Includes.Add(Value()); break;
                case "-c": found.ConfigFile = Value(); break;
                case "--set": found.Sets.Add(Value()); break;
                case "-k":
                    string checks = Value();
                    if (checks is not ("none" or "all")) found.Fault ??= $"-k {checks}: expected all or none";
                    found.Checksums = checks != "none";
                    break;
                case "-T": found.TestOnly = true; break;
                case "-V" or "--version": found.ShowVersion = true; break;
                case "--disable-detection": found.DisableDetection = true; break;
                case "--simulate-ips": found.SimulateIps = true; break;
                case "--init-errors-fatal": found.InitErrorsFatal = true; break;
                case "--strict-capture": found.StrictCapture = true; break;
                case "--pcap-file-recursive": found.Recursive = true; break;
                case "--each": found.Each = true; break;
                case "--list-keywords" or "--list-app-layer-protos" or "--list-app-layer-protocols" or "--list-runmodes" or "--build-info" or "--dump-config" or "--dump-features" or "--engine-analysis":
                    found.Listing = arg[2..];
                    found.ListingOf = inline;
                    break;
                case "--folder": found.Folder = Value(); break;
                case "--threads":
                    if (int.TryParse(Value(), System.Globalization.CultureInfo.InvariantCulture, out int threads)) found.Threads = Math.Clamp(threads, 1, 64);
                    break;
                case "--runmode":
                    found.RunMode = Value();
                    if (found.RunMode is not ("single" or "autofp" or "workers")) found.Fault ??= $"--runmode {found.RunMode}: expected single, autofp or workers";
                    break;
                case "-F": found.FilterFile = Value(); break;
                case "--data-dir": found.DataFolder = Value(); break;
                case "--pidfile": found.PidFile = Value(); break;
                case "--user" or "--group":
                    found.Notes.Add($"{arg} {Value()} has no effect: the engine keeps the account that started it; let the service manager choose it");
                    break;
                case "--pcap-file-delete": found.DeleteRead = true; break;
                case "--pcap-file-continuous": found.Continuous = true; break;
                case "-v" or "-vv" or "-vvv" or "-vvvv": found.Verbose = true; break;
                case "-D" or "--strict-rule-keywords" or "--no-random" or "--disable-hashing" or "--unix-socket":
                    found.Notes.Add($"{arg} has no effect{(arg == "-D" ? ": it stays in the foreground; let the service manager keep it" : "")}");
                    break;
                case "--pcap-buffer-size" or "--reject-dev":
                    found.Notes.Add($"{arg} {Value()} has no effect");
                    break;
                case "-q" or "-d" or "--dpdk" or "--af-xdp" or "--netmap" or "--pfring" or "--pfring-int" or "--nflog" or "--erf-in" or "--dag" or "--napatech" or "--windivert":
                    found.Fault = $"{arg}: this way of capture is not there; captures come from files (-r) and interfaces (-i)";
                    break;
                default:
                    // words without a dash are a capture filter, as with tcpdump
                    if (!arg.StartsWith('-'))
                    {
                        found.Filter = found.Filter == null ? args[i] : found.Filter + " " + args[i];
                        break;
                    }
                    found.Fault = $"unknown argument {args[i]}";
                    break;
            }
        }
        if (found.Capture != null && found.Interfaces.Count > 0) found.Fault ??= "-r and -i exclude each other";
        return found;
    }
}
