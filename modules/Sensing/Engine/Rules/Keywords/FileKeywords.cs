using System.Text;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect.Keywords;
using Appliance.Sensing.Engine.Memory;

namespace Appliance.Sensing.Engine.Rules.Keywords;

internal enum FileTestKind : byte { Name, Extension, Magic, Size, Md5, Sha1, Sha256 }

/// <summary>One thing asked of a file.</summary>
internal sealed class FileTest
{
    public FileTestKind Kind;
    public bool Negated;
    public byte[] Pattern = [];      // lower case
    public HashSet<string>? Digests;
    public Comparison Compare;
    public long Value, Value2;

    public TestOutcome Check(AppFile file)
    {
        bool open = file.State == FileState.Open;
        switch (Kind)
        {
            case FileTestKind.Name:
                return Judge(Bytes.IndexOfNoCase(file.Name, Pattern) >= 0);
            case FileTestKind.Extension:
                return Judge(file.Name.Length >= Pattern.Length && Bytes.IndexOfNoCase(file.Name.AsSpan(file.Name.Length - Pattern.Length), Pattern) == 0);
            case FileTestKind.Magic:
                if (!file.TryMagic(out ReadOnlySpan<byte> magic)) return open ? TestOutcome.Later : TestOutcome.No;
                return Judge(Bytes.IndexOfNoCase(magic, Pattern) >= 0);
            case FileTestKind.Size:
                if (!open) return Judge(Detect.ContentInspector.Compare(file.Size, Compare, Value, Value2));
                return Compare == Comparison.Greater && file.Size > Value ? TestOutcome.Yes : TestOutcome.Later;
            default:
                if (open) return TestOutcome.Later;
                string? digest = Kind switch { FileTestKind.Md5 => file.Md5, FileTestKind.Sha1 => file.Sha1, _ => file.Sha256 };
                return digest == null ? TestOutcome.No : Judge(Digests!.Contains(digest));
        }
    }

    private TestOutcome Judge(bool fits) => fits != Negated ? TestOutcome.Yes : TestOutcome.No;
}

internal enum StoreScope : byte { File, Transaction, Flow }

/// <summary>What a rule asks of files: all of it must hold for one file of the direction looked at.</summary>
internal sealed class FileTests : TransactionTest
{
    private static readonly AppProto[] Carriers = [AppProto.Http1, AppProto.Http2, AppProto.Smtp, AppProto.FtpData, AppProto.Smb, AppProto.Nfs];
    public readonly List<FileTest> All = [];
    public bool Stores;
    public StoreScope Scope;
    public bool StoresToServer = true, StoresToClient = true;

    public override AppProto[] Protocols => Carriers;

    public override TestOutcome Check(Transaction tx, Packet p, bool toServer, bool complete)
    {
        bool later = !complete;
        for (int i = 0; i < tx.Files.Count; i++)
        {
            AppFile file = tx.Files[i];
            if (file.ToServer != toServer) continue;
            TestOutcome outcome = Check(file);
            if (outcome == TestOutcome.Yes) return outcome;
            later |= outcome == TestOutcome.Later;
        }
        return later ? TestOutcome.Later : TestOutcome.No;
    }

    private TestOutcome Check(AppFile file)
    {
        bool later = false;
        foreach (FileTest test in All)
        {
            TestOutcome outcome = test.Check(file);
            if (outcome == TestOutcome.No) return outcome;
            later |= outcome == TestOutcome.Later;
        }
        return later ? TestOutcome.Later : TestOutcome.Yes;
    }

    /// <summary>The rule has matched: which files are to be kept?</summary>
    public void Mark(Flow.Flow flow, Transaction? tx, bool toServer)
    {
        if (!Stores) return;
        if (Scope == StoreScope.Flow)
        {
            flow.StoreFilesToServer |= StoresToServer;
            flow.StoreFilesToClient |= StoresToClient;
        }
        foreach (Transaction one in flow.App.Transactions)
        {
            if (tx != null && one != tx && Scope != StoreScope.Flow) continue;
            if (Scope != StoreScope.File)
            {
                one.StoreFilesToServer |= StoresToServer;
                one.StoreFilesToClient |= StoresToClient;
            }
            foreach (AppFile file in one.Files)
            {
                bool wanted = Scope == StoreScope.File ? file.ToServer == toServer && Check(file) == TestOutcome.Yes : true;
                if (wanted && (file.ToServer ? StoresToServer : StoresToClient)) file.Store = true;
            }
        }
    }
}

/// <summary>filename, fileext, filemagic, filesize, filemd5 and its sisters, filestore.</summary>
internal static class FileKeywords
{
    private static FileTests Of(RuleBuilder b)
    {
        FileTests? tests = b.Rule.Files;
        if (tests != null) return tests;
        b.Rule.Files = tests = new FileTests();
        b.Rule.Tests.Add(tests);
        return tests;
    }

    private static FileTest Add(RuleBuilder b, string keyword, ref string? value, FileTestKind kind)
    {
        string text = (value ?? "").Trim();
        if (text.Length == 0) throw new RuleException(keyword, "has no value");
        var test = new FileTest { Kind = kind };
        if (text[0] == '!')
        {
            test.Negated = true;
            text = text[1..].Trim();
        }
        value = RuleParser.Unquote(text);
        Of(b).All.Add(test);
        return test;
    }

    private static byte[] Lower(byte[] bytes) => Array.ConvertAll(bytes, Bytes.Lower);

    public static void Name(RuleBuilder b, string keyword, string? value)
    {
        FileTest test = Add(b, keyword, ref value, FileTestKind.Name);
        test.Pattern = Lower(Contents.Pattern(keyword, value!));
    }

    public static void Extension(RuleBuilder b, string keyword, string? value)
    {
        FileTest test = Add(b, keyword, ref value, FileTestKind.Extension);
        test.Pattern = Lower(Encoding.UTF8.GetBytes("." + value));
    }

    public static void Magic(RuleBuilder b, string keyword, string? value)
    {
        b.Rule.LooksOutside = true;
        if (!Detect.Keywords.Magic.Available) throw new RuleException(keyword, "the library libmagic is missing");
        FileTest test = Add(b, keyword, ref value, FileTestKind.Magic);
        test.Pattern = Lower(Contents.Pattern(keyword, value!));
    }

    public static void Size(RuleBuilder b, string keyword, string? value)
    {
        FileTest test = Add(b, keyword, ref value, FileTestKind.Size);
        // units as in the configuration: 100kb, 1MB
        string text = System.Text.RegularExpressions.Regex.Replace(value!.Trim(), "([0-9]+) *([kKmMgG][bB]?)", m => ((long)(Runtime.YamlNode.TrySize(m.Value, out long size) ? size : 0)).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Numbers.Compare(keyword, text, out test.Compare, out test.Value, out test.Value2);
    }

    public static void Digest(RuleBuilder b, string keyword, string? value)
    {
        FileTestKind kind = keyword switch { "filemd5" => FileTestKind.Md5, "filesha1" => FileTestKind.Sha1, _ => FileTestKind.Sha256 };
        FileTest test = Add(b, keyword, ref value, kind);
        b.Rule.LooksOutside = true;
        int digits = kind switch { FileTestKind.Md5 => 32, FileTestKind.Sha1 => 40, _ => 64 };
        string path = b.Parser.PathOf(value!, b.Rule.File);
        test.Digests = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            int number = 0;
            foreach (string line in File.ReadLines(path))
            {
                number++;
                string text = line.Trim();
                if (text.Length == 0 || text[0] == '#') continue;
                if (text.Length < digits || text.AsSpan(0, digits).ContainsAnyExcept("0123456789abcdefABCDEF")) throw new RuleException(keyword, $"{value}:{number}: not a digest of {digits} digits");
                test.Digests.Add(text[..digits]);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RuleException(keyword, $"the list {value} cannot be read: {e.Message}");
        }
    }

    public static void Store(RuleBuilder b, string keyword, string? value)
    {
        FileTests tests = Of(b);
        tests.Stores = true;
        string[] words = (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (string word in words)
            switch (word)
            {
                case "request" or "to_server": tests.StoresToClient = false; break;
                case "response" or "to_client": tests.StoresToServer = false; break;
                case "both": break;
                case "file": tests.Scope = StoreScope.File; break;
                case "tx": tests.Scope = StoreScope.Transaction; break;
                case "ssn" or "flow": tests.Scope = StoreScope.Flow; break;
                default: break; // the reference takes any other word and does without it
            }
    }
}
