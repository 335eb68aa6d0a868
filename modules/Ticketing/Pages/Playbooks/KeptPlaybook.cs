using System.Text.Json;
using Appliance.Ticketing.Playbooks;

namespace Appliance.Ticketing.Pages.Playbooks;

/// <summary>A playbook as its writer left it.</summary>
/// <param name="Version">The version that the writing began from: whoever saved another meanwhile is not written over.</param>
/// <param name="Fields">What was written.</param>
internal sealed record KeptPlaybook(int Version, PlaybookFields Fields)
{
    /// <summary>As it is kept.</summary>
    public static string Of(PlaybookWriting writing) => JsonSerializer.Serialize(new KeptPlaybook(writing.Version, writing.Fields()));

    /// <summary>Null for what another release kept in another shape: the writing then begins anew.</summary>
    public static KeptPlaybook? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<KeptPlaybook>(text) is { Fields: not null } draft ? draft : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
