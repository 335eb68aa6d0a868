using Appliance.Sensing.Engine.Runtime;
using Xunit;

namespace Appliance.Sensing.Tests.Engine;

/// <summary>Configuration files: what is understood, and what is refused by line.</summary>
public sealed class YamlTests
{
    private static YamlNode Read(string text) => YamlReader.Read(text.Replace("\r", "", StringComparison.Ordinal), "s.yaml");

    [Fact]
    public void Maps_lists_quotes_and_comments_are_read()
    {
        YamlNode root = Read("""
            %YAML 1.1
            ---
            # first
            vars:
              address-groups:
                HOME_NET: "[10.0.0.0/8,192.0.2.0/24]"   # ours
                OTHER: '!$HOME_NET'
              port-groups: { HTTP_PORTS: "80", SSH: [22, 2222] }
            outputs:
              - fast:
                  enabled: no
              - eve-log:
                  enabled: yes
                  types:
                    - alert
                    - http:
                        extended: yes
                    - dns
            rules: [ "a.rules",
                     b.rules, # the second
                     "c,d.rules" ]
            text: a value
              that goes on
            folded: >
              one
              two
            empty:
            long: "a
              b"
            """);
        Assert.Equal("[10.0.0.0/8,192.0.2.0/24]", root.Value("vars.address-groups.HOME_NET"));
        Assert.Equal("!$HOME_NET", root.Value("vars.address-groups.OTHER"));
        Assert.Equal("80", root.Value("vars.port-groups.HTTP_PORTS"));
        Assert.Equal("2222", root.Value("vars.port-groups.SSH.1"));
        Assert.Equal("no", root.Value("outputs.fast.enabled"));
        Assert.Equal("yes", root.Value("outputs.eve-log.types.http.extended"));
        Assert.Equal(3, root["outputs.eve-log.types"]!.Items!.Count);
        Assert.Equal(["a.rules", "b.rules", "c,d.rules"], root["rules"]!.Items!.Select(i => i.Text));
        Assert.Equal("a value that goes on", root.Value("text"));
        Assert.Equal("one two", root.Value("folded"));
        Assert.Null(root.Value("empty"));
        Assert.Equal("a b", root.Value("long"));
    }

    [Theory]
    [InlineData("a: [1, 2\nb: 3", 1)]
    [InlineData("a: \"open\nb: 3", 1)]
    [InlineData("a: 1\n   b: 2", 2)]
    [InlineData("a: 1\n\tb: 2", 2)]
    [InlineData("a: 1\nnothing of the kind", 2)]
    [InlineData("  a: 1\nb: 2", 2)]
    public void What_is_not_YAML_is_refused_by_line(string text, int line) =>
        Assert.StartsWith($"s.yaml:{line}: ", Assert.Throws<YamlException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Depth_is_bounded()
    {
        Assert.Throws<YamlException>(() => Read(string.Concat(Enumerable.Repeat("- ", 100_000)) + "a: b"));
        Assert.Throws<YamlException>(() => Read("a: " + new string('[', 100_000) + new string(']', 100_000)));
        Assert.Throws<YamlException>(() => Read(string.Concat(Enumerable.Range(0, 2000).Select(i => new string(' ', i) + "k:\n")) + new string(' ', 2000) + "x"));
    }

    [Fact]
    public void An_include_stands_where_it_is_written_also_inside_a_section()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "vars.yaml"), "HOME_NET: \"[192.0.2.0/24]\"\nEXTERNAL_NET: any\n");
        File.WriteAllText(Path.Combine(folder.Path, "more.yaml"), "stream:\n  memcap: 1mb\n  midstream: yes\n");
        string main = Path.Combine(folder.Path, "suricata.yaml");
        File.WriteAllText(main, "vars:\n  address-groups:\n    EXTERNAL_NET: none\n    include: vars.yaml\nstream:\n  memcap: 2mb\n  depth: 3\ninclude:\n  - more.yaml\n");
        YamlNode root = ConfigurationFile.Read(main);
        Assert.Equal("any", root.Value("vars.address-groups.EXTERNAL_NET"));
        Assert.Equal("1mb", root.Value("stream.memcap"));
        Assert.Equal("3", root.Value("stream.depth"));
        File.WriteAllText(Path.Combine(folder.Path, "more.yaml"), "include: suricata.yaml\n");
        Assert.Throws<YamlException>(() => ConfigurationFile.Read(main));
        File.Delete(Path.Combine(folder.Path, "more.yaml"));
        Assert.Throws<FileNotFoundException>(() => ConfigurationFile.Read(main));
    }

    [Fact]
    public void Unknown_keys_are_told_by_name_and_place_and_others_by_what_becomes_of_them()
    {
        YamlNode root = Read("stream:\n  memcap: 1mb\n  memkap: 1mb\naf-xdp:\n  - interface: eth0\noutputs:\n  - eve-log:\n      enabled: yes\n      tpyes: []\n  - fast:\n      enabled: yes\nnonsense: 1\n");
        var (unknown, idle, notWritten) = ConfigurationKeys.Sort(root);
        Assert.Equal(["stream.memkap:3", "outputs.eve-log.tpyes:9", "nonsense:12"], unknown.Select(k => $"{k.Path}:{k.Line}"));
        Assert.Equal(["af-xdp", "outputs.fast"], idle);
        Assert.Equal(["outputs.fast"], notWritten);
    }

    [Fact]
    public void Every_key_of_the_kits_configurations_is_known()
    {
        string? kit = Environment.GetEnvironmentVariable("APPLIANCE_CONFORMANCE");
        Assert.SkipWhen(string.IsNullOrEmpty(kit), "APPLIANCE_CONFORMANCE names no conformance kit");
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(kit, "sensing", "verify"), "*.yaml", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "test.yaml")];
        Assert.NotEmpty(files);
        Assert.All(files, f => Assert.Empty(ConfigurationKeys.Sort(YamlReader.Read(File.ReadAllText(f), f)).Unknown));
    }
}
