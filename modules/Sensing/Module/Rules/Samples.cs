using System.Text;

namespace Appliance.Sensing.Rules;

/// <summary>What the product carries with it: starter rules, and the capture of the self-test.</summary>
internal static class Samples
{
    private const string Prefix = "Appliance.Sensing.Samples.";

    /// <summary>The bundled rules and their configuration files.</summary>
    public static IReadOnlyList<RuleFile> Rules()
    {
        var files = new List<RuleFile>();
        foreach (var name in Names())
        {
            var file = name[Prefix.Length..];
            var kind = file switch { "classification.config" => "classification", "reference.config" => "reference", _ when file.EndsWith(".rules", StringComparison.Ordinal) => "rules", _ => null };
            if (kind is null)
                continue;
            using var reader = new StreamReader(typeof(Samples).Assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
            files.Add(new(file, kind, reader.ReadToEnd()));
        }
        return files;
    }

    /// <summary>The capture of the self-test with its name, or null in a build without one.</summary>
    public static (string Name, Stream Content)? Capture()
    {
        var name = Names().FirstOrDefault(static n => n.EndsWith(".pcap", StringComparison.Ordinal) || n.EndsWith(".pcapng", StringComparison.Ordinal));
        return name is null ? null : (name[Prefix.Length..], typeof(Samples).Assembly.GetManifestResourceStream(name)!);
    }

    private static IEnumerable<string> Names() =>
        typeof(Samples).Assembly.GetManifestResourceNames().Where(static n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
