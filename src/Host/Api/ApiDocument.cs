using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Kernel.Outbox;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Appliance.Host.Api;

/// <summary>A body that an endpoint accepts.</summary>
/// <param name="Body">Written with the API's own JSON.</param>
internal sealed record RequestExample(object Body)
{
    public JsonNode Read() => JsonSerializer.SerializeToNode(Body, OutboxJson.Options)!;
}

/// <summary>What the API's document says beyond types: the right an operation needs, an example, the headers that all share.</summary>
internal static class ApiDocument
{
    public static Task CompleteAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<Web.NeedsPermission>().FirstOrDefault() is { } needs)
            operation.Description = $"Needs the right `{needs.Permission.Id}`.";
        if (metadata.OfType<RequestExample>().FirstOrDefault() is { } example && operation.RequestBody?.Content is { } content)
            foreach (var media in content.Values)
                media.Example = example.Read();
        if (context.Description.HttpMethod == "POST" && context.Description.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true)
            Add(operation, Idempotency.Header, "Up to 200 visible characters. The same request with the same key is done once and answered alike for two days; another request with it is refused (422).");
        if (context.Description.HttpMethod is "PUT" or "PATCH")
            Add(operation, "If-Match", "The ETag of the version you saw, instead of `version` in the body; 412 where somebody changed it meanwhile.");
        return Task.CompletedTask;
    }

    private static void Add(OpenApiOperation operation, string name, string text)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter { Name = name, In = ParameterLocation.Header, Description = text, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
    }
}
