using Appliance.Contracts;
using Appliance.Host.Api;
using Appliance.Kernel.Data;
using Appliance.Kernel.Disk;

namespace Appliance.Host.Web;

/// <summary>The last catch: logs the fault with its request, answers without a trace of it. A database that does not answer is 503, not 500.</summary>
internal sealed class FaultMiddleware(RequestDelegate next, ILogger<FaultMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (BadHttpRequestException fault)
        {
            if (context.Response.HasStarted)
                throw;
            await Problems.WriteAsync(context, fault.StatusCode, BodyFaults.RefusalOf(fault));
        }
        catch (IOException fault) when (FullDisk.Is(fault) && !context.Response.HasStarted)
        {
            HostLog.RequestFailed(log, context.Request.Method, context.Request.Path, fault);
            context.Response.Clear();
            await Problems.WriteAsync(context, StatusCodes.Status507InsufficientStorage, Refuse.Unavailable("kernel.refused.no-room"));
        }
        catch (Exception fault)
        {
            HostLog.RequestFailed(log, context.Request.Method, context.Request.Path, fault);
            if (context.Response.HasStarted)
                throw;
            context.Response.Clear();
            var database = DatabaseTrouble.Is(fault);
            await Problems.WriteAsync(
                context,
                database ? 503 : 500,
                database ? Refuse.Unavailable("kernel.refused.database") : new Refusal(RefusalKind.Unavailable, "kernel.refused.fault", null, context.TraceIdentifier));
        }
    }
}
