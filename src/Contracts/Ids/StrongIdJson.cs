using System.Text.Json;
using System.Text.Json.Serialization;

namespace Appliance.Contracts;

/// <summary>Writes a strong id as the plain string of its value, in facts, answers and property names alike.</summary>
public sealed class StrongIdJson : JsonConverterFactory
{
    /// <inheritdoc/>
    public override bool CanConvert(Type typeToConvert) => Create(typeToConvert) is not null;

    /// <inheritdoc/>
    public override JsonConverter? CreateConverter(Type typeToConvert, JsonSerializerOptions options) => Create(typeToConvert);

    private static JsonConverter? Create(Type type) =>
        type == typeof(UserId) ? new Of<UserId>(static v => new(v), static i => i.Value)
        : type == typeof(ConstituentId) ? new Of<ConstituentId>(static v => new(v), static i => i.Value)
        : type == typeof(AlertGroupId) ? new Of<AlertGroupId>(static v => new(v), static i => i.Value)
        : type == typeof(IncidentId) ? new Of<IncidentId>(static v => new(v), static i => i.Value)
        : type == typeof(AdvisoryId) ? new Of<AdvisoryId>(static v => new(v), static i => i.Value)
        : type == typeof(PeerId) ? new Of<PeerId>(static v => new(v), static i => i.Value)
        : type == typeof(MailId) ? new Of<MailId>(static v => new(v), static i => i.Value)
        : type == typeof(EventId) ? new Of<EventId>(static v => new(v), static i => i.Value)
        : null;

    private sealed class Of<T>(Func<Guid, T> make, Func<T, Guid> read) : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => make(reader.GetGuid());

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(read(value));

        public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Guid.TryParse(reader.GetString(), out var value) ? make(value) : throw new JsonException($"'{reader.GetString()}' is not an id");

        public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WritePropertyName(read(value).ToString());
    }
}
