using System.Collections.Concurrent;
using System.Globalization;
using Appliance.Contracts;
using Appliance.Host.Web;
using Appliance.Kernel;
using Appliance.Kernel.Identity;

namespace Appliance.Host.Api;

/// <summary>How often one credential may ask the API in a minute, and the headers that say so. A program that runs wild slows itself down, not the others.</summary>
internal sealed class CredentialLimit(KernelOptions options, TimeProvider time)
{
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<string, Window> _windows = new();

    /// <summary>Counts one request.</summary>
    public (int Limit, int Left, int ResetSeconds, bool Allowed) Take(string credential)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var minute = now / 60;
        var limit = options.Api.RequestsPerMinute;
        if (_windows.Count > Most)
            foreach (var (key, old) in _windows)
                if (old.Minute < minute)
                    _windows.TryRemove(key, out _);
        var window = _windows.AddOrUpdate(credential, _ => new(minute, 1), (_, known) => known.Minute == minute ? known with { Count = known.Count + 1 } : new(minute, 1));
        return (limit, Math.Max(0, limit - window.Count), (int)(60 - now % 60), window.Count <= limit);
    }

    private sealed record Window(long Minute, int Count);

    /// <summary>Stands before the endpoints of programs.</summary>
    internal sealed class Middleware(RequestDelegate next, CredentialLimit limit)
    {
        public async Task InvokeAsync(HttpContext context)
        {
            if (!IsApi(context) || CredentialOf(context) is not { } credential)
            {
                await next(context);
                return;
            }
            var (most, left, reset, allowed) = limit.Take(credential);
            var headers = context.Response.Headers;
            headers["RateLimit-Limit"] = most.ToString(CultureInfo.InvariantCulture);
            headers["RateLimit-Remaining"] = left.ToString(CultureInfo.InvariantCulture);
            headers["RateLimit-Reset"] = reset.ToString(CultureInfo.InvariantCulture);
            if (allowed)
            {
                await next(context);
                return;
            }
            headers.RetryAfter = reset.ToString(CultureInfo.InvariantCulture);
            await Problems.WriteAsync(context, StatusCodes.Status429TooManyRequests, Refuse.Unavailable("kernel.refused.often", reset));
        }

        private static bool IsApi(HttpContext context) =>
            context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/taxii2", StringComparison.Ordinal);

        private static string? CredentialOf(HttpContext context) =>
            Schemes.TokenOf(context.User) is { } token ? $"token {token}" : context.Items[PermissionMiddleware.ViewerItem] is Viewer viewer ? $"person {viewer.Id}" : null;
    }
}
