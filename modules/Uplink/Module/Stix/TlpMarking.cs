using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Appliance.Contracts;

namespace Appliance.Uplink.Stix;

/// <summary>The marking definitions of the Traffic Light Protocol: 2.0 written, 2.0 and 1.0 recognised by their published ids.</summary>
internal static class TlpMarking
{
    private const string Extension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

    private static readonly FrozenDictionary<Tlp, (string Id, string Name)> s_written = new Dictionary<Tlp, (string, string)>
    {
        [Tlp.Clear] = ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "clear"),
        [Tlp.Green] = ("marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green"),
        [Tlp.Amber] = ("marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber"),
        [Tlp.AmberStrict] = ("marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict"),
        [Tlp.Red] = ("marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "red"),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, Tlp> s_known = s_written
        .Select(w => KeyValuePair.Create(w.Value.Id, w.Key))
        .Concat(
        [
            // TLP 1.0, STIX 2.1 section 7.2.1.4. Its amber had no "organisation only" beside it.
            KeyValuePair.Create("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp.Clear),
            KeyValuePair.Create("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp.Green),
            KeyValuePair.Create("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", Tlp.Amber),
            KeyValuePair.Create("marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp.Red),
        ])
        .ToFrozenDictionary();

    /// <summary>The id that says <paramref name="tlp"/>.</summary>
    public static string IdOf(Tlp tlp) => s_written[tlp].Id;

    /// <summary>What a marking id says, whatever the peer's copy of the definition claims.</summary>
    public static bool TryRead(string id, out Tlp tlp) => s_known.TryGetValue(id, out tlp);

    /// <summary>The definition as an object of the bundle.</summary>
    public static JsonObject Definition(Tlp tlp) => new()
    {
        ["type"] = "marking-definition",
        ["spec_version"] = "2.1",
        ["id"] = s_written[tlp].Id,
        ["created"] = "2022-10-01T00:00:00.000Z",
        ["name"] = TlpLabel.Of(tlp),
        ["extensions"] = new JsonObject { [Extension] = new JsonObject { ["extension_type"] = "property-extension", ["tlp_2_0"] = s_written[tlp].Name } },
    };
}
