using System.Security.Cryptography;
using System.Text;
using Appliance.Contracts;
using Appliance.Host.Web;
using Appliance.Kernel.Api;

namespace Appliance.Host.Api;

/// <summary>POST under <c>/api/</c> with <c>Idempotency-Key</c>: done once, and the answer given again to whoever sends the same again within two days.</summary>
internal sealed class Idempotency(RequestDelegate next)
{
    public const string Header = "Idempotency-Key";

    private const int MostBytes = 1024 * 1024;

    public async Task InvokeAsync(HttpContext context, KeptAnswers kept)
    {
        var request = context.Request;
        if (!HttpMethods.IsPost(request.Method) || !request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
            || request.Headers[Header].ToString() is not { Length: > 0 } key || context.Items[PermissionMiddleware.ViewerItem] is not Viewer viewer)
        {
            await next(context);
            return;
        }
        if (key.Length > 200 || key.Any(c => c is <= ' ' or > '~'))
        {
            await Problems.WriteAsync(context, 400, Refuse.Invalid("kernel.idempotency.key", Header));
            return;
        }
        if (await HashAsync(request, context.RequestAborted) is not { } hash)
        {
            await Problems.WriteAsync(context, 413, Refuse.Invalid("kernel.idempotency.large", null, MostBytes / 1024));
            return;
        }
        var (state, answer) = await kept.BeginAsync(viewer, key, hash, context.RequestAborted);
        switch (state)
        {
            case KeptState.Fresh:
                await AnswerAsync(context, kept, viewer, key);
                break;
            case KeptState.Answered:
                await AgainAsync(context, answer!);
                break;
            case KeptState.OtherRequest:
                await Problems.WriteAsync(context, 422, Refuse.Invalid("kernel.idempotency.other", Header));
                break;
            default:
                await Problems.WriteAsync(context, 409, Refuse.Conflict(state == KeptState.Running ? "kernel.idempotency.running" : "kernel.idempotency.unknown"));
                break;
        }
    }

    /// <summary>Lets the handler answer into memory, keeps what it said, then sends it.</summary>
    private async Task AnswerAsync(HttpContext context, KeptAnswers kept, Viewer viewer, string key)
    {
        var (response, wire) = (context.Response, context.Response.Body);
        using var memory = new MemoryStream();
        response.Body = memory;
        try
        {
            await next(context);
        }
        catch
        {
            response.Body = wire;
            await kept.ForgetAsync(viewer, key, CancellationToken.None);
            throw;
        }
        response.Body = wire;
        // Written even when the asker hung up: that is who asks again.
        if (response.StatusCode >= 500 || memory.Length > MostBytes)
            await kept.ForgetAsync(viewer, key, CancellationToken.None);
        else
            await kept.KeepAsync(viewer, key, new(response.StatusCode, response.ContentType, response.Headers.Location.ToString(), response.Headers.ETag.ToString(), memory.ToArray()), CancellationToken.None);
        memory.Position = 0;
        await memory.CopyToAsync(wire, context.RequestAborted);
    }

    private static async Task AgainAsync(HttpContext context, KeptAnswer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        response.Headers["Idempotent-Replayed"] = "true";
        if (answer.Location is { Length: > 0 } location)
            response.Headers.Location = location;
        if (answer.Tag is { Length: > 0 } tag)
            response.Headers.ETag = tag;
        if (answer.Status != StatusCodes.Status204NoContent)
            await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    /// <summary>The hash of method, address and body; null where the body is too large to be kept apart.</summary>
    private static async Task<byte[]?> HashAsync(HttpRequest request, CancellationToken cancel)
    {
        if (request.ContentLength > MostBytes)
            return null;
        request.EnableBuffering(MostBytes);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Path}{request.QueryString}\n{request.ContentType}\n"));
        var buffer = new byte[64 * 1024];
        var (total, read) = (0, 0);
        while ((read = await request.Body.ReadAsync(buffer, cancel)) > 0)
        {
            if ((total += read) > MostBytes)
                return null;
            hash.AppendData(buffer.AsSpan(0, read));
        }
        request.Body.Position = 0;
        return hash.GetHashAndReset();
    }
}
