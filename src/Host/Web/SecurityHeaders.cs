using System.Security.Cryptography;
using Appliance.Contracts;

namespace Appliance.Host.Web;

/// <summary>Headers of every response: content security policy with a nonce per response, no sniffing, no framing, no referrer.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    /// <summary>Where the nonce lies in <see cref="HttpContext.Items"/>.</summary>
    public const string NonceItem = "csp-nonce";

    public Task InvokeAsync(HttpContext context)
    {
        var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
        context.Items[NonceItem] = nonce;
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            "default-src 'none'; " +
            $"script-src 'self' 'nonce-{nonce}'; " +
            "style-src 'self'; " +
            "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; " +
            "base-uri 'self'; form-action 'self'; frame-ancestors 'none'; report-uri /csp-report";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // Not no-referrer: with it browsers send "Origin: null" with our own forms, which are then refused as foreign.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
        if (context.Request.IsHttps)
            headers.StrictTransportSecurity = "max-age=31536000";
        return next(context);
    }
}
