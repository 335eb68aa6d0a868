namespace Appliance.Sensing.Engine.Detect.Prefilter;

/// <summary>The plain-code twin of Hyperscan: one caseless automaton; patterns that mind case are compared again where they end.</summary>
internal sealed class AhoCorasick : MultiMatcher
{
    private readonly byte[] _class = new byte[256];
    private readonly int _classes;
    private readonly int[] _next;        // state * classes + class → state
    private readonly int[] _output;      // state → first entry in the chain, or -1
    private readonly int[] _chain;       // entry → next entry of the same state, or -1
    private readonly int[] _entry;       // entry → pattern
    private readonly int[] _link;        // state → nearest suffix state with output, or 0
    private readonly byte[][] _exact;    // pattern → bytes when case counts

    public AhoCorasick(IReadOnlyList<SearchPattern> patterns)
    {
        PatternCount = patterns.Count;
        _exact = new byte[patterns.Count][];
        int classes = 1;
        foreach (SearchPattern pattern in patterns)
            foreach (byte b in pattern.Bytes)
            {
                byte lower = Lower(b);
                if (_class[lower] == 0 && classes < 256) _class[lower] = (byte)classes++;
            }
        for (int i = 'A'; i <= 'Z'; i++) _class[i] = _class[i | 0x20];
        _classes = classes;
        var trie = new List<int[]> { new int[classes] };
        var output = new List<int> { -1 };
        var chain = new List<int>();
        var entry = new List<int>();
        for (int p = 0; p < patterns.Count; p++)
        {
            int state = 0;
            foreach (byte b in patterns[p].Bytes)
            {
                int c = _class[b];
                if (trie[state][c] == 0)
                {
                    trie.Add(new int[classes]);
                    output.Add(-1);
                    trie[state][c] = trie.Count - 1;
                }
                state = trie[state][c];
            }
            chain.Add(output[state]);
            entry.Add(p);
            output[state] = chain.Count - 1;
            _exact[p] = patterns[p].NoCase ? [] : patterns[p].Bytes;
        }
        var fail = new int[trie.Count];
        _link = new int[trie.Count];
        var queue = new Queue<int>();
        for (int c = 0; c < classes; c++)
            if (trie[0][c] != 0) queue.Enqueue(trie[0][c]);
        while (queue.Count > 0)
        {
            int state = queue.Dequeue();
            _link[state] = output[fail[state]] >= 0 ? fail[state] : _link[fail[state]];
            for (int c = 0; c < classes; c++)
            {
                int target = trie[state][c];
                if (target != 0)
                {
                    fail[target] = trie[fail[state]][c];
                    queue.Enqueue(target);
                }
                else trie[state][c] = trie[fail[state]][c];
            }
        }
        _next = new int[trie.Count * classes];
        for (int s = 0; s < trie.Count; s++) trie[s].CopyTo(_next, s * classes);
        _output = [.. output];
        _chain = [.. chain];
        _entry = [.. entry];
    }

    private static byte Lower(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;

    public override void Prepare(SearchScratch scratch)
    {
        scratch.Ensure(PatternCount);
        if (scratch.Seen.Length * 64 < PatternCount) scratch.Seen = new ulong[(PatternCount + 63) / 64];
    }

    public override void Search(ReadOnlySpan<byte> bytes, SearchScratch scratch)
    {
        scratch.Count = 0;
        int state = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            state = _next[state * _classes + _class[bytes[i]]];
            for (int s = _output[state] >= 0 ? state : _link[state]; s != 0; s = _link[s])
                for (int e = _output[s]; e >= 0; e = _chain[e])
                {
                    int pattern = _entry[e];
                    ref ulong word = ref scratch.Seen[pattern >> 6];
                    ulong bit = 1UL << (pattern & 63);
                    if ((word & bit) != 0) continue;
                    byte[] exact = _exact[pattern];
                    if (exact.Length > 0 && !bytes.Slice(i + 1 - exact.Length, exact.Length).SequenceEqual(exact)) continue;
                    word |= bit;
                    scratch.Add((uint)pattern);
                }
        }
        foreach (uint id in scratch.Found) scratch.Seen[id >> 6] = 0;
    }
}
