using System.Text.Json;
using System.Text.Json.Serialization;

namespace Appliance.Kernel.Outbox;

/// <summary>How facts and audit details are written as JSON.</summary>
public static class OutboxJson
{
    /// <summary>Web names, enums as words, nulls left out.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower), new AddressJson(), new NetworkJson() },
    };
}
