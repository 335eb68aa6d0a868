using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Appliance.Kernel.Outbox;

/// <summary>Writes addresses and networks as people do: <c>192.0.2.7</c>, <c>2001:db8::/32</c>.</summary>
internal sealed class AddressJson : JsonConverter<IPAddress>
{
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPAddress.TryParse(reader.GetString(), out var address) ? address : throw new JsonException("not an IP address");

    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <inheritdoc cref="AddressJson"/>
internal sealed class NetworkJson : JsonConverter<IPNetwork>
{
    public override IPNetwork Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPNetwork.TryParse(reader.GetString(), out var network) ? network : throw new JsonException("not a network prefix");

    public override void Write(Utf8JsonWriter writer, IPNetwork value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
