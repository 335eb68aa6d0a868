using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Detect.Groups;
using Appliance.Sensing.Engine.Detect.Kept;
using Appliance.Sensing.Engine.Detect.Prefilter;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>A rule set as an earlier start has kept it: where each rule is filed is read, the rules themselves only when they are asked for.</summary>
internal sealed partial class RuleSet
{
    private readonly KeptTexts? _texts;

    /// <summary>As <see cref="Write"/> has put it.</summary>
    /// <exception cref="InvalidDataException">It cannot be what was written, or its compiled patterns are gone.</exception>
    public RuleSet(KeptReader from, KeptTexts texts, NameTable names, PatternCache patterns, RuleLoadOptions how)
    {
        _native = true;
        _texts = texts;
        Names = names;
        Datasets = how.Datasets;
        Reputation = how.Reputation;
        Skipped = (int)from.Number();
        Faults = [.. from.Each(() => new RuleFault(from.Text(), (int)from.Number(), (uint)from.Number(), from.Text(), from.Text()))];
        foreach (string name in from.Each(from.Text)) _ = names.Of(name);
        _sets = from.Each(() => AddressSet.Read(from));
        for (int i = 0; i < _sets.Length; i++) _sets[i].Id = i;
        texts.Sets = _sets;
        int count = texts.Read(from);
        Rules = new RuleTable(count, texts.RuleAt);
        HasPass = from.Flag();
        HasTags = from.Flag();
        HasHostTags = from.Flag();
        Files = new FileWishes { Md5 = from.Flag(), Sha1 = from.Flag(), Sha256 = from.Flag(), Magic = from.Flag() };
        StoresFiles = from.Flag();
        WantsJa3 = from.Flag();
        WantsJa4 = from.Flag();
        WantsHassh = from.Flag();
        _patterns = from.Text();
        // what such a rule means today is not what it meant then
        foreach (int place in from.Numbers(count)) _ = Rules[place];
        int engines = 0;
        _engines.AddRange(from.Each(() => ReadEngine(from, count, engines++)));
        for (int d = 0; d < 2; d++)
        {
            for (int c = 0; c < 4; c++)
            {
                Packet[c, d] = new PatternGroup(from, _engines);
                Plain[c, d] = new PlainRules(from, count, _sets.Length);
            }
            Stream[d] = new PatternGroup(from, _engines);
            App[d] = from.Each(() => from.Each(() => EngineAt(from)));
            AppRules[d] = from.Each(() => from.Numbers(count));
            if (App[d].Length != ProtocolCount || AppRules[d].Length != ProtocolCount) throw new InvalidDataException("the protocols are others");
        }
        AddressOnly = new PlainRules(from, count, _sets.Length);
        if (from.Flag())
        {
            FrameWishes = from.Each(from.Raw);
            Frames = from.Each(() => from.Each(() => from.Flag() ? from.Each(() => from.Flag() ? new FrameGroup(from, _engines, count) : null) : null));
        }
        if (!from.AtEnd) throw new InvalidDataException("there is more than was written");
        if (!patterns.TryTake(_patterns, _engines)) throw new InvalidDataException("its compiled patterns are not there");
        FromCache = patterns.Taken;
        Addresses = new AddressIndex(_sets);
    }

    /// <summary>Can it be kept? Only with all its compiled patterns.</summary>
    public bool CanBeKept => CacheFault == null && _engines.TrueForAll(e => e.Matcher is null or HyperscanMatcher);

    /// <param name="to">Takes all but the texts.</param>
    /// <param name="texts">Takes the texts.</param>
    /// <param name="files">The files in the order they were read.</param>
    public void Write(KeptWriter to, KeptTexts.Writer texts, List<string> files)
    {
        to.Number(Skipped);
        to.Each(Faults, f =>
        {
            to.Text(f.File);
            to.Number(f.Line);
            to.Number(f.Sid);
            to.Text(f.Keyword);
            to.Text(f.Reason);
        });
        to.Each(Names.All, to.Text);
        to.Each(_sets, s => s.Write(to));
        texts.Write(to, Rules);
        foreach (bool flag in (bool[])[HasPass, HasTags, HasHostTags, Files.Md5, Files.Sha1, Files.Sha256, Files.Magic, StoresFiles, WantsJa3, WantsJa4, WantsHassh]) to.Flag(flag);
        to.Text(_patterns ?? "");
        // as they were written, so that of two that name the same set the same one is the first
        to.Numbers([.. Rules.Where(r => r.LooksOutside).OrderBy(r => files.IndexOf(r.File)).ThenBy(r => r.Line).Select(r => r.Index)]);
        to.Each(_engines, e => WriteEngine(to, e));
        for (int d = 0; d < 2; d++)
        {
            for (int c = 0; c < 4; c++)
            {
                Packet[c, d].Write(to);
                Plain[c, d].Write(to);
            }
            Stream[d].Write(to);
            to.Each(App[d], engines => to.Each(engines, e => to.Number(e.Number)));
            to.Each(AppRules[d], to.Numbers);
        }
        AddressOnly.Write(to);
        to.Flag(Frames != null);
        if (Frames == null) return;
        to.Each(FrameWishes!, to.Raw);
        to.Each(Frames, protocols => to.Each(protocols, types =>
        {
            to.Flag(types != null);
            if (types != null)
                to.Each(types, group =>
                {
                    to.Flag(group != null);
                    group?.Write(to);
                });
        }));
    }

    private BufferEngine EngineAt(KeptReader from) => from.Place(_engines.Count) is >= 0 and var place ? _engines[place] : throw new InvalidDataException("an engine is missing");

    /// <summary>How a buffer is transformed is learned from a rule that asks for it.</summary>
    private BufferEngine ReadEngine(KeptReader from, int rules, int number)
    {
        int buffer = from.Place((int)BufferId.Max);
        int like = from.Place(rules);
        List<Transform> transforms = like < 0 ? [] : Rules[like].FastPart?.Transforms ?? throw new InvalidDataException("a rule has no part to search for");
        string key = from.Text();
        int[][] rulesOf = from.Each(() => from.Numbers(rules));
        return new BufferEngine(BufferTable.Of((BufferId)buffer), transforms) { Number = number, Key = key.Length > 0 ? key : null, RulesOf = rulesOf };
    }

    private void WriteEngine(KeptWriter to, BufferEngine engine)
    {
        to.Number((int)engine.Buffer.Id);
        to.Number(engine.Transforms.Count == 0 ? -1 : engine.RulesOf.SelectMany(r => r).First(r => Rules[r].FastPart is { } part && part.Transforms.SequenceEqual(engine.Transforms)));
        to.Text(engine.Key ?? "");
        to.Each(engine.RulesOf, to.Numbers);
    }
}
