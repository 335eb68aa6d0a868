using Appliance.Contracts;
using Microsoft.AspNetCore.Authorization;

namespace Appliance.Host.Web;

/// <summary>Marks an endpoint with the right it needs.</summary>
/// <param name="Permission">The right.</param>
internal sealed record NeedsPermission(Permission Permission);

/// <summary>Marks an endpoint that answers without log-in.</summary>
/// <param name="Reason">Why.</param>
internal sealed record AnswersEveryone(string Reason);

/// <summary>Reads the right an endpoint declares, and refuses to start while one declares none.</summary>
internal static class DeclaredRights
{
    public static bool IsPublic(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<AnswersEveryone>() is not null ||
        endpoint.Metadata.GetMetadata<PublicPageAttribute>() is not null ||
        endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null ||
        IsStaticAssetFallback(endpoint);

    public static Permission? Of(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<NeedsPermission>()?.Permission
        ?? (endpoint.Metadata.GetMetadata<PermissionAttribute>() is { } page ? new Permission(page.Id) : null);

    /// <summary>True for what also answers those who must first get a second factor.</summary>
    public static bool OpensForEnrolling(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<NeedsPermission>()?.Permission == Permission.Enrolling || endpoint.Metadata.GetMetadata<PermissionAttribute>() is { Enrolling: true };

    /// <summary>When run from a build folder, the framework serves assets made since through one catch-all that takes no metadata.</summary>
    private static bool IsStaticAssetFallback(Endpoint endpoint) =>
        endpoint is RouteEndpoint { RoutePattern.RawText: "{**path:file}", Order: int.MaxValue };

    /// <summary>Throws when any mapped endpoint has neither a permission nor a reason to be public.</summary>
    public static void Demand(IEndpointRouteBuilder app)
    {
        var undeclared = app.DataSources
            .SelectMany(s => s.Endpoints)
            .Where(e => !IsPublic(e) && Of(e) is null)
            .Select(e => e.DisplayName ?? e.ToString())
            .Distinct()
            .ToList();
        if (undeclared.Count > 0)
            throw new InvalidOperationException($"endpoints without a declared permission: {string.Join(", ", undeclared)}");
    }
}
