using System.Text.Json;
using Appliance.Sensing.Engine;
using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Rules;
using Appliance.Sensing.Engine.Runtime;

namespace Appliance.Fuzz.Targets;

/// <summary>The engine with its rules loaded once; each input meets a fresh worker. Every record must be JSON.</summary>
internal sealed partial class LoadedEngine : IDisposable
{
    private readonly RuleSet _rules;
    private readonly EngineSettings _settings;

    /// <param name="ruleFiles">Rules to load from files.</param>
    /// <param name="ruleText">More rules, one a line.</param>
    public LoadedEngine(IEnumerable<string> ruleFiles, string ruleText = "")
    {
        string more = Path.GetTempFileName();
        File.WriteAllText(more, ruleText);
        var variables = new RuleVariables();
        _rules = RuleLoading.Load(ruleFiles.Append(more).Select(f => (f, f)), variables, new Classification(), true);
        File.Delete(more);
        _settings = new EngineSettings
        {
            Flow = new FlowOptions { Buckets = 1024 },
            App = new AppLayerOptions { Disabled = [], Ja3 = true, Ja4 = true, Hassh = true, Files = new FileWishes { Md5 = true, Sha1 = true, Sha256 = true } },
            Eve = new EveOptions { CommunityId = true, Payload = true, PayloadPrintable = true, Packet = true, HttpBody = true, HttpBodyPrintable = true, Ethernet = true },
        };
        _settings = _settings with { Stream = _settings.Stream with { ChecksumValidation = false } };
    }

    public int Rules => _rules.Loaded;
    public int FailedRules => _rules.Faults.Count;

    /// <summary>Runs packets through a fresh worker and returns what came out, as features: kinds of records with their keys, events, counters by magnitude.</summary>
    public void Run(IEnumerable<RawPacket> packets, Features features)
    {
        using var sink = new JudgingSink(features);
        using var worker = new Worker(_settings, _rules, sink);
        foreach (RawPacket raw in packets) worker.Process(raw);
        worker.Finish();
        if (worker.Counters.Faults > 0) throw new InvalidOperationException($"the engine gave a packet up: {worker.FirstFault}");
        features.Count("parser errors", worker.Counters.App.ParserErrors);
        features.Count("gaps", worker.Counters.Stream.Gaps);
        features.Count("overlaps", worker.Counters.Stream.Overlaps);
        for (int i = 0; i < worker.Counters.App.Transactions.Length; i++) features.Count("transactions" + i, worker.Counters.App.Transactions[i]);
        for (int i = 0; i < worker.Counters.Decode.Events.Length; i++) features.Count("event" + i, worker.Counters.Decode.Events[i]);
    }

    public void Dispose() => _rules.Dispose();

    /// <summary>Reads each record as a reader of eve.json would and notes which keys it has.</summary>
    private sealed class JudgingSink(Features features) : IEveSink
    {
        public void Write(EveStream stream, ReadOnlySpan<byte> line)
        {
            var reader = new Utf8JsonReader(line);
            int path = 17;
            while (reader.Read())
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        path = reader.CurrentDepth * 31;
                        foreach (byte b in reader.ValueSpan) path = path * 31 + b;
                        features.Add(path);
                        break;
                    case JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                        features.Add(path * 7 + (int)reader.TokenType);
                        break;
                    case JsonTokenType.String or JsonTokenType.Number:
                        features.Add(path * 7 + (reader.ValueSpan.Length is var n && n == 0 ? 0 : int.Log2(n) + 1));
                        break;
                }
            if (line[^1] != (byte)'\n') throw new InvalidDataException("a record has no line end");
        }

        public void Flush() { }
        public void Dispose() { }
    }
}
