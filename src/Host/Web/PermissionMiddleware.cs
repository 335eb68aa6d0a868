using Appliance.Contracts;
using Microsoft.AspNetCore.Components.Endpoints;

namespace Appliance.Host.Web;

/// <summary>Checks the declared permission of the endpoint before anything of it runs. No declaration means no answer.</summary>
internal sealed class PermissionMiddleware(RequestDelegate next)
{
    /// <summary>Where the viewer lies in <see cref="HttpContext.Items"/>.</summary>
    public const string ViewerItem = "viewer";

    public async Task InvokeAsync(HttpContext context, ICurrentViewer current)
    {
        var endpoint = context.GetEndpoint();
        // Routing's own answers to a wrong method or media type are no mapped endpoint and reach no handler.
        if (endpoint is not RouteEndpoint || DeclaredRights.IsPublic(endpoint))
        {
            await next(context);
            return;
        }
        var permission = DeclaredRights.Of(endpoint);
        var viewer = await current.FindAsync(context.RequestAborted);
        context.Items[ViewerItem] = viewer;
        if (viewer is null)
            await Challenge.AnswerAsync(context);
        else if (viewer.MustEnrol && !DeclaredRights.OpensForEnrolling(endpoint))
            await Challenge.EnrolAsync(context);
        // A peer is a program with a credential and no person who signed in.
        else if (permission is { } needed && ((needed == Permission.SignedIn && viewer.Peer is null) || viewer.May(needed) || viewer.MustEnrol))
            await next(context);
        else if (endpoint.Metadata.GetMetadata<ComponentTypeMetadata>() is not null)
        {
            // The page's guard draws the refusal in place; the page itself is never built.
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await next(context);
        }
        else
            await Challenge.ForbidAsync(context, permission);
    }
}
