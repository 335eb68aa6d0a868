using System.Text;
using System.Text.Json;
using Appliance.Fuzz.Targets;
using Appliance.Sensing.Engine.AppLayer;
using Xunit;

namespace Appliance.Fuzz;

/// <summary>Each protocol's parser, by conversations that begin as real ones do and go on as nobody's do.</summary>
[Collection("one at a time")]
public sealed class ParserTests
{
    private const int Sample = 150, Long = 20_000;

    public static TheoryData<string> Protocols => [.. Corpus.Targets("protocols")];

    [Theory]
    [MemberData(nameof(Protocols))]
    public void Changed_conversations_are_survived(string protocol)
    {
        using var engine = new LoadedEngine([], EventRules.Text);
        List<byte[]> seeds = Corpus.Of(Path.Combine("protocols", protocol));
        Assert.NotEmpty(seeds);
        byte[][] words = [.. seeds.SelectMany(Words).Distinct(ByteComparer.Instance).Take(500)];
        Assert.Empty(new Campaign(protocol, seeds, Conversation.HeadLength) { Budget = Campaign.IsLong ? Long : Sample, Words = words }.Run((bytes, features) => engine.Run(Conversation.Packets(bytes), features)));
    }

    [Fact]
    public void Every_parser_has_a_corpus() =>
        Assert.Empty(ParserTable.Known.Select(p => p == AppProto.Http1 ? "http" : AppProtoNames.Name(p)).Except(Corpus.Targets("protocols")));

    /// <summary>Runs of letters and digits, which protocols steer by.</summary>
    private static IEnumerable<byte[]> Words(byte[] seed)
    {
        int start = -1;
        for (int i = 0; i <= seed.Length; i++)
        {
            bool letter = i < seed.Length && (char.IsAsciiLetterOrDigit((char)seed[i]) || seed[i] is (byte)'-' or (byte)'_');
            if (letter && start < 0) start = i;
            if (letter || start < 0) continue;
            if (i - start is >= 3 and <= 24) yield return seed[start..i];
            start = -1;
        }
    }

    private sealed class ByteComparer : IEqualityComparer<byte[]>
    {
        public static readonly ByteComparer Instance = new();
        public bool Equals(byte[]? a, byte[]? b) => a.AsSpan().SequenceEqual(b);
        public int GetHashCode(byte[] bytes) => Convert.ToHexString(bytes).GetHashCode(StringComparison.Ordinal);
    }

    /// <summary>Makes the corpus anew from the kit's captures when CIRT_FUZZ_CORPUS names where to: the shortest conversations of each protocol.</summary>
    [Fact]
    public void A_corpus_can_be_made_from_captures()
    {
        string? into = Environment.GetEnvironmentVariable("CIRT_FUZZ_CORPUS");
        Assert.SkipWhen(string.IsNullOrEmpty(into) || Captures.Kit == null, "CIRT_FUZZ_CORPUS names no folder, or APPLIANCE_CONFORMANCE no kit");
        using var engine = new LoadedEngine([]);
        var found = new Dictionary<string, List<byte[]>>();
        foreach (string path in Captures.Of(Captures.Kit))
        {
            if (new FileInfo(path).Length > 300_000) continue;
            byte[] capture = File.ReadAllBytes(path);
            foreach (var (protocol, conversation) in engine.Conversations([.. Captures.Read(capture).Select(Copy)]))
            {
                if (!found.TryGetValue(protocol, out List<byte[]>? list)) found[protocol] = list = [];
                list.Add(conversation);
            }
        }
        foreach (var (protocol, list) in found)
        {
            string folder = Path.Combine(into, protocol);
            Directory.CreateDirectory(folder);
            int number = 0;
            foreach (byte[] seed in list.Where(s => s.Length is > 20 and < 6000).DistinctBy(s => s.Length).OrderByDescending(s => s.Length).Take(60).Where((_, i) => i % 5 == 0)) File.WriteAllBytes(Path.Combine(folder, $"seed-{++number:D2}"), seed);
        }
    }

    private static Sensing.Engine.Capture.RawPacket Copy(Sensing.Engine.Capture.RawPacket raw) => raw with { Buffer = raw.Buffer.AsSpan(raw.Offset, raw.Length).ToArray(), Offset = 0 };
}
