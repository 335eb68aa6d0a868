using Appliance.Contracts;
using Appliance.Host.Api;

namespace Appliance.Host.Web;

/// <summary>Answers those who are not signed in or may not: problem+json to programs, the log-in page or a drawn refusal to people.</summary>
internal static class Challenge
{
    public static async Task AnswerAsync(HttpContext context)
    {
        if (IsProgram(context))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer, Basic realm=\"cirt\", charset=\"UTF-8\"";
            await Problems.WriteAsync(context, 401, Refuse.Forbidden("kernel.refused.sign-in"));
            return;
        }
        var target = context.Request.Path + context.Request.QueryString;
        context.Response.Redirect($"/login?next={Uri.EscapeDataString(target)}");
    }

    /// <summary>People are led to where they get a second factor; programs are told.</summary>
    public static Task EnrolAsync(HttpContext context)
    {
        if (IsProgram(context))
            return Problems.WriteAsync(context, 403, Refuse.Forbidden("kernel.factor.needed"));
        context.Response.Redirect("/account?tab=factor");
        return Task.CompletedTask;
    }

    public static Task ForbidAsync(HttpContext context, Permission? permission) =>
        Problems.WriteAsync(context, 403, Refuse.Forbidden("kernel.refused.permission", permission?.Id ?? "-"));

    /// <summary>True when a browser asks for a page.</summary>
    public static bool IsPerson(HttpContext context) => !IsProgram(context);

    private static bool IsProgram(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) ||
        context.Request.Path.StartsWithSegments("/taxii2", StringComparison.Ordinal) ||
        !context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
}
