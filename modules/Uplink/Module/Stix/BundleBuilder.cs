using System.Text.Json.Nodes;
using Appliance.Contracts;

namespace Appliance.Uplink.Stix;

/// <summary>Says an incident or an advisory in STIX 2.1. Pure: the same draft gives the same bytes, on every run and every machine.</summary>
internal sealed class BundleBuilder(Node node, Draft draft)
{
    private readonly List<JsonObject> _objects = [];
    private readonly string _tlp = TlpMarking.IdOf(draft.Marking.Tlp);

    /// <summary>Id of the incident or report that <paramref name="name"/> becomes.</summary>
    public static string MainId(Node node, string kind, string name) => StixId.Of(kind == "incident" ? "incident" : "report", node.Id, name);

    /// <summary>The objects, the main one last: a reader who has it has all.</summary>
    public IReadOnlyList<JsonObject> Build()
    {
        _objects.Add(TlpMarking.Definition(draft.Marking.Tlp));
        if (draft.Marking.Tlp != Tlp.Clear)
            _objects.Add(TlpMarking.Definition(Tlp.Clear));
        _objects.Add(node.Identity());
        _objects.Add(CaseExtension.Author());
        _objects.Add(CaseExtension.Definition());
        var (refs, observed, indicators) = Traces();
        if (draft.Kind == "incident")
            Incident(observed, indicators);
        else
            Report(refs);
        return _objects;
    }

    private (List<string> Refs, List<string> Observed, List<string> Indicators) Traces()
    {
        List<string> refs = [], observed = [], indicators = [];
        foreach (var trace in draft.Traces)
        {
            if (trace.ObjectType == "vulnerability")
            {
                refs.Add(Add("vulnerability", trace.Display, o =>
                {
                    o["name"] = trace.Value.DeepClone();
                    o["external_references"] = new JsonArray(new JsonObject { ["source_name"] = "cve", ["external_id"] = trace.Value.DeepClone() });
                }));
                continue;
            }
            var seen = trace.Object(draft.Marking.Tlp);
            var id = (string)seen["id"]!;
            _objects.Add(seen);
            observed.Add(id);
            refs.Add(id);
            if (!trace.IsIndicator)
                continue;
            var indicator = Add("indicator", $"{trace.ObjectType}/{trace.Property}/{(string)trace.Value!}", o =>
            {
                o["name"] = trace.Display;
                o["indicator_types"] = new JsonArray("malicious-activity");
                o["pattern"] = trace.Pattern();
                o["pattern_type"] = "stix";
                o["pattern_version"] = "2.1";
                o["valid_from"] = StixTime.Stix(draft.FirstSeen ?? draft.Created);
            });
            indicators.Add(indicator);
            refs.Add(indicator);
            Add("relationship", $"based-on/{indicator}/{id}", o =>
            {
                o["relationship_type"] = "based-on";
                o["source_ref"] = indicator;
                o["target_ref"] = id;
            });
        }
        return (refs, observed, indicators);
    }

    private void Incident(List<string> observed, List<string> indicators)
    {
        var main = MainId(node, draft.Kind, draft.Name);
        if (observed.Count > 0)
        {
            var first = StixTime.Stix(draft.FirstSeen ?? draft.Created);
            var data = Add("observed-data", "seen", o =>
            {
                o["first_observed"] = first;
                o["last_observed"] = StixTime.Stix(draft.FirstSeen > draft.Modified ? draft.FirstSeen.Value : draft.Modified);
                o["number_observed"] = 1;
                o["object_refs"] = Array(observed);
            });
            foreach (var indicator in indicators)
            {
                Add("sighting", indicator, o =>
                {
                    o["sighting_of_ref"] = indicator;
                    o["observed_data_refs"] = new JsonArray(data);
                    o["where_sighted_refs"] = new JsonArray(node.IdentityId);
                });
                Add("relationship", $"related-to/{indicator}", o =>
                {
                    o["relationship_type"] = "related-to";
                    o["source_ref"] = indicator;
                    o["target_ref"] = main;
                });
            }
        }
        Add("incident", "", o =>
        {
            Head(o);
            if (draft.Text.Length > 0)
                o["description"] = draft.Text;
        });
    }

    private void Report(List<string> refs) => Add("report", "", o =>
    {
        Head(o);
        o["description"] = draft.Text;
        o["report_types"] = new JsonArray(draft.Traces.Any(t => t.ObjectType == "vulnerability") ? "vulnerability" : "threat-report");
        o["published"] = StixTime.Stix(draft.Modified);
        // A report may not be without objects (STIX 2.1, section 4.16): one that names nothing technical points at its author.
        o["object_refs"] = Array(refs.Count > 0 ? refs : [node.IdentityId]);
    });

    private void Head(JsonObject o)
    {
        o["name"] = draft.Marking.Exercise ? $"[EXERCISE] {draft.Title}" : draft.Title;
        if (draft.Language.Length > 0)
            o["lang"] = draft.Language;
        if (draft.Marking.Exercise)
            o["labels"] = new JsonArray("exercise");
        o["external_references"] = new JsonArray(new JsonObject { ["source_name"] = node.Name, ["external_id"] = draft.Number });
        o["extensions"] = new JsonObject { [CaseExtension.Id] = CaseExtension.Of(draft) };
    }

    private string Add(string type, string name, Action<JsonObject> fill)
    {
        var id = name.Length == 0 ? MainId(node, draft.Kind, draft.Name) : StixId.Of(type, node.Id, $"{draft.Name}/{name}");
        var result = new JsonObject
        {
            ["type"] = type,
            ["spec_version"] = "2.1",
            ["id"] = id,
            ["created_by_ref"] = node.IdentityId,
            ["created"] = StixTime.Stix(draft.Created),
            ["modified"] = StixTime.Stix(draft.Modified),
            ["object_marking_refs"] = new JsonArray(_tlp),
        };
        fill(result);
        _objects.Add(result);
        return id;
    }

    private static JsonArray Array(IEnumerable<string> ids) => [.. ids.Distinct().Select(i => (JsonNode)i)];
}
