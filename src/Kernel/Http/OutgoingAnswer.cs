namespace Appliance.Kernel.Http;

/// <summary>An answer whose body is read under the same limits of size and time. Dispose it.</summary>
public sealed class OutgoingAnswer : IAsyncDisposable
{
    private readonly long _most;
    private readonly CancellationTokenSource _clock;
    private readonly CancellationTokenSource _both;
    private readonly CancellationToken _caller;

    internal OutgoingAnswer(HttpResponseMessage response, Uri address, long most, CancellationTokenSource clock, CancellationTokenSource both, CancellationToken caller) =>
        (Response, Address, _most, _clock, _both, _caller) = (response, address, most, clock, both, caller);

    /// <summary>Status and headers. Read the body through this object only.</summary>
    public HttpResponseMessage Response { get; }

    /// <summary>Where the answer came from, after redirects.</summary>
    public Uri Address { get; }

    /// <summary>Reads the body in pieces.</summary>
    /// <exception cref="OutgoingTooLargeException">There is more than allowed.</exception>
    public async Task CopyToAsync(Stream target)
    {
        if (Response.Content.Headers.ContentLength > _most)
            throw TooLarge();
        try
        {
            await using var body = await Response.Content.ReadAsStreamAsync(_both.Token);
            var buffer = new byte[64 * 1024];
            long total = 0;
            int read;
            while ((read = await body.ReadAsync(buffer, _both.Token)) > 0)
            {
                if ((total += read) > _most)
                    throw TooLarge();
                await target.WriteAsync(buffer.AsMemory(0, read), _both.Token);
            }
        }
        catch (OperationCanceledException fault) when (_clock.IsCancellationRequested && !_caller.IsCancellationRequested)
        {
            throw new TimeoutException($"{Address.Host} did not send everything in time", fault);
        }
    }

    /// <summary>Reads the whole body into memory.</summary>
    public async Task<byte[]> ReadAllAsync()
    {
        using var memory = new MemoryStream();
        await CopyToAsync(memory);
        return memory.ToArray();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Response.Dispose();
        _both.Dispose();
        _clock.Dispose();
        return ValueTask.CompletedTask;
    }

    private OutgoingTooLargeException TooLarge() => new($"{Address.Host} sends more than {_most} bytes");
}
