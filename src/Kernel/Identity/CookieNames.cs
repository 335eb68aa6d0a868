using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;

namespace Appliance.Kernel.Identity;

/// <summary>Over https cookies carry the <c>__Host-</c> prefix, which binds them to this host and to https; over http only the local trial gets any.</summary>
internal sealed class CookieNames(KernelOptions options) : ICookieManager
{
    private readonly ChunkingCookieManager _inner = new();

    public string? GetRequestCookie(HttpContext context, string key) => NameOf(context, key) is { } name ? _inner.GetRequestCookie(context, name) : null;

    public void AppendResponseCookie(HttpContext context, string key, string? value, CookieOptions cookie)
    {
        if (NameOf(context, key) is not { } name)
            throw new InvalidOperationException("a session was about to be opened over plain http from elsewhere");
        _inner.AppendResponseCookie(context, name, value, cookie);
    }

    public void DeleteCookie(HttpContext context, string key, CookieOptions cookie)
    {
        if (NameOf(context, key) is { } name)
            _inner.DeleteCookie(context, name, cookie);
    }

    /// <summary>True when this request may carry a session at all.</summary>
    public bool Allows(HttpContext context) =>
        context.Request.IsHttps || (options.PlainLoopback && context.Connection.RemoteIpAddress is { } from && System.Net.IPAddress.IsLoopback(from));

    private string? NameOf(HttpContext context, string key) =>
        context.Request.IsHttps ? $"__Host-{key}" : Allows(context) ? $"{key}-plain" : null;
}
