using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Kernel.Outbox;

namespace Appliance.Integration.Access;

/// <summary>A body for any endpoint, made from what its handler takes: every member filled with something of its kind, every id with the id that is aimed at.</summary>
internal static class Bodies
{
    /// <summary>The JSON for <paramref name="endpoint"/>, aimed at <paramref name="id"/>.</summary>
    public static string For(EndpointRegistration endpoint, string id)
    {
        var body = endpoint.Handler.Method.GetParameters().Select(p => p.ParameterType).FirstOrDefault(t => IsBody(t));
        return (body is null ? new JsonObject() : Value(body, id, 0))?.ToJsonString() ?? "{}";
    }

    private static bool IsBody(Type type) =>
        type is { IsClass: true, IsAbstract: false } && type != typeof(string) && type != typeof(Viewer) && type.Namespace?.StartsWith("Appliance", StringComparison.Ordinal) == true
        && !type.GetInterfaces().Any(i => i.Name == "IHandler") && type.GetMethod("<Clone>$") is not null;

    private static JsonNode? Value(Type type, string id, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return "x";
        if (type == typeof(bool))
            return true;
        if (type == typeof(Guid) || (type.IsValueType && type.GetProperty("Value")?.PropertyType == typeof(Guid)))
            return Guid.TryParse(id, out _) ? id : Guid.Empty.ToString();
        if (type.IsEnum)
            return JsonNode.Parse(JsonSerializer.Serialize(Enum.GetValues(type).GetValue(0), type, OutboxJson.Options));
        if (type.IsPrimitive)
            return 1;
        if (type == typeof(DateTimeOffset))
            return "2026-11-20T10:00:00Z";
        if (type.IsGenericType && type.GetInterfaces().Append(type).Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>)))
            return type.GetGenericArguments().Length == 1 ? new JsonArray(Value(type.GetGenericArguments()[0], id, depth + 1)) : new JsonObject();
        if (type.IsArray)
            return new JsonArray(Value(type.GetElementType()!, id, depth + 1));
        if (depth > 4 || type.Namespace?.StartsWith("Appliance", StringComparison.Ordinal) != true)
            return null;
        var made = new JsonObject();
        foreach (var property in type.GetProperties().Where(p => p.CanWrite))
            made[JsonNamingPolicy.CamelCase.ConvertName(property.Name)] = Value(property.PropertyType, id, depth + 1);
        return made;
    }
}
