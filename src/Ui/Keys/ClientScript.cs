using Microsoft.JSInterop;

namespace Appliance.Ui;

/// <summary>The script modules of this library, loaded when first needed. A circuit that is gone is no fault: calls then answer nothing.</summary>
public sealed class ClientScript(IJSRuntime js) : IAsyncDisposable
{
    private readonly Dictionary<string, Task<IJSObjectReference>> _modules = [];

    /// <summary>Calls <paramref name="function"/> of <c>js/{module}.js</c>.</summary>
    public async ValueTask CallAsync(string module, string function, params object?[] arguments)
    {
        try
        {
            await (await ModuleAsync(module)).InvokeVoidAsync(function, arguments);
        }
        catch (JSDisconnectedException)
        {
            // The browser has left; there is nobody to show anything to.
            _modules.Clear();
        }
    }

    /// <summary>Calls <paramref name="function"/> of <c>js/{module}.js</c> and answers its result, or the default when the browser has left.</summary>
    public async ValueTask<T?> AskAsync<T>(string module, string function, params object?[] arguments)
    {
        try
        {
            return await (await ModuleAsync(module)).InvokeAsync<T>(function, arguments);
        }
        catch (JSDisconnectedException)
        {
            _modules.Clear();
            return default;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var loading in _modules.Values.Where(m => m.IsCompletedSuccessfully))
        {
            try
            {
                await (await loading).DisposeAsync();
            }
            catch (JSDisconnectedException)
            {
                return;
            }
        }
    }

    private Task<IJSObjectReference> ModuleAsync(string module)
    {
        if (!_modules.TryGetValue(module, out var loading) || loading.IsFaulted)
            _modules[module] = loading = js.InvokeAsync<IJSObjectReference>("import", $"/_content/Appliance.Ui/js/{module}.js").AsTask();
        return loading;
    }
}
