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
    public bool ListKeywords;
    public bool ListProtocols;
    public bool ShowVersion;
    public string? Folder;
    public int Threads = 1;
    public string? Fault;
    public string? DataFolder;
    public string? Filter;                   // BPF
    public string? FilterFile;
    public List<string> Notes = [];

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
                case "-l": found.LogFolder = Value(); break;
                case "-c": found.ConfigFile = Value(); break;
                case "--set": found.Sets.Add(Value()); break;
                case "-k":
                    found.Checksums = Value() switch { "none" => false, _ => true };
                    break;
                case "-T": found.TestOnly = true; break;
                case "-V" or "--version": found.ShowVersion = true; break;
                case "--disable-detection": found.DisableDetection = true; break;
                case "--simulate-ips": found.SimulateIps = true; break;
                case "--init-errors-fatal": found.InitErrorsFatal = true; break;
                case "--strict-capture": found.StrictCapture = true; break;
                case "--pcap-file-recursive": found.Recursive = true; break;
                case "--each": found.Each = true; break;
                case "--list-keywords": found.ListKeywords = true; break;
                case "--list-app-layer-protos" or "--list-app-layer-protocols": found.ListProtocols = true; break;
                case "--folder": found.Folder = Value(); break;
                case "--threads":
                    if (int.TryParse(Value(), System.Globalization.CultureInfo.InvariantCulture, out int threads)) found.Threads = Math.Clamp(threads, 1, 64);
                    break;
                case "--runmode": Value(); break;
                case "-F": found.FilterFile = Value(); break;
                case "--data-dir": found.DataFolder = Value(); break;
                case "--pidfile" or "--user" or "--group": Value(); break;
                case "-D" or "-v" or "-vv" or "-vvv" or "-q" or "--strict-rule-keywords" or "--no-random" or "--pcap-file-delete" or "--pcap-file-continuous" or "--disable-hashing" or "--engine-analysis":
                    found.Notes.Add($"{arg} has no effect");
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
        return found;
    }
}
