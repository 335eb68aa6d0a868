using System.Globalization;
using System.Text.Encodings.Web;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Host.Web;

/// <summary>What people see who ask for a page while the database does not answer: a page made without it, that asks again by itself.</summary>
internal sealed class Outage(RequestDelegate next, ILogger<Outage> log)
{
    private const int AgainSeconds = 5;

    public async Task InvokeAsync(HttpContext context, IText text)
    {
        try
        {
            await next(context);
        }
        catch (Exception fault) when (DatabaseTrouble.Is(fault) && Challenge.IsPerson(context) && !context.Response.HasStarted)
        {
            HostLog.PageWithoutDatabase(log, context.Request.Path, fault.Message);
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = AgainSeconds.ToString(CultureInfo.InvariantCulture);
            context.Response.Headers.CacheControl = "no-store";
            // Only what was read is asked for again by itself: a form is sent again by whoever sent it.
            if (HttpMethods.IsGet(context.Request.Method))
                context.Response.Headers["Refresh"] = AgainSeconds.ToString(CultureInfo.InvariantCulture);
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync(Page(text), context.RequestAborted);
        }
    }

    private static string Page(IText text)
    {
        var language = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;
        var (title, words) = (HtmlEncoder.Default.Encode(text["kernel.outage.title"]), HtmlEncoder.Default.Encode(text["kernel.alarm.database"]));
        var sheets = string.Concat(new[] { "tokens", "base", "shell", "parts" }.Select(s => $"""<link rel="stylesheet" href="/_content/Appliance.Ui/css/{s}.css">"""));
        return $"""
            <!DOCTYPE html>
            <html lang="{language}" dir="{(Languages.IsRightToLeft(language) ? "rtl" : "ltr")}">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>{title}</title>{sheets}</head>
            <body><div class="public"><main id="main"><h1>{title}</h1><p class="alarm" role="alert"><span>{words}</span></p></main></div></body>
            </html>
            """;
    }
}
