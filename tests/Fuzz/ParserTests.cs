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

    public static TheoryData<string> Protocols => [.. Corpus.Protocols];

    [Theory]
    [MemberData(nameof(Protocols))]
    public void Changed_conversations_are_survived(string protocol)
    {
        using var engine = new LoadedEngine([], EventRules.Text);
        List<byte[]> seeds = [.. Corpus.Talks(protocol), .. KitConversations.Of(protocol)];
        byte[][] words = [.. seeds.SelectMany(Words).Distinct(ByteComparer.Instance).Take(500)];
        Assert.Empty(new Campaign(protocol, seeds, Conversation.HeadLength) { Budget = Campaign.IsLong ? Long : Sample, Words = words }.Run((bytes, features) => engine.Run(Conversation.Packets(bytes), features)));
    }

    [Fact]
    public void Every_parser_has_a_corpus() =>
        Assert.Empty(ParserTable.Known.Select(p => p == AppProto.Http1 ? "http" : AppProtoNames.Name(p)).Except(Corpus.Protocols));

    [Theory]
    [MemberData(nameof(Protocols))]
    public void Each_conversation_of_the_corpus_is_taken_for_what_it_is(string protocol)
    {
        using var engine = new LoadedEngine([]);
        Assert.All(Corpus.Talks(protocol), talk => Assert.Contains(protocol, engine.Conversations([.. Conversation.Packets(talk)]).Select(c => c.Protocol)));
    }

    [Fact]
    public void Conversations_of_the_kit_go_in_beside_the_own_ones()
    {
        Assert.SkipWhen(Captures.Kit == null, "APPLIANCE_CONFORMANCE names no conformance kit");
        Assert.All(["http", "dns", "tls", "smb", "smtp"], protocol => Assert.NotEmpty(KitConversations.Of(protocol)));
    }

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
}
